"""Pages of documentation as `test_guides` runs them: their fences, and the projects they describe.

- A fence whose second word is a path (`python tests/test_cart.py`, `toml seedbed.toml`) is that file of the project.
- `console project`: its commands are run in the project, in one shell; `console project fails`: and the last fails.
- `text output` right behind one is what they print; `…` stands for anything.
- `<!-- project: name -->` begins another project, in an empty folder.

`cargo xtask snippets` knows the same marks, and runs the pages that are not about Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BEGINS = re.compile(r"<!-- project: (\w+) -->")
_PATH = re.compile(r"[\w./-]*\w\.\w+")


@dataclass(frozen=True)
class Fence:
    """A block: the words behind its opening, its text, and the line on which it opens."""

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def path(self) -> str | None:
        """The file it is, if it is one."""
        return next((word for word in self.words[1:] if _PATH.fullmatch(word)), None)

    def has(self, *words: str) -> bool:
        """Whether it carries these words."""
        return set(words) <= set(self.words)

    def commands(self) -> list[str]:
        r"""Lines that begin with `$ `, continued where they end with `\`."""
        commands: list[str] = []
        going = False
        for line in self.text.splitlines():
            part = line.removesuffix("\\").rstrip() if going or line.startswith("$ ") else None
            if part is None:
                continue
            if going:
                commands[-1] += " " + part.lstrip()
            else:
                commands.append(part[2:])
            going = line.endswith("\\")
        return commands


@dataclass
class Described:
    """A project that a page describes: its fences in their order."""

    name: str
    fences: list[Fence] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Whether anything of it is run."""
        return any(fence.path or fence.has("project") for fence in self.fences)


def projects_of(page: Path) -> list[Described]:
    """The projects of a page that are run."""
    found = [Described("project")]
    words: tuple[str, ...] | None = None
    text: list[str] = []
    opened = 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        begins = _BEGINS.fullmatch(line.strip())
        if words is not None and line == "```":
            found[-1].fences.append(Fence(words, "".join(text), opened))
            words = None
        elif words is not None:
            text.append(line + "\n")
        elif line.startswith("```"):
            words, text, opened = tuple(line[3:].split()), [], number
        elif begins:
            found.append(Described(begins[1]))
    return [one for one in found if one.runs]


def is_as_shown(shown: str, said: str) -> bool:
    """Whether a text is the one shown: `…` stands for anything, white space at the ends is ignored.

    >>> is_as_shown("2 passed in …s", "2 passed in 0.12s"), is_as_shown("2 passed", "3 passed")
    (True, False)
    """
    pieces = (re.escape(piece.strip("\n")) for piece in _squeezed(shown).split("…"))
    return re.fullmatch(r"(?s:.*)".join(pieces), _squeezed(said)) is not None


def _squeezed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
