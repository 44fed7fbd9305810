"""Finding the service: by the environment, or by asking the program."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seedbed
from seedbed.binary import find

from .conftest import PROJECT

if TYPE_CHECKING:
    from .conftest import Running


def set_environment(monkeypatch: pytest.MonkeyPatch, running: Running, without: str = "") -> None:
    for name in ("SEEDBED_API", "SEEDBED_API_SOCKET", "SEEDBED_TOKEN", "SEEDBED_SLOTS", "SEEDBED_RUN"):
        if name == without:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, running.environment[name])


def test_the_environment_names_it(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, running)
    found = seedbed.Service.find()
    assert (found.slots, found.run, found.started) == (3, running.service.run, False)
    with found.connect() as client:
        assert not client.closed


def test_an_environment_without_token_is_an_error(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, running, without="SEEDBED_TOKEN")
    with pytest.raises(seedbed.ServiceMissing, match="SEEDBED_API is set, but SEEDBED_TOKEN is not"):
        seedbed.Service.find()


def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEEDBED_API", "SEEDBED_API_SOCKET"):
        monkeypatch.delenv(name, raising=False)


def test_a_program_that_fails_is_told_with_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    (tmp_path / "seedbed.toml").write_text("[recipe\n")
    with pytest.raises(seedbed.ServiceMissing) as caught:
        seedbed.Service.find(str(tmp_path), workers=2)
    assert caught.value.message.startswith(
        "`seedbed service --json --workers 2` could not start a service: seedbed.toml:1"
    )
    assert caught.value.detail == "1 | [recipe\n  |        ^"


def test_a_program_that_ends_without_a_word_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexit 7\n")
    silent.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(silent))
    with pytest.raises(seedbed.ServiceMissing, match="it ended with status 7"):
        seedbed.Service.find()


def test_a_project_s_service_is_started_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    shutil.copytree(PROJECT, tmp_path / "project")
    try:
        first = seedbed.Service.find(str(tmp_path / "project"), workers=2)
        assert first.started
        # Some to spare, for a second terminal.
        assert first.slots > 2
        again = seedbed.Service.find(str(tmp_path / "project"), workers=1)
        assert (again.started, again.run, again.slots) == (False, first.run, first.slots)
        with again.connect() as client, client.acquire("x") as lease:
            assert seedbed.Make(lease).companies(name="Acme").id == 1
    finally:
        subprocess.run([find(), "down"], cwd=tmp_path / "project", check=True, capture_output=True)


def test_an_old_program_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho \"error: unrecognized subcommand 'service'\" >&2\nexit 2\n")
    old.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(old))
    with pytest.raises(seedbed.SeedbedError, match="too old for this package"):
        seedbed.Service.find()


def test_a_program_that_cannot_run_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_environment(monkeypatch)
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(broken))
    with pytest.raises(seedbed.BinaryMissing, match="cannot start"):
        seedbed.Service.find()


def test_what_a_program_says_that_fails_is_told_wherever_it_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_environment(monkeypatch)
    odd = tmp_path / "odd"
    odd.write_text("#!/bin/sh\necho 'wrong architecture'\nexit 3\n")
    odd.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(odd))
    with pytest.raises(seedbed.ServiceMissing) as caught:
        seedbed.Service.find()
    assert caught.value.detail == "wrong architecture"
    odd.write_text("#!/bin/sh\necho 'hello, world'\n")
    with pytest.raises(seedbed.SeedbedError, match="did not say where") as told:
        seedbed.Service.find()
    assert told.value.detail == "hello, world"


# A start as it is told, by a program that takes as long as a first start may.
SLOW = """#!/bin/sh
echo '{"event":"started","phase":"migrate","detail":"migrations"}' >&2
echo '{"event":"progress","phase":"migrate","done":2,"total":30,"detail":"0002_orders.sql","took_us":null}' >&2
echo '{"event":"notice","message":"the service is started anew: the schema has changed"}' >&2
echo '{"event":"warning","message":"some workers wait","hint":"seedbed ps"}' >&2
sleep 0.5
echo '{"api":"http://127.0.0.1:1","socket":null,"token":"t","slots":1,"version":"1","protocol":1}'
"""


def test_a_start_that_takes_long_is_told_and_so_is_what_the_program_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_environment(monkeypatch)
    slow = tmp_path / "slow"
    slow.write_text(SLOW)
    slow.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(slow))
    monkeypatch.setattr("seedbed.starting._SILENCE", 0.1)
    told: list[str] = []
    with pytest.warns(UserWarning) as warned:
        assert seedbed.Service.find(tell=told.append).slots == 1
    assert told == ["seedbed: starting this project's databases, migrate 2/30 0002_orders.sql …"]
    assert [str(warning.message) for warning in warned] == [
        "the service is started anew: the schema has changed",
        "some workers wait\n  seedbed ps",
    ]
    # A project whose warnings are errors still gets its service.
    told.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert seedbed.Service.find(tell=told.append).slots == 1
    assert told[1:] == ["seedbed: the service is started anew: the schema has changed", "seedbed: some workers wait"]


def test_a_stale_environment_is_told_with_the_line_that_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBED_API_SOCKET", str(tmp_path / "api"))
    monkeypatch.setenv("SEEDBED_TOKEN", "old")
    with pytest.raises(seedbed.ServiceMissing) as caught:
        seedbed.Service.find().connect()
    assert caught.value.hints[0] == "unset SEEDBED_API SEEDBED_API_SOCKET SEEDBED_TOKEN"
