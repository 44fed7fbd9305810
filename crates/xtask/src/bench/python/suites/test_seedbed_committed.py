# One row by the factory on the worker's connection, committed. The row must be
# created: one that a test before left there would be found.
def test_it(number, db, make):
    row = make.t1(number=1_000_001)
    assert row.outcome == "created"
    db.commit()
