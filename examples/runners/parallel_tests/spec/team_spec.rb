# Data that all tests of a group share: built once, committed, and there in every test, whatever
# the one before has done to it.
RSpec.describe "a team" do
  before(:context) do
    @before = database.mark
    %w[Cem Dee Eve].each { |name| join(database.one, "#{name.downcase}@example.org", name) }
  end

  after(:context) { database.rewind(@before) }

  before do
    names = "SELECT string_agg(name, ' ' ORDER BY id) FROM members"
    expect(one(database.one, names)).to eq "Cem Dee Eve"
    expect(columns(database.two)).to eq "3"
  end

  def columns(connection)
    one(connection, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'members'")
  end

  it "takes one more" do
    expect(join(database.one)).to eq 4
    expect(members(database.two)).to eq 4
  end

  it "survives a change of the schema" do
    database.one.exec("ALTER TABLE members ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
    database.one.exec("DELETE FROM members WHERE name = 'Eve'")
    expect(join(database.one)).to eq 4
    expect(columns(database.two)).to eq "4"
  end

  it "can be left by everybody" do
    database.one.exec("DELETE FROM members")
    expect(members(database.two)).to eq 0
    expect(join(database.two)).to eq 4
  end
end
