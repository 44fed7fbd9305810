"""What `seedbed types python` writes is read by mypy, strictly: right calls pass, wrong ones are errors.

Invariant: the stub file is the one that the program writes for `types/schema.sql`; the tests of the program see to it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

HERE = Path(__file__).parent
EXPECTED = re.compile(r"  # error: (.*)$")
SAID = re.compile(r"^uses\.py:(\d+): error: (.*)$")


def run_mypy(folder: Path) -> str:
    """What mypy says of the files in a folder; the package is found as an installed one is."""
    environment = {"MYPYPATH": str(folder), "PYTHONPATH": str(HERE.parent / "src")}
    words = ["--strict", "--no-error-summary", "--hide-error-context", "--cache-dir", str(folder / "cache")]
    # What the package imports is its own affair, as it is where pip has installed it.
    words += ["--follow-imports", "silent", "uses.py", "seedbed_types.pyi"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words],
        cwd=folder,
        env={**environment, "MYPYPATH": f"{folder}:{HERE.parent / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("types")
    for name in ("uses.py", "seedbed_types.pyi"):
        shutil.copy(HERE / "types" / name, folder)
    return [line for line in run_mypy(folder).splitlines() if ": error: " in line]


def test_the_stub_file_is_sound(said: list[str]) -> None:
    assert [line for line in said if not line.startswith("uses.py:")] == []


def test_wrong_calls_are_errors_and_right_ones_are_not(said: list[str]) -> None:
    lines = (HERE / "types" / "uses.py").read_text().splitlines()
    expected = {at: found[1] for at, line in enumerate(lines, 1) if (found := EXPECTED.search(line))}
    told: dict[int, str] = {}
    for line in said:
        found = SAID.match(line)
        assert found, line
        told[int(found[1])] = found[2]
    assert {at: told.get(at, "no error")[: len(text)] for at, text in expected.items()} == expected
    assert {at: text for at, text in told.items() if at not in expected} == {}


def test_the_same_names_are_there_at_run_time() -> None:
    """What the stub tells of builders and rows is what they have."""
    from seedbed import Builder, Make, Row

    stub = (HERE / "types" / "seedbed_types.pyi").read_text()
    builder = re.search(r"class _UsersBuilder:\n((?:    .*\n)+)", stub)
    users = re.search(r"class Users\(_UsersBuilder\):\n((?:    .*\n)+)", stub)
    maker = re.search(r"class Make:\n((?:    .*\n)+?)    @_property\n    def \w+\(self\) -> [A-Z]", stub)
    assert builder and users and maker
    for of, text in ((Builder, builder[1] + users[1]), (Make, maker[1])):
        for name in re.findall(r"def (\w+)", text):
            assert name in of.__dict__ or name in getattr(of, "__slots__", ()), (of, name)
    assert {"table", "outcome", "kept", "text", "related"} <= set(dir(Row))
