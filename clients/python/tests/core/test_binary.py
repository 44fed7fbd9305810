"""Finding the program, and saying how to get it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import seedbed
from seedbed import binary

if TYPE_CHECKING:
    from pathlib import Path


def program_at(path: Path) -> str:
    path.write_text("#!/bin/sh\necho it ran: $*\n")
    path.chmod(0o755)
    return str(path)


def test_the_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_BIN", program_at(tmp_path / "mine"))
    assert binary.find() == str(tmp_path / "mine")


def test_a_variable_that_names_no_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_BIN", str(tmp_path))
    with pytest.raises(seedbed.BinaryMissing, match="not a program that can be run\n  unset SEEDBED_BIN"):
        binary.find()


def elsewhere(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An interpreter in this folder, wherever the package and its program are installed."""
    import sysconfig

    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr(sysconfig, "get_path", lambda *_, **__: str(folder))


def test_beside_the_interpreter_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("venv", "path"):
        (tmp_path / folder).mkdir()
        program_at(tmp_path / folder / binary.NAME)
    monkeypatch.delenv("SEEDBED_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    elsewhere(monkeypatch, tmp_path / "venv")
    assert binary.find() == str(tmp_path / "venv" / binary.NAME)
    (tmp_path / "venv" / binary.NAME).unlink()
    assert binary.find() == str(tmp_path / "path" / binary.NAME)


def test_where_it_is_nowhere_the_line_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEDBED_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    elsewhere(monkeypatch, tmp_path)
    with pytest.raises(seedbed.BinaryMissing) as caught:
        binary.find()
    assert caught.value.hints == [f"{tmp_path}/python -m pip install --force-reinstall seedbed"]


@pytest.mark.parametrize("found", [True, False])
def test_the_module_becomes_the_program(tmp_path: Path, found: bool) -> None:
    environment = {**os.environ, "SEEDBED_BIN": program_at(tmp_path / "mine") if found else str(tmp_path / "no")}
    ran = subprocess.run(
        [sys.executable, "-m", "seedbed", "ps", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    if found:
        assert (ran.returncode, ran.stdout) == (0, "it ran: ps --json\n")
    else:
        assert ran.returncode == 127
        assert ran.stderr.startswith("seedbed: SEEDBED_BIN is ")
