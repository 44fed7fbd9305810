"""What a program that uses nothing of it pays for `import seedbed`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seedbed


def test_importing_it_imports_nothing_that_costs() -> None:
    code = "import sys; before = set(sys.modules); import seedbed; print(*sorted(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(ran.stdout.split())
    assert "seedbed" in imported
    assert {name for name in imported if name.startswith("seedbed.")} == set()
    heavy = (
        "http json subprocess socket ssl email dataclasses inspect psycopg psycopg2 asyncpg sqlalchemy django pytest"
    )
    assert not imported & {*heavy.split(), "http.client", "importlib.metadata"}


def test_every_public_name_is_there() -> None:
    for name in seedbed.__all__:
        assert getattr(seedbed, name) is not None
        assert name in dir(seedbed)


def test_a_name_that_is_not_there_is_told_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'seedbed' has no attribute 'leese'"):
        seedbed.leese  # noqa: B018
