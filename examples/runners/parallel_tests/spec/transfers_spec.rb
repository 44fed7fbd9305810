# A trigger writes another table; foreign keys, checks and TRUNCATE.
RSpec.describe "transfers" do
  let(:accounts) do
    expect(members(database.one)).to eq 0
    ada = join(database.one)
    ben = join(database.one, "ben@example.org", "Ben")
    [open_account(database.one, ada, 100), open_account(database.one, ben, 0)]
  end

  before { expect(accounts).to eq [1, 2] }

  def balances(connection)
    one(connection, "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM accounts")
  end

  it "move money" do
    transfer(database.one, *accounts, 30)
    expect(balances(database.two)).to eq "70 30"
  end

  it "do not move more than there is" do
    expect { transfer(database.one, *accounts, 101) }.to raise_error(PG::CheckViolation)
    expect(balances(database.two)).to eq "100 0"
  end

  it "happen on two connections in turn" do
    5.times do
      [database.one, database.two].each { |connection| transfer(connection, *accounts, 10) }
    end
    expect(balances(database.one)).to eq "0 100"
  end

  it "end with their members" do
    database.two.exec("DELETE FROM members WHERE name = 'Ada'")
    expect(balances(database.one)).to eq "0"
  end

  it "can be truncated with everything" do
    transfer(database.one, *accounts, 1)
    database.one.exec("TRUNCATE members, accounts, transfers, currencies RESTART IDENTITY")
    expect(members(database.two)).to eq 0
  end
end
