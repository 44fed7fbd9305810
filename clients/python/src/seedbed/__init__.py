"""Seedbed: a real PostgreSQL database for every test worker, and factories that need no definitions.

Invariant: importing this package imports nothing else of it. Each name is imported when it is first used, so that a
test run without a database pays nothing.
"""

from __future__ import annotations

import sys
from types import ModuleType

# Type checkers know the name; `typing` itself costs more to import than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .after import after as after
    from .builder import Builder as Builder
    from .client import Client as Client
    from .connect import connect_async as connect_async
    from .errors import BinaryMissing as BinaryMissing
    from .errors import CannotMake as CannotMake
    from .errors import LeaseEnded as LeaseEnded
    from .errors import MarksLost as MarksLost
    from .errors import Refused as Refused
    from .errors import SeedbedError as SeedbedError
    from .errors import ServiceMissing as ServiceMissing
    from .errors import VersionSkew as VersionSkew
    from .handle import Handle as Handle
    from .lease import Kept as Kept
    from .lease import Lease as Lease
    from .lease import Mark as Mark
    from .lease import Rewound as Rewound
    from .lease import Session as Session
    from .make import Make as Make
    from .pools import on_replaced as on_replaced
    from .row import Row as Row
    from .scenario import Scenarios as Scenarios
    from .scenario import scenario as scenario
    from .service import Service as Service
    from .shared import shared as shared

    __version__: str

# Which module each public name is of.
_HOMES = {
    "BinaryMissing": "errors",
    "Builder": "builder",
    "CannotMake": "errors",
    "Client": "client",
    "Handle": "handle",
    "Kept": "lease",
    "Lease": "lease",
    "LeaseEnded": "errors",
    "Make": "make",
    "Mark": "lease",
    "MarksLost": "errors",
    "Refused": "errors",
    "Rewound": "lease",
    "Row": "row",
    "Scenarios": "scenario",
    "SeedbedError": "errors",
    "Service": "service",
    "ServiceMissing": "errors",
    "Session": "lease",
    "VersionSkew": "errors",
    "after": "after",
    "connect_async": "connect",
    "on_replaced": "pools",
    "scenario": "scenario",
    "shared": "shared",
}

__all__ = [
    "BinaryMissing",
    "Builder",
    "CannotMake",
    "Client",
    "Handle",
    "Kept",
    "Lease",
    "LeaseEnded",
    "Make",
    "Mark",
    "MarksLost",
    "Refused",
    "Rewound",
    "Row",
    "Scenarios",
    "SeedbedError",
    "Service",
    "ServiceMissing",
    "Session",
    "VersionSkew",
    "after",
    "connect_async",
    "on_replaced",
    "scenario",
    "shared",
]


class _Package(ModuleType):
    """Keeps a submodule (`scenario`) from taking the place of the public name it is the home of."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is not None:
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{home}"), name)
    elif name == "__version__":
        from .version import version

        found = version()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The next use finds it without coming here.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
