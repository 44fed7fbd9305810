"""A real service over the project beside this file, and a lease that every test finds as its template was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import seedbed
from seedbed.binary import find

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parent / "project"
# What says where the service is, until its input ends.
_TELL = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"


class Running:
    """`seedbed run` with a command that does nothing but wait."""

    def __init__(self, workers: int, directory: Path = PROJECT) -> None:
        # Without what says where a service is; the program and its folders stay those of this run.
        self.outside = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SEEDBED_") or name == "SEEDBED_BIN" or name.endswith("_DIR")
        }
        self.process = subprocess.Popen(
            [find(), "run", "--quiet", "--workers", str(workers), "--", sys.executable, "-c", _TELL],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.outside,
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.environment = {name: told[name] for name in told if name.startswith("SEEDBED_") and name != "SEEDBED_BIN"}
        self.service = seedbed.Service(
            api=told["SEEDBED_API"],
            socket=told["SEEDBED_API_SOCKET"],
            token=told["SEEDBED_TOKEN"],
            slots=int(told["SEEDBED_SLOTS"]),
            run=told["SEEDBED_RUN"],
        )
        self.directory = directory
        # Databases that are to be removed in the end.
        self.kept: list[str] = []

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        for name in self.kept:
            subprocess.run(
                [find(), "kept", "rm", name], cwd=self.directory, env=self.outside, check=True, capture_output=True
            )


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    running = Running(3)
    yield running
    running.end()


@pytest.fixture
def service(running: Running) -> seedbed.Service:
    return running.service


@pytest.fixture(scope="session")
def session_lease(running: Running) -> Iterator[seedbed.Lease]:
    with running.service.connect() as client, client.acquire("main") as lease:
        yield lease


@pytest.fixture
def lease(session_lease: seedbed.Lease) -> Iterator[seedbed.Lease]:
    mark = session_lease.mark()
    yield session_lease
    session_lease.rewind(mark)


@pytest.fixture
def make(lease: seedbed.Lease) -> seedbed.Make:
    """Commits at once."""
    return seedbed.Make(lease)


@pytest.fixture
def connection(lease: seedbed.Lease) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(lease.url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(params=["committed", "on a connection"])
def anywhere(request: pytest.FixtureRequest, make: seedbed.Make, connection: Any) -> seedbed.Make:
    return make if request.param == "committed" else make.on(connection)
