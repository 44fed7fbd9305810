// Vitest gives each file fresh modules, so each file leases for its worker, and gets the slot
// that the worker had before. Before each test a mark, after it a rewind.
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { Lease } from "./lease.js";

export const database = new Lease();

let mark;

const running = ({ task }) => `${task.file.name}: ${task.name}`;

beforeAll(async () => {
  await database.acquire(process.env.VITEST_POOL_ID);
});

beforeEach(async (context) => {
  mark = await database.mark(running(context));
});

afterEach(async (context) => {
  await database.rewind(mark, running(context));
});

afterAll(async () => {
  await database.release();
});
