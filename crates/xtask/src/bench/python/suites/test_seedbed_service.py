# The same without a connection of the test's: the service commits the row.
def test_it(number, make):
    row = make.t1(number=1_000_001)
    assert row.outcome == "created"
