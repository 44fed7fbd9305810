// A trigger writes another table; foreign keys, checks and TRUNCATE.
const { join, members, one, openAccount, transfer } = require("./rows");

async function twoAccounts() {
  expect(await members(database.one)).toBe(0);
  const ada = await join(database.one);
  const ben = await join(database.one, "ben@example.org", "Ben");
  const accounts = [await openAccount(database.one, ada, 100), await openAccount(database.one, ben, 0)];
  expect(accounts).toEqual([1, 2]);
  return accounts;
}

const balances = (client) =>
  one(client, "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM accounts");

test("money moves", async () => {
  await transfer(database.one, ...(await twoAccounts()), 30);
  expect(await balances(database.two)).toBe("70 30");
});

test("more than there is does not move", async () => {
  const accounts = await twoAccounts();
  await expect(transfer(database.one, ...accounts, 101)).rejects.toMatchObject({ code: "23514" });
  expect(await balances(database.two)).toBe("100 0");
});

test("two connections transfer at the same time", async () => {
  const accounts = await twoAccounts();
  for (let turn = 0; turn < 5; turn += 1) {
    await Promise.all([database.one, database.two].map((client) => transfer(client, ...accounts, 10)));
  }
  expect(await balances(database.one)).toBe("0 100");
});

test("members take their accounts with them", async () => {
  await twoAccounts();
  await database.two.query("DELETE FROM members WHERE name = 'Ada'");
  expect(await balances(database.one)).toBe("0");
});

test("everything can be truncated", async () => {
  await transfer(database.one, ...(await twoAccounts()), 1);
  await database.one.query("TRUNCATE members, accounts, transfers, currencies RESTART IDENTITY");
  expect(await members(database.two)).toBe(0);
});
