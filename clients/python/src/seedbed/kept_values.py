"""The warning that a row which was there keeps another value than was asked for."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Kept

_HERE = os.path.dirname(__file__) + os.sep


def warn_of(table: str, kept: Kept) -> None:
    """Warns at the caller's own line: `created_at` and the like are never updated."""
    rows = "a row" if len(kept.ordinals) == 1 else f"{len(kept.ordinals)} rows"
    columns = ", ".join(kept.columns)
    warnings.warn(
        f"{rows} of {table} that {'was' if len(kept.ordinals) == 1 else 'were'} there already kept another {columns} "
        f"than was passed: it is never updated\n"
        f"  make.{table}.fresh({kept.columns[0]}=…)   # another row\n"
        f'  make.{table}.policy("keep")   # whatever is there',
        UserWarning,
        stacklevel=_outside(),
    )


def _outside() -> int:
    """How many frames above `warn_of` the first one is that is not of this package."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    return level
