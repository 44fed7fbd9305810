"""What docstrings show is true."""

from __future__ import annotations

import doctest
import re
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import seedbed

SOURCE = Path(seedbed.__file__).parent
WITH_EXAMPLES = sorted(path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.stem)
def test_examples_of_functions(path: Path) -> None:
    name = ".".join(("seedbed", *path.relative_to(SOURCE).with_suffix("").parts))
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def example(text: str | None) -> str:
    """The indented or plain code of a docstring, from its decorator on."""
    found = re.search(r"^( *)@seedbed\..*?(?=\n\S(?!ef )|\n *$|\n\nInv)", text or "", re.DOTALL | re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found[0])


def test_the_hook_that_is_shown(make: seedbed.Make, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("seedbed.after")
    monkeypatch.setattr(module, "_HOOKS", {})
    exec(example(module.after.__doc__), {"seedbed": seedbed})
    user = make.users()
    assert make.posts(author=user, title="Hello").outcome == "matched"


def test_the_scenario_that_is_shown(make: seedbed.Make, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = import_module("seedbed.scenario")
    monkeypatch.setattr(module, "_SCENARIOS", {})
    exec(example(module.__doc__), {"seedbed": seedbed})
    post = seedbed.Scenarios(make).thread(comments=3)
    assert (post.title, make.users(email="alice@example.com").outcome) == ("Hello", "matched")
