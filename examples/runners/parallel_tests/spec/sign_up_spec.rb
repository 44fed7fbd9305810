# Every test inserts the same address and commits: without isolation, all but one fail.
RSpec.describe "signing up" do
  4.times do |turn|
    it "gives the first member number one (#{turn})" do
      expect(members(database.one)).to eq 0
      expect(join(database.one)).to eq 1
      expect(members(database.two)).to eq 1
    end
  end

  it "takes an address once" do
    join(database.one)
    expect { join(database.two) }.to raise_error(PG::UniqueViolation)
    expect(join(database.two, "ben@example.org")).to eq 3
    expect(members(database.one)).to eq 2
  end

  it "makes another connection wait" do
    database.one.exec("BEGIN")
    join(database.one)
    database.two.exec("BEGIN; SET LOCAL lock_timeout = '50ms'")
    expect { join(database.two) }.to raise_error(PG::LockNotAvailable)
    database.two.exec("ROLLBACK")
    database.one.exec("COMMIT")
    expect(members(database.two)).to eq 1
  end

  it "can be taken back by half" do
    database.one.exec("BEGIN")
    join(database.one)
    database.one.exec("SAVEPOINT half")
    join(database.one, "ben@example.org")
    database.one.exec("ROLLBACK TO half; COMMIT")
    expect(one(database.two, "SELECT string_agg(email, ' ') FROM members")).to eq "ada@example.org"
  end

  it "takes many by copy" do
    join(database.one)
    database.one.copy_data("COPY members (email, name) FROM STDIN") do
      200.times { |number| database.one.put_copy_data("m#{number}@example.org\tM\n") }
    end
    expect(members(database.two)).to eq 201
  end

  it "may be left open" do
    database.one.exec("BEGIN")
    join(database.one)
    database.two.exec("BEGIN")
    join(database.two, "ben@example.org")
  end

  it "may delete reference data" do
    join(database.one)
    database.one.exec("DELETE FROM currencies")
    expect(one(database.two, "SELECT count(*) FROM currencies")).to eq "0"
  end

  it "finds reference data" do
    join(database.one)
    codes = "SELECT string_agg(code, ' ' ORDER BY code) FROM currencies"
    expect(one(database.two, codes)).to eq "CHF EUR USD"
  end
end
