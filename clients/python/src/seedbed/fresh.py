"""Fresh rows in a transaction of the caller's, which the service cannot see into.

The service finds ordinals that no committed row used. Those that this transaction has used are therefore skipped: as
many as rows of the table were created in it. Invariant: skipping too many is harmless, too few is a conflict, which is
met by skipping twice as many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lease import Lease
    from .plan import Plan, Text

    # By binding, by column, by ordinal.
    Values = dict[str, dict[str, list[Text]]]

# Doublings: from one row to more than fit into a test.
ATTEMPTS = 20


class Ahead:
    """Values of fresh rows by place: the first unused ordinal has place 0. Asked for ahead, twice as many each time, so
    that a row costs the same however many there are."""

    def __init__(self) -> None:
        # By what they were asked for with: the place of the first, the place after the last, the values.
        self._kept: dict[Any, tuple[int, int, Values]] = {}

    def values(self, lease: Lease, plan: Plan, request: dict[str, Any], skipped: int) -> Values:
        """The values for a request, for the rows after those that are skipped."""
        count = request["count"]
        lists = any(isinstance(argument, list) for argument in request["arguments"].values())
        name = (plan.shape, tuple(request["arguments"].items())) if not lists else None
        start, end, values = self._kept.get(name, (0, 0, {}))
        if not (start <= skipped and skipped + count <= end):
            ahead = skipped + 8 if skipped and not lists else 0
            start, end = skipped, skipped + count + ahead
            values = _after(plan, lease.values(_moved(plan, request, skipped, count + ahead)), skipped)
            if name is not None:
                self._kept[name] = start, end, values
        return _after(plan, values, skipped - start, count)


def _moved(plan: Plan, request: dict[str, Any], skipped: int, count: int) -> dict[str, Any]:
    """The request for so many rows, after those that are skipped."""
    asked = request["count"]
    times = {name: binding.times for name, binding in plan.bindings.items() if binding.times is not None}
    return {
        **request,
        "count": skipped + count,
        "arguments": {
            name: argument[:1] * (skipped * len(argument) // asked) + argument
            if isinstance(argument, list)
            else argument
            for name, argument in request["arguments"].items()
        },
        "missing": {
            name: list(range(skipped * times[name], (skipped + count) * times[name])) if name in times else ordinals
            for name, ordinals in request["missing"].items()
        },
    }


def _after(plan: Plan, values: Values, skipped: int, count: int | None = None) -> Values:
    """The values without those of the rows that are skipped, and of no more rows than `count`."""
    found: Values = {}
    for name, columns in values.items():
        times = plan.bindings[name].times
        if times is None:
            found[name] = columns
        else:
            end = None if count is None else (skipped + count) * times
            found[name] = {column: texts[skipped * times : end] for column, texts in columns.items()}
    return found


def is_taken(error: BaseException) -> bool:
    """Whether rows could not be made because a key of theirs is taken (unique_violation)."""
    return getattr(error.__cause__, "sqlstate", None) == "23505"
