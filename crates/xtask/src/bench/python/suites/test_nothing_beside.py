# The same in a run where another test uses the database.
def test_first(seedbed_url):
    assert seedbed_url


def test_it(number):
    assert number >= 0
