"""`python -m seedbed …` is `seedbed …`: the program takes this process's place."""

from __future__ import annotations

import os
import sys

from .binary import find
from .errors import BinaryMissing


def main() -> int:
    """Becomes the program; returns only where that is impossible, with its exit status."""
    try:
        program = find()
    except BinaryMissing as missing:
        sys.stderr.write(f"seedbed: {missing}\n")
        return 127
    arguments = [program, *sys.argv[1:]]
    if os.name != "nt":
        os.execv(program, arguments)
    import subprocess

    return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
