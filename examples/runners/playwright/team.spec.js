// Data that all tests of a file share: built once, committed, and there in every test,
// whatever the one before has done to it. The worker's next file begins without it.
import { expect, test } from "./each-test.js";
import { join, members, one } from "./rows.js";

const columns = (client) =>
  one(client, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'");

let before;

test.beforeAll(async ({ database }) => {
  before = await database.mark();
  for (const name of ["Cem", "Dee", "Eve"]) {
    await join(database.one, `${name.toLowerCase()}@example.org`, name);
  }
});

test.afterAll(async ({ database }) => {
  await database.rewind(before);
});

test.beforeEach(async ({ database }) => {
  const names = "SELECT string_agg(name, ' ' ORDER BY id) FROM members";
  expect(await one(database.one, names)).toBe("Cem Dee Eve");
  expect(await columns(database.two)).toBe("3");
});

test("one more joins", async ({ database }) => {
  expect(await join(database.one)).toBe(4);
  expect(await members(database.two)).toBe(4);
});

test("the schema changes", async ({ database }) => {
  await database.one.query("ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'");
  await database.one.query("DELETE FROM members WHERE name = 'Eve'");
  expect(await join(database.one)).toBe(4);
  expect(await columns(database.two)).toBe("4");
});

test("everybody leaves", async ({ database }) => {
  await database.one.query("DELETE FROM members");
  expect(await members(database.two)).toBe(0);
  expect(await join(database.two)).toBe(4);
});
