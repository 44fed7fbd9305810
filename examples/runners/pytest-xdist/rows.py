"""What the tests insert and ask."""


def join(connection, email="ada@example.org", name="Ada"):
    insert = "INSERT INTO members (email, name) VALUES (%s, %s) RETURNING id"
    return connection.execute(insert, (email, name)).fetchone()[0]


def open_account(connection, member, balance, currency="EUR"):
    insert = "INSERT INTO accounts (member_id, currency, balance) VALUES (%s, %s, %s) RETURNING id"
    return connection.execute(insert, (member, currency, balance)).fetchone()[0]


def transfer(connection, payer, payee, amount):
    insert = "INSERT INTO transfers (payer, payee, amount) VALUES (%s, %s, %s)"
    connection.execute(insert, (payer, payee, amount))


def one(connection, sql):
    value = connection.execute(sql).fetchone()[0]
    connection.rollback()
    return value


def members(connection):
    return one(connection, "SELECT count(*) FROM members")
