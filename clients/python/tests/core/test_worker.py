"""A worker outlives what interrupts one of its exchanges."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

import seedbed
from seedbed.turn import Turn, Use
from seedbed.worker import Worker

from .test_client import interrupted
from .test_service import set_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Running


@pytest.fixture
def own() -> Iterator[Running]:
    from .conftest import Running

    running = Running(1)
    yield running
    running.end()


@pytest.fixture
def worker(own: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    set_environment(monkeypatch, own)
    worker = Worker()
    yield worker
    worker.close()


def test_a_lost_connection_costs_one_test(worker: Worker) -> None:
    finished: list[str] = []
    worker.layers.lay("shared", lambda: finished.append("shared"))
    turn = Turn(worker, "the first", Use())
    lease = worker.lease()
    seedbed.Make(lease).companies(name="Acme")
    lease.client._end("an exchange was interrupted")
    with pytest.raises(seedbed.ServiceMissing, match="an exchange was interrupted"):
        turn.finish()
    assert finished == ["shared"]
    assert not len(worker.layers)
    turn = Turn(worker, "the second", Use())
    again = worker.lease()
    assert (again.slot, again.url) == (lease.slot, lease.url)
    assert worker.connection.lend("x").execute("SELECT count(*) FROM companies").fetchone() == (0,)
    assert not turn.finish().faults


def test_a_wait_for_a_lease_that_was_interrupted_can_be_begun_again(own: Running, worker: Worker) -> None:
    with own.service.connect() as other:
        lease = other.acquire()
        with interrupted(after=0.3):
            worker.lease()
        lease.release()
        assert worker.lease().slot == lease.slot


def test_a_service_that_is_stopped_is_told_within_seconds(
    own: Running, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbed.wire._LATE", 0.2)
    monkeypatch.setattr("seedbed.worker._SIGN_OF_LIFE", 0.2)
    lease = worker.lease()
    os.kill(own.process.pid, signal.SIGSTOP)
    try:
        with interrupted(after=0.1):
            lease.mark()
        begun = time.monotonic()
        for _ in range(3):
            with pytest.raises(seedbed.ServiceMissing, match="its end did not come"):
                worker.watched(lease.mark)
        assert time.monotonic() - begun < 2
    finally:
        os.kill(own.process.pid, signal.SIGCONT)
