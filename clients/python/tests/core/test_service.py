"""Finding the service: by the environment, or by asking the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import seedbed

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
    (tmp_path / "seedbed.toml").write_text("[recipe]\nmigratoins = 'x'\n")
    with pytest.raises(
        seedbed.ServiceMissing, match="`seedbed service --json --workers 2` ended with status"
    ) as caught:
        seedbed.Service.find(str(tmp_path), workers=2)
    assert "migratoins" in (caught.value.detail or "")


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
