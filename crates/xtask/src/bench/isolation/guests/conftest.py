# Times of the fixtures alone, as pytest itself takes them: the tear-down of
# one test and the set-up of the next.
import os
import sys

import pytest

spent = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    if call.when != "call":
        spent.append(call.duration)
    if call.excinfo and not call.excinfo.errisinstance(pytest.exit.Exception):
        print("error:", repr(call.excinfo.value), file=sys.stderr, flush=True)


class Turns:
    """A test's share in the turns: it answers for the one before, waits, and
    gets what it shall write."""

    first = True

    def next(self, kind):
        if not Turns.first:
            print("done", round(sum(spent) * 1e6), flush=True)
        Turns.first = False
        spent.clear()
        if not sys.stdin.readline():
            pytest.exit("no more turns", 0)
        with open(os.environ["BENCH_SHAPE"] + "." + kind + ".sql") as file:
            return file.read()


@pytest.fixture(scope="session")
def turns():
    return Turns()
