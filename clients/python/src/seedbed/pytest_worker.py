"""The worker of a pytest process: its name is that of pytest-xdist's worker, else `main`."""

from __future__ import annotations

import os
from typing import Callable

import pytest

from . import worker as process
from .worker import Worker

_OF_CONFIG = pytest.StashKey[Worker]()


def worker_of(config: pytest.Config, count: int = 1) -> Worker:
    """The worker, one of `count`; nothing is leased before somebody asks it to."""
    known = config.stash.get(_OF_CONFIG, None)
    if known is not None:
        return known
    # Not `workerinput`, which pytest-xdist sets only when the first conftest has been imported.
    worker = Worker(
        os.environ.get("PYTEST_XDIST_WORKER", "main"),
        int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", count)),
        lane=config.getoption("seedbed_lane") or config.getini("seedbed_lane"),
        driver=config.getini("seedbed_driver"),
        directory=str((config.inipath.parent if config.inipath else config.rootpath) / said)
        if (said := config.getini("seedbed_directory"))
        else str(config.rootpath),
    )
    worker.tell = _teller(config)
    config.stash[_OF_CONFIG] = worker
    before = process.install(worker)

    def end() -> None:
        process.install(before)
        worker.close()

    config.add_cleanup(end)
    return worker


def _teller(config: pytest.Config) -> Callable[[str], object] | None:
    """Writes a line to the terminal past the capture, where this process has a terminal to report to."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    if reporter is None or capture is None:
        return None

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(line)

    return tell
