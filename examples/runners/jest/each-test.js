// Jest gives each file fresh modules, so each file leases for its worker, and gets the slot
// that the worker had before. Before each test a mark, after it a rewind.
const path = require("node:path");
const { Lease } = require("./lease");

let mark;

const running = () => {
  const { testPath, currentTestName } = expect.getState();
  return `${path.basename(testPath)}: ${currentTestName}`;
};

beforeAll(async () => {
  global.database = await new Lease().acquire(process.env.JEST_WORKER_ID);
});

beforeEach(async () => {
  mark = await database.mark(running());
});

afterEach(async () => {
  await database.rewind(mark, running());
});

afterAll(async () => {
  await database.release();
});
