"""The interpreter of plans, which never touches a connection.

`run` is a generator: it yields what it wants done (`Query`, `BEGIN`, `Values`, …) and is sent the answer, so that
blocking and asyncio drivers share it. A statement the server refused is thrown into it as `Refusal`; any other error
ends the run, after a rollback of the transaction the run began itself.

Invariants: as docs/plan.md of Seedbed has them; proved by its conformance scripts.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Union

from .action import BEGIN, COMMIT, ROLLBACK, Diagnosis, Query, Refusal, Values
from .errors import is_told as __tracebackhide__  # noqa: F401
from .plan import Kept, Made, array

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from .action import Action, Answer
    from .plan import Plan, Step, Text, TextRow

    Arguments = Mapping[str, Union[Text, list[Text]]]


def run(plan: Plan, arguments: Arguments, count: int, in_transaction: bool) -> Generator[Action, Answer, list[Made]]:
    """Runs a plan. `in_transaction`: whether a transaction of the caller is open, which is then never ended.

    Raises what a `Diagnosis` is answered with.
    """
    this = _Run(plan, arguments, count, in_transaction)
    try:
        for step in plan.steps:
            this.spare(step)
            if this.todo(step):
                yield from this.step(step)
    except GeneratorExit:
        raise
    except BaseException:
        if this.own:
            # If that fails too, the first error says more.
            with suppress(Exception):
                yield ROLLBACK
        raise
    if this.own:
        try:
            yield COMMIT
        except Refusal as refusal:
            this.in_transaction = False
            error = yield from this.trouble("commit", "refused", [], refusal)
            raise error from refusal
    return this.made()


class _Run:
    """The state of one run. Rows and outcomes are by binding, then by ordinal."""

    __slots__ = (
        "arguments",
        "count",
        "differs",
        "in_transaction",
        "kept",
        "outcomes",
        "own",
        "plan",
        "rows",
        "spared",
        "values",
    )

    def __init__(self, plan: Plan, arguments: Arguments, count: int, in_transaction: bool) -> None:
        self.plan = plan
        self.arguments = arguments
        self.count = count
        self.in_transaction = in_transaction
        sizes = {name: 1 if b.times is None else b.times * count for name, b in plan.bindings.items()}
        self.rows: dict[str, list[TextRow | None]] = {name: [None] * size for name, size in sizes.items()}
        self.outcomes = {name: ["matched"] * size for name, size in sizes.items()}
        self.differs: dict[str, set[int]] = {name: set() for name in sizes}
        self.kept: dict[str, set[int]] = {name: set() for name in sizes}
        self.spared: dict[str, set[int]] = {name: set() for name in sizes}
        self.values: dict[str, dict[str, list[Text]]] | None = None
        self.own = False

    def step(self, step: Step) -> Generator[Action, Answer, None]:
        into = step.into
        rows, differs, kept, outcomes = self.rows[into], self.differs[into], self.kept[into], self.outcomes[into]
        if step.sql:
            if step.wants_values and self.values is None:
                self.values = yield Values(self.request())
            if self.plan.transaction and step.writes and not self.in_transaction:
                yield BEGIN
                self.own = self.in_transaction = True
            try:
                answer = yield self.query(step, step.savepoint)
            except Refusal as refusal:
                if refusal.sqlstate not in step.tolerates:
                    error = yield from self.trouble(step.name, "refused", [], refusal)
                    raise error from refusal
                answer = ()
            seen = set()
            for ordinal, same, *columns in answer:
                at = int(ordinal or 0)
                if at in seen and rows[at] != columns:
                    raise (yield from self.trouble(step.name, "split", [at]))
                seen.add(at)
                rows[at] = columns
                if same == "k":
                    kept.add(at)
                else:
                    kept.discard(at)
                if same == "f" and step.on != "differing":
                    differs.add(at)
                else:
                    differs.discard(at)
                if step.outcome and outcomes[at] != "created":
                    outcomes[at] = step.outcome
        if step.last:
            left = sorted(differs) if step.on == "differing" else self.open(into)
            if left:
                raise (yield from self.trouble(step.name, "left", left))

    def missing(self, name: str) -> list[int]:
        return [at for at, row in enumerate(self.rows[name]) if row is None]

    def open(self, name: str) -> list[int]:
        """Missing rows that somebody waits for."""
        spared = self.spared[name]
        return [at for at in self.missing(name) if at not in spared] if spared else self.missing(name)

    def spare(self, step: Step) -> None:
        """Rows that nobody waits for are not filled."""
        if not step.needed_for:
            self.spared[step.into] = set()
            return
        size = len(self.rows[step.into])
        whole = self.plan.bindings[step.into].key_of is not None
        needed: set[int] = set()
        for name in step.needed_for:
            rows = self.open(name)
            # A row of as many waits for the row of its ordinal, any other for all.
            needed.update(rows if (len(self.rows[name]) == size and not whole) or not rows else range(size))
        self.spared[step.into] = set(range(size)) - needed

    def todo(self, step: Step) -> Sequence[int]:
        spared = self.spared[step.into]
        if step.on == "missing":
            return self.open(step.into)
        rows = sorted(self.differs[step.into]) if step.on == "differing" else range(len(self.rows[step.into]))
        return [at for at in rows if at not in spared] if spared else rows

    def asked_for(self, step: Step) -> bool:
        return not step.needed_for or any(self.open(name) for name in step.needed_for)

    def query(self, step: Step, savepoint: bool) -> Query:
        todo = self.todo(step)
        into = self.plan.bindings[step.into]
        parameters: list[Text] = []
        for kind, what in step.parameters:
            if kind == "number":
                parameters.append(str(len(todo)))
            elif into.times is None:
                parameters.append(self.one(kind, what, step.into, 0))
            else:
                parameters.append(array([self.one(kind, what, step.into, at) for at in todo]))
        return Query(step, parameters, savepoint and self.in_transaction)

    def one(self, kind: str, what: Any, into: str, at: int) -> Text:
        """One parameter of the row with the ordinal `at`."""
        if kind == "argument":
            argument = self.arguments[what]
            return argument[at] if isinstance(argument, list) else argument
        if kind == "text":
            text: Text = what
            return text
        if kind == "ordinals":
            return str(at)
        name, column = what
        there = at * len(self.rows[name]) // len(self.rows[into])
        if kind == "value":
            assert self.values is not None
            return self.values[name][column][there]
        row = self.rows[name][there]
        assert row is not None
        return row[self.plan.bindings[name].positions[column]]

    def request(self) -> dict[str, Any]:
        bindings = self.plan.bindings.values()
        return {
            "shape": self.plan.shape,
            "arguments": self.arguments,
            "count": self.count,
            "keys": {binding.key_of: self.rows[binding.name] for binding in bindings if binding.key_of},
            "missing": {binding.name: self.missing(binding.name) for binding in bindings},
        }

    def trouble(
        self, step: str, reason: str, ordinals: list[int], refusal: Refusal | None = None
    ) -> Generator[Action, Answer, BaseException]:
        """Gathers evidence and asks what it means; returns the exception to raise."""
        evidence = {}
        for each in self.plan.evidence:
            if self.asked_for(each) and self.todo(each) and (self.values is not None or not each.wants_values):
                try:
                    evidence[each.name] = yield self.query(each, True)
                except Refusal:
                    # What cannot be asked is no evidence.
                    continue
        fields = (refusal or Refusal()).fields
        trouble = {**fields, "step": step, "reason": reason, "ordinals": ordinals, "evidence": evidence}
        error: BaseException = yield Diagnosis({**trouble, "run": self.request()})
        return error

    def made(self) -> list[Made]:
        made = []
        for name, binding in self.plan.bindings.items():
            rows = [row for row in self.rows[name] if row is not None]
            if not binding.key_of and len(rows) == len(self.rows[name]):
                kept = Kept(binding.kept, sorted(self.kept[name])) if self.kept[name] else None
                made.append(Made(name, binding.table, binding.columns, rows, self.outcomes[name], kept))
        return made
