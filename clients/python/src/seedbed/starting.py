"""The program `seedbed` while it starts something: what it says on the way, and a word to who waits for long.

Invariants: nothing that the program starts holds the caller's output open, or ends with the caller's terminal; what it
warns of never makes a start fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from typing import IO

# Seconds of silence before it is told what is going on.
_SILENCE = 3.0


class Ran(NamedTuple):
    """What came of it."""

    status: int
    said: str
    events: list[dict[str, Any]]
    # Lines on its standard error that are no events.
    other: str


def run(command: list[str], directory: str | None, patience: float, tell: Callable[[str], object] | None) -> Ran:
    """Runs it to its end. `tell` takes a line if it takes long; None: standard error, if that is a terminal.

    Raises OSError if it cannot be started, subprocess.TimeoutExpired after `patience` seconds.
    """
    out: list[str] = []
    errors: list[str] = []
    process = subprocess.Popen(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    readers = [
        threading.Thread(target=_read, args=(process.stdout, out), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, errors), daemon=True),
    ]
    try:
        for reader in readers:
            reader.start()
        try:
            process.wait(_SILENCE)
        except subprocess.TimeoutExpired:
            (tell or _to_terminal)(f"seedbed: starting this project's databases{_stage(_events(errors))} …")
            process.wait(patience)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        for reader in readers:
            reader.join(5)
    events = _events(errors)
    other = "".join(line for line in errors if _event(line) is None).strip()
    if process.returncode == 0:
        for event in events:
            if event["event"] in ("notice", "warning"):
                _warn(str(event.get("message", "")), event.get("hint"), tell or _to_terminal)
    return Ran(process.returncode, "".join(out), events, other)


def _read(stream: IO[str], lines: list[str]) -> None:
    with stream:
        lines.extend(stream)


def _events(lines: list[str]) -> list[dict[str, Any]]:
    return [event for event in map(_event, list(lines)) if event is not None]


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _stage(events: list[dict[str, Any]]) -> str:
    """What it is at: the last thing it said."""
    for event in reversed(events):
        if event["event"] == "progress" and event.get("total"):
            return f", {event['phase']} {event['done']}/{event['total']} {event.get('detail', '')}".rstrip()
        if event["event"] in ("started", "progress"):
            return f", {event['phase']} {event.get('detail', '')}".rstrip()
    return ""


def _warn(message: str, hint: str | None, tell: Callable[[str], object]) -> None:
    import warnings

    try:
        warnings.warn(f"{message}\n  {hint}" if hint else message, UserWarning, stacklevel=2)
    except UserWarning:
        # Where warnings are errors.
        tell(f"seedbed: {message}")


def _to_terminal(line: str) -> None:
    # Not `sys.stderr`, which a runner captures.
    terminal = sys.__stderr__
    if terminal is not None and terminal.isatty():
        terminal.write(line + "\n")
        terminal.flush()
