# Each test has a clone of a template that was loaded once. The number is
# unique: a row that a test before left there would be refused.
import os
import pathlib

from pytest_postgresql import factories

server = factories.postgresql_noproc(
    host=os.environ["PGHOST"],
    port=int(os.environ["PGPORT"]),
    user=os.environ["PGUSER"],
    password=os.environ["PGPASSWORD"],
    dbname="bench_pytest_postgresql",
    load=[pathlib.Path(os.environ["BENCH_SCHEMA"])],
)
postgresql = factories.postgresql("server")


def test_it(number, postgresql):
    postgresql.execute("INSERT INTO t1 (number) VALUES (1000001)")
    postgresql.commit()
