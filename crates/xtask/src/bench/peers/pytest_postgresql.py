# One turn for each line read: start, first query, stop, by the executor that
# the plugin's process fixture uses.
import os
import shutil
import sys
import tempfile
import time

import port_for
import psycopg
from pytest_postgresql.executors import PostgreSQLExecutor

for _ in sys.stdin:
    folder = tempfile.mkdtemp(prefix="p-")
    executor = PostgreSQLExecutor(
        executable=os.path.join(os.environ["BIN_DIR"], "pg_ctl"),
        host="127.0.0.1",
        port=port_for.select_random(),
        datadir=os.path.join(folder, "data"),
        unixsocketdir=folder,
        logfile=os.path.join(folder, "log"),
        startparams="-w",
        dbname="postgres",
    )
    with executor:
        # It listens before it answers; the plugin's fixtures try again, too.
        while True:
            try:
                connection = psycopg.connect(
                    host=executor.host, port=executor.port, user=executor.user, dbname="postgres"
                )
                break
            except psycopg.OperationalError:
                time.sleep(0.005)
        connection.execute("select 1")
        connection.close()
    shutil.rmtree(folder, ignore_errors=True)
    print("done", flush=True)
