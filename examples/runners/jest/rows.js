// What the tests insert and ask.
async function one(client, sql, values) {
  const { rows } = await client.query(sql, values);
  return Object.values(rows[0])[0];
}

const join = async (client, email = "ada@example.org", name = "Ada") =>
  Number(
    await one(client, "INSERT INTO members (email, name) VALUES ($1, $2) RETURNING id", [email, name]),
  );

const openAccount = async (client, member, balance) =>
  Number(
    await one(
      client,
      "INSERT INTO accounts (member_id, currency, balance) VALUES ($1, 'EUR', $2) RETURNING id",
      [member, balance],
    ),
  );

const transfer = (client, payer, payee, amount) =>
  client.query("INSERT INTO transfers (payer, payee, amount) VALUES ($1, $2, $3)", [
    payer,
    payee,
    amount,
  ]);

const members = async (client) => Number(await one(client, "SELECT count(*) FROM members"));

module.exports = { join, members, one, openAccount, transfer };
