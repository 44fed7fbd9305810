"""A project with a schema and a lease service, in which tests of the runners run real test runners.

Fixtures: `service` (one for all tests of this process) and `project` (a folder of its own for each test).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ("pytester",)

SCHEMA = """
CREATE TABLE currencies (code text PRIMARY KEY);
INSERT INTO currencies VALUES ('EUR'), ('USD');
CREATE TABLE members (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name  text NOT NULL
);
"""

# What most of the inner tests use.
INNER = """
import pytest
import seedbed as sb

def join(db, email="ada@example.org"):
    return db.execute("INSERT INTO members (email, name) VALUES (%s, 'Ada') RETURNING id", (email,)).fetchone()[0]

def count(db):
    return db.execute("SELECT count(*) FROM members").fetchone()[0]
"""


def program() -> str:
    from seedbed.binary import find

    return find()


def of_service(directory: Path, workers: int) -> dict[str, str]:
    """The environment that names the service of a project, which is started if need be."""
    # By `up`, so that it has no slots to spare.
    subprocess.run(
        [program(), "--quiet", "up", "--workers", str(workers), "--idle-timeout", "15m"],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    ran = subprocess.run(
        [program(), "service", "--json", "--workers", str(workers)],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    said = json.loads(ran.stdout)
    return {
        "SEEDBED_API": said["api"],
        "SEEDBED_API_SOCKET": said["socket"],
        "SEEDBED_TOKEN": said["token"],
        "SEEDBED_SLOTS": str(said["slots"]),
    }


def make_project(directory: Path) -> Path:
    (directory / "migrations").mkdir(parents=True, exist_ok=True)
    (directory / "migrations" / "0001_members.sql").write_text(SCHEMA)
    (directory / "seedbed.toml").write_text('[recipe]\nmigrations = "migrations"\n')
    return directory


def down(directory: Path) -> None:
    """Ends a project's service, and removes the databases that its tests kept."""
    drop_kept(directory)
    subprocess.run([program(), "--quiet", "down"], cwd=directory, capture_output=True, check=False)


def drop_kept(directory: Path) -> None:
    """Removes the databases that a project's tests kept."""
    listed = subprocess.run([program(), "kept", "ls"], cwd=directory, capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        if str(directory) in line:
            subprocess.run([program(), "kept", "rm", line.split()[0]], cwd=directory, capture_output=True, check=False)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path, None, None]:
    """The folder of the project that `service` is of."""
    path = make_project(tmp_path_factory.mktemp("service"))
    yield path
    down(path)


@pytest.fixture(scope="session")
def service(home: Path) -> dict[str, str]:
    """The environment that names a service with three slots."""
    return of_service(home, 3)


class Project:
    """A folder with tests in it, and ways to run them."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path

    def file(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def tests(self, body: str, name: str = "test_inner.py") -> Path:
        return self.file(name, INNER + body)

    def ini(self, *lines: str) -> None:
        self.file("pytest.ini", "[pytest]\naddopts = -p no:randomly\n" + "\n".join(lines) + "\n")

    def run(self, *arguments: str, timeout: float = 120) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*arguments, timeout=timeout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # In the background of a shell the tests themselves may have it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


@pytest.fixture
def bare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that no service is there for."""
    for name in list(os.environ):
        if name.startswith(("SEEDBED_API", "SEEDBED_TOKEN", "SEEDBED_SLOTS", "PYTEST_", "PG", "DATABASE_URL")):
            monkeypatch.delenv(name)
    project = Project(pytester)
    project.ini()
    return project


@pytest.fixture
def project(bare: Project, service: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose service the environment names."""
    for name, value in service.items():
        monkeypatch.setenv(name, value)
    return bare


def slots(service: dict[str, str]) -> list[dict[str, Any]]:
    """Every slot of a service, and what it is doing."""
    from seedbed.service import Service

    with Service(
        service["SEEDBED_API"], service["SEEDBED_API_SOCKET"], service["SEEDBED_TOKEN"], int(service["SEEDBED_SLOTS"])
    ).connect() as client:
        return list(client.get("/v1/slots"))


def wait_until(condition: Any, seconds: float = 20) -> bool:
    """Whether it came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
