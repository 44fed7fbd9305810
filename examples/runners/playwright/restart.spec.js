// A test that fails the first time, with rows committed and a transaction open: its worker is
// ended, and the retry runs in another one.
import { expect, test } from "./each-test.js";
import { join, members } from "./rows.js";

let worker;

for (const turn of [1, 2]) {
  test(`a failure restarts the worker (${turn})`, async ({ database }, { retry, workerIndex, parallelIndex }) => {
    expect(worker, "the second attempt is in a new worker").toBeUndefined();
    worker = workerIndex;
    expect(await members(database.one)).toBe(0);
    expect(await join(database.one)).toBe(1);
    await database.two.query("BEGIN");
    await join(database.two, "ben@example.org");
    expect(retry, `worker ${workerIndex} at place ${parallelIndex} fails`).toBe(1);
    worker = undefined;
  });
}
