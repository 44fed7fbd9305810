"""Where the program `seedbed` is: `SEEDBED_BIN`, beside this interpreter, or on `PATH`, in this order.

A wheel puts it beside the interpreter, so that the program and this package have the same version.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .errors import BinaryMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "seedbed.exe" if os.name == "nt" else "seedbed"


def find() -> str:
    """The path of the program.

    Raises BinaryMissing, which tells how to install it.
    """
    chosen = os.environ.get("SEEDBED_BIN")
    if chosen:
        if _is_program(chosen):
            return chosen
        raise BinaryMissing(
            f"SEEDBED_BIN is {chosen}, which is not a program that can be run",
            hints=["unset SEEDBED_BIN", "export SEEDBED_BIN=/path/to/seedbed"],
        )
    for directory in _beside_interpreter():
        path = os.path.join(directory, NAME)
        if _is_program(path):
            return path
    from shutil import which

    path_entry = which("seedbed")
    if path_entry:
        return path_entry
    raise BinaryMissing(
        f"the program {NAME} is neither beside {sys.executable or 'this interpreter'} nor on PATH",
        hints=[f"{sys.executable or 'python3'} -m pip install --force-reinstall seedbed"],
    )


def _beside_interpreter() -> Iterator[str]:
    if sys.executable:
        yield os.path.dirname(sys.executable)
    import sysconfig

    yield sysconfig.get_path("scripts")
    # `pip install --user` and `pip install --target`.
    user = sysconfig.get_path("scripts", scheme=f"{os.name}_user")
    if user:
        yield user
    yield os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin")


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
