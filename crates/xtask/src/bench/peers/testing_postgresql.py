# One turn for each line read: start, first query, stop. The prepared cluster
# is kept between turns, as its manual advises.
import sys

import pg8000
import testing.postgresql

factory = testing.postgresql.PostgresqlFactory(cache_initialized_db=True)
for _ in sys.stdin:
    with factory() as server:
        connection = pg8000.connect(**server.dsn())
        connection.run("select 1")
        connection.close()
    print("done", flush=True)
factory.clear_cache()
