# Calls of `make` alone on one connection in one transaction, each beside the
# statement that does the same with the driver alone.
import json
import os
import sys
import time

import psycopg

from seedbed.make import Make
from seedbed.service import Service

CALLS = int(os.environ["BENCH_TESTS"])
lease = Service.find().connect().acquire(worker="alone")
connection = psycopg.connect(lease.socket_url or lease.url)
make = Make(lease).on(connection)
told = {name: [] for name in ("hit", "select", "miss", "insert")}


def timed(name, call):
    began = time.perf_counter()
    row = call()
    told[name].append(round((time.perf_counter() - began) * 1e6))
    return row


def select():
    return connection.execute("SELECT * FROM t1 WHERE number = %s", (7,)).fetchone()


def insert(number):
    return connection.execute("INSERT INTO t1 (number) VALUES (%s) RETURNING *", (number,)).fetchone()


assert make.t1(number=7).outcome == "matched"
assert make.t1(number=1_000_000).outcome == "created"
# As many as make the driver prepare the statement.
for number in range(10):
    select(), make.t1(number=7), insert(1_000_001 + number)
for number in range(CALLS):
    assert timed("select", select)
    assert timed("hit", lambda: make.t1(number=7)).number == 7
    assert timed("insert", lambda: insert(2_000_000 + number))
    assert timed("miss", lambda: make.t1(number=3_000_000 + number)).outcome == "created"
connection.rollback()
connection.close()
lease.release()
with open(os.environ["BENCH_TOLD"], "w") as file:
    json.dump(told, file)
