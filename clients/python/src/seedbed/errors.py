"""What can go wrong, each with what to do about it.

Invariant: no error holds a secret or the value of a row; the service's own words are passed on unchanged, but for lines
to paste that are lines of Python here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class SeedbedError(Exception):
    """Something failed: `message` says what and why, `hints` are lines to paste, the likeliest first.

    `code` is the service's word for the problem (`lease_ended`, `cannot_make`, …), or empty where the service did not
    speak. `detail` is several lines shown under the message, such as a report.

    >>> print(SeedbedError("cannot find it", hints=["pip install seedbed"]))
    cannot find it
      pip install seedbed
    """

    def __init__(self, message: str, *, code: str = "", hints: Iterable[str] = (), detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hints = list(hints)
        self.detail = detail

    def __str__(self) -> str:
        lines = [self.message]
        if self.detail:
            lines.append(self.detail)
        lines.extend(f"  {hint}" for hint in self.hints)
        return "\n".join(lines)


def is_told(failure: Any) -> bool:
    """Whether a failure as pytest holds it says all there is to say. Files of this package have it for their
    `__tracebackhide__`: then pytest shows the test's own line, and none of theirs."""
    return isinstance(getattr(failure, "value", None), (SeedbedError, SeedbedWarning))


class SeedbedWarning(UserWarning):
    """Something a test left behind, or lost."""


class BinaryMissing(SeedbedError):
    """The program `seedbed` is nowhere to be found, or cannot be started."""


class ServiceMissing(SeedbedError):
    """There is no lease service, it is about to end, or it went away in the middle of an exchange."""


class VersionSkew(SeedbedError):
    """The service and this package do not speak the same version of the protocol."""


class LeaseEnded(SeedbedError):
    """The lease has ended; its slot may be leased to another holder."""


class Refused(SeedbedError):
    """The service does not do what was asked for; `code` says which problem it is."""


class CannotMake(SeedbedError):
    """The rows cannot be made; the message says which, why, and what to pass."""


class MarksLost(SeedbedError):
    """A marked state could not be built again: what was set up after an earlier mark must be set up anew."""


# Codes that are not here are `Refused`: a code a later service adds is told with its own words.
_BY_CODE = {
    "cannot_make": CannotMake,
    "ending": ServiceMissing,
    "lease_ended": LeaseEnded,
    "server_gone": ServiceMissing,
    "unknown_lease": LeaseEnded,
}


def of_problem(problem: dict[str, Any]) -> SeedbedError:
    """The error for a problem as the service tells it (`Problem` of its description)."""
    from .hint import in_python

    code = str(problem.get("code", ""))
    kind = _BY_CODE.get(code, Refused)
    return kind(
        str(problem.get("message", "the service refused without saying why")),
        code=code,
        hints=[in_python(str(hint)) for hint in problem.get("hints") or ()],
        detail=problem.get("detail"),
    )
