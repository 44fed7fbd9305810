# Tells what each test took: set-up, call and tear-down as pytest itself takes
# them, and when it was over. The first test also pays for what is set up once,
# the last for its end; neither is told.
import json
import os
import time

import pytest

spent = 0.0
tests, ends = [], []


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(int(os.environ["BENCH_TESTS"]) + 2))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    global spent
    spent += call.duration


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish():
    global spent
    tests.append(round(spent * 1e6))
    ends.append(time.perf_counter())
    spent = 0.0


def pytest_sessionfinish(exitstatus):
    if exitstatus != 0:
        return
    whole = (ends[-2] - ends[0]) / (len(ends) - 2)
    with open(os.environ["BENCH_TOLD"], "w") as file:
        json.dump({"test": tests[1:-1], "whole": [round(whole * 1e6)]}, file)
