// Data that all tests of a file share: built once, committed, and there in every test,
// whatever the one before has done to it. The next file's lease begins without it.
const { join, members, one } = require("./rows");

const columns = (client) =>
  one(client, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'");

beforeAll(async () => {
  for (const name of ["Cem", "Dee", "Eve"]) {
    await join(database.one, `${name.toLowerCase()}@example.org`, name);
  }
});

beforeEach(async () => {
  const names = "SELECT string_agg(name, ' ' ORDER BY id) FROM members";
  expect(await one(database.one, names)).toBe("Cem Dee Eve");
  expect(await columns(database.two)).toBe("3");
});

test("one more joins", async () => {
  expect(await join(database.one)).toBe(4);
  expect(await members(database.two)).toBe(4);
});

test("the schema changes", async () => {
  await database.one.query("ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'");
  await database.one.query("DELETE FROM members WHERE name = 'Eve'");
  expect(await join(database.one)).toBe(4);
  expect(await columns(database.two)).toBe("4");
});

test("everybody leaves", async () => {
  await database.one.query("DELETE FROM members");
  expect(await members(database.two)).toBe(0);
  expect(await join(database.two)).toBe(4);
});
