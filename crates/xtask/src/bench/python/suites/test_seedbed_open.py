# The same, left in the connection's transaction, which is rolled back.
def test_it(number, db, make):
    row = make.t1(number=1_000_001)
    assert row.outcome == "created"
