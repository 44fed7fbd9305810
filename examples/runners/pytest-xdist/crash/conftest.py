"""A worker that dies takes its test with it: here that is what is tested, so it counts as
passed, and the worker that takes the dead one's place is watched."""


def pytest_handlecrashitem(crashitem, report, sched):
    if "dies" in crashitem:
        report.outcome = "passed"
        report.longrepr = f"{crashitem} ended its worker"
