# Each test has a clone of a template that was loaded once.
import os
import pathlib

import pytest
from pytest_postgresql import factories

server = factories.postgresql_noproc(
    host=os.environ["PGHOST"],
    port=int(os.environ["PGPORT"]),
    user=os.environ["PGUSER"],
    password=os.environ["PGPASSWORD"],
    dbname="pytest_postgresql",
    load=[pathlib.Path(os.environ["BENCH_SHAPE"] + ".sql")],
)
database = factories.postgresql("server")


@pytest.mark.parametrize("number", range(5000))
def test_peer(number, database, turns):
    database.execute(turns.next("writes"))
    database.commit()
