// Every test inserts the same address and commits: without isolation, all but one fail.
import { expect, test } from "vitest";
import { database } from "./each-test.js";
import { join, members, one } from "./rows.js";

test.each([1, 2, 3, 4])("the first member is number one (%i)", async () => {
  expect(await members(database.one)).toBe(0);
  expect(await join(database.one)).toBe(1);
  expect(await members(database.two)).toBe(1);
});

test("an address is taken once", async () => {
  await join(database.one);
  await expect(join(database.two)).rejects.toMatchObject({ code: "23505" });
  expect(await join(database.two, "ben@example.org")).toBe(3);
  expect(await members(database.one)).toBe(2);
});

test("another connection waits for the first", async () => {
  await database.one.query("BEGIN");
  await join(database.one);
  await database.two.query("BEGIN; SET LOCAL lock_timeout = '50ms'");
  await expect(join(database.two)).rejects.toMatchObject({ code: "55P03" });
  await database.two.query("ROLLBACK");
  await database.one.query("COMMIT");
  expect(await members(database.two)).toBe(1);
});

test("half of a transaction can be taken back", async () => {
  await database.one.query("BEGIN");
  await join(database.one);
  await database.one.query("SAVEPOINT half");
  await join(database.one, "ben@example.org");
  await database.one.query("ROLLBACK TO half; COMMIT");
  expect(await one(database.two, "SELECT string_agg(email, ' ') FROM members")).toBe(
    "ada@example.org",
  );
});

test("many join at once", async () => {
  await join(database.one);
  await database.one.query(
    "INSERT INTO members (email, name) SELECT 'm' || n || '@example.org', 'M' FROM generate_series(1, 200) n",
  );
  expect(await members(database.two)).toBe(201);
});

test("what a test leaves open is closed", async () => {
  await database.one.query("BEGIN");
  await join(database.one);
  await database.two.query("BEGIN");
  await join(database.two, "ben@example.org");
});

test("reference data can be deleted", async () => {
  await join(database.one);
  await database.one.query("DELETE FROM currencies");
  expect(await one(database.two, "SELECT count(*) FROM currencies")).toBe("0");
});

test("reference data is there", async () => {
  await join(database.one);
  const codes = "SELECT string_agg(code, ' ' ORDER BY code) FROM currencies";
  expect(await one(database.two, codes)).toBe("CHF EUR USD");
});
