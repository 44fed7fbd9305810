# One turn for each line read; it tells how long making the rows took, commit
# included.
import os
import sys
import time

USERS, POSTS, COMMENTS = (
    int(os.environ[name]) for name in ("BENCH_USERS", "BENCH_POSTS", "BENCH_COMMENTS")
)


def turns(make):
    for _ in sys.stdin:
        began = time.perf_counter()
        make()
        print("done", int((time.perf_counter() - began) * 1e6), flush=True)
