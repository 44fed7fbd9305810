// One lease for each worker; a mark before each test, a rewind after it. A failed test ends its
// worker: the next one has the same TEST_PARALLEL_INDEX, and gets the slot, clean.
import { test as base } from "@playwright/test";
import { Lease } from "./lease.js";

export { expect } from "@playwright/test";

export const test = base.extend({
  database: [
    async ({}, use) => {
      const database = await new Lease().acquire(process.env.TEST_PARALLEL_INDEX);
      await use(database);
      await database.release();
    },
    // With more workers than slots it waits.
    { scope: "worker", timeout: 600_000 },
  ],
  rewound: [
    async ({ database }, use, { titlePath }) => {
      const running = titlePath.join(": ");
      const mark = await database.mark(running);
      await use();
      await database.rewind(mark, running);
    },
    { auto: true },
  ],
});
