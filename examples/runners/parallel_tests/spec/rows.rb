# What the tests insert and ask.
module Rows
  def database
    RSpec.configuration.database
  end

  def join(connection, email = "ada@example.org", name = "Ada")
    insert = "INSERT INTO members (email, name) VALUES ($1, $2) RETURNING id"
    Integer(connection.exec_params(insert, [email, name]).getvalue(0, 0))
  end

  def open_account(connection, member, balance)
    insert = "INSERT INTO accounts (member_id, currency, balance) VALUES ($1, 'EUR', $2) RETURNING id"
    Integer(connection.exec_params(insert, [member, balance]).getvalue(0, 0))
  end

  def transfer(connection, payer, payee, amount)
    insert = "INSERT INTO transfers (payer, payee, amount) VALUES ($1, $2, $3)"
    connection.exec_params(insert, [payer, payee, amount])
  end

  def one(connection, sql)
    connection.exec(sql).getvalue(0, 0)
  end

  def members(connection)
    Integer(one(connection, "SELECT count(*) FROM members"))
  end
end
