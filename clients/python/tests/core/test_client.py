"""One connection is one holder, whatever happens to it."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

import seedbed
from seedbed.wire import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A service that may be killed."""
    from .conftest import Running

    running = Running(1)
    yield running
    running.end()


@pytest.mark.parametrize("way", ["unix socket", "TCP"])
def test_both_ways_lead_to_the_service(service: seedbed.Service, way: str) -> None:
    path = service.socket if way == "unix socket" else None
    with seedbed.Client(service.api, path, service.token) as client:
        assert client.health["run"] == service.run
        assert client.acquire("way").slot.startswith("run/")


def test_a_wrong_token_is_refused_and_not_shown(service: seedbed.Service) -> None:
    with pytest.raises(seedbed.Refused) as caught:
        seedbed.Client(service.api, service.socket, "not-the-token")
    assert caught.value.code == "unauthorized"
    assert "not-the-token" not in str(caught.value)


def test_secrets_are_not_in_representations(service: seedbed.Service) -> None:
    with service.connect() as client, client.acquire("x") as lease:
        assert service.token not in repr((service, client))
        assert "password" not in repr(lease)
        assert "postgres:" not in repr(lease)


def test_where_nobody_listens_the_line_to_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(seedbed.ServiceMissing, match=r"no lease service listens at .*/api") as caught:
        seedbed.Client("", str(tmp_path / "api"), "token")
    assert caught.value.hints[0].startswith("seedbed run --workers")
    with pytest.raises(seedbed.ServiceMissing, match="SEEDBED_API is no address"):
        seedbed.Client("nowhere", None, "token")


def test_problems_keep_their_code_and_the_hints_of_the_service(service: seedbed.Service) -> None:
    with service.connect() as client:
        with pytest.raises(seedbed.LeaseEnded) as ended:
            client.post("/v1/leases/9.9/marks", {})
        assert ended.value.code == "unknown_lease"
        with pytest.raises(seedbed.Refused) as unknown:
            client.acquire(slot="run/99")
        assert unknown.value.code == "unknown_slot"


def test_a_service_that_is_killed_in_the_middle_is_told_at_once_and_ever_after(own: Running) -> None:
    client = own.service.connect()
    holder = own.service.connect()
    holder.acquire("first")
    failed: list[seedbed.SeedbedError] = []

    def wait() -> None:
        try:
            client.acquire("second", wait=60)
        except seedbed.SeedbedError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    os.kill(own.process.pid, signal.SIGKILL)
    waiting.join(10)
    assert not waiting.is_alive()
    assert isinstance(failed[0], seedbed.ServiceMissing)
    assert client.closed
    with pytest.raises(seedbed.ServiceMissing, match="has ended"):
        client.get("/v1/health")


def test_a_service_that_is_gone_is_told_in_words(own: Running) -> None:
    with own.service.connect() as client:
        os.kill(own.process.pid, signal.SIGKILL)
        own.process.wait()
        with pytest.raises(seedbed.ServiceMissing, match="it or its server was ended or killed") as gone:
            client.get("/v1/health")
        assert "Errno" not in str(gone.value)


def test_a_fork_has_no_part_in_the_lease(service: seedbed.Service) -> None:
    with service.connect() as client, client.acquire("forks") as lease:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            said = "nothing"
            try:
                lease.mark()
            except seedbed.LeaseEnded as error:
                said = str(error)
            os.write(write, said.encode())
            os._exit(0)
        os.waitpid(child, 0)
        said = os.read(read, 4096).decode()
        os.close(read)
        os.close(write)
        assert f"belongs to process {os.getpid()}; this is its fork {child}" in said
        # The child's end did not end it.
        assert lease.mark().depth == 0


def test_a_child_that_stays_does_not_keep_the_lease(service: seedbed.Service) -> None:
    client = service.connect()
    slot = client.acquire("forks").slot
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(read, 1)
        os._exit(0)
    client.close()
    with service.connect() as other:
        # Free again while the child still lives.
        assert other.acquire(slot=slot, wait=10).slot == slot
    os.write(write, b"x")
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)


def test_threads_take_turns(lease: seedbed.Lease) -> None:
    wrong: list[Any] = []

    def ask(at: int) -> None:
        for _ in range(20):
            made = lease.make({"table": "companies", "set": {"name": f"company {at}"}})
            if made[0]["rows"][0][1] != f"company {at}":
                wrong.append((at, made))

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Interrupted(Exception):
    pass


@contextmanager
def interrupted(after: float) -> Iterator[None]:
    """As a time limit of pytest-timeout does, or Ctrl-C."""

    def interrupt(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        with pytest.raises(Interrupted):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_exchange_that_is_cut_short_leaves_the_connection_in_step(lease: seedbed.Lease) -> None:
    with interrupted(after=0.02):
        lease.make({"table": "companies", "count": 30_000})
    # The reply to the first request is dropped when it comes, and this is the answer to the second.
    assert lease.client.get("/v1/health")["run"] == lease.client.health["run"]
    assert len(lease.make({"table": "companies", "count": 2})[0]["rows"]) == 2


def test_a_lease_that_was_not_waited_for_is_nobody_s(own: Running) -> None:
    with own.service.connect() as holder, own.service.connect() as client:
        first = holder.acquire("first")
        with interrupted(after=0.2):
            client.acquire("late", wait=60)
        assert client.closed
        first.release()
        assert holder.acquire("second", wait=10).slot == first.slot


def test_no_interruption_loses_a_reply(service: seedbed.Service) -> None:
    """Wherever the signal strikes: 2000 times, an exchange taking about 100 µs."""
    moments = random.Random(7)

    def interrupt(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with service.connect() as client:
            for _ in range(2000):
                with suppress(Interrupted):
                    signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.00005, 0.0006))
                    while True:
                        client.get("/v1/health")
                begun = time.monotonic()
                assert client.get("/v1/health")["run"] == service.run
                assert time.monotonic() - begun < 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_request_that_was_sent_in_part_is_sent_to_its_end(service: seedbed.Service) -> None:
    with service.connect() as client:
        wire = client._wire
        wire._going = going = Exchange(b"GET /v1/health" + client._head + b"\r\n")
        going.sent.append(wire._socket.send(going.request[:20]))
        assert client.get("/v1/health")["run"] == service.run


def test_the_reply_that_nobody_waits_for_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is stopped in the middle is not to be had without stopping its server, so it is spoken here."""
    monkeypatch.setattr("seedbed.wire._LATE", 0.2)
    listener = socket.create_server(("127.0.0.1", 0))
    body = b'{"protocol":1}'

    def answer() -> None:
        stream, _ = listener.accept()
        with stream:
            stream.recv(4096)
            stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            while stream.recv(4096):
                pass

    speaking = threading.Thread(target=answer)
    speaking.start()
    with seedbed.Client(f"http://127.0.0.1:{listener.getsockname()[1]}", None, "token") as client:
        with interrupted(after=0.1):
            client.get("/v1/health")
        with pytest.raises(seedbed.ServiceMissing, match="an exchange was interrupted, and its end did not come"):
            client.get("/v1/health")
        assert client.closed
    speaking.join()
    listener.close()


def test_a_service_of_another_version_is_told_with_both_versions() -> None:
    """There is no service of another version to be had, so its one answer is spoken here."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = b'{"seedbed":"0.0.9","protocol":0}'

    def answer() -> None:
        stream, _ = listener.accept()
        with stream:
            stream.recv(4096)
            stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            stream.recv(1)

    speaking = threading.Thread(target=answer)
    speaking.start()
    with pytest.raises(seedbed.VersionSkew, match=r"is seedbed 0\.0\.9, which speaks version 0") as caught:
        seedbed.Client(f"http://127.0.0.1:{listener.getsockname()[1]}", None, "token")
    assert caught.value.hints[0].startswith("pip install --upgrade")
    speaking.join()
    listener.close()


def test_what_is_no_service_is_told_so() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        stream, _ = listener.accept()
        with stream:
            stream.recv(4096)
            stream.sendall(b"220 mail.example.com ESMTP\r\n\r\n")

    speaking = threading.Thread(target=answer)
    speaking.start()
    with pytest.raises(seedbed.ServiceMissing, match="what answers there is not the lease service"):
        seedbed.Client(f"http://127.0.0.1:{listener.getsockname()[1]}", None, "token")
    speaking.join()
    listener.close()
