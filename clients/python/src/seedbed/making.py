"""How a call becomes rows, without touching a connection: a generator, as the interpreter of plans is.

Invariants: a plan is asked for once for each form of call and template, so a row that is there costs its look-up and
nothing else; a shape that the service does not know any more is asked for again, once; what a value was refused for in
a plan made for other values is judged again with a plan made for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .action import Diagnosis, Query, Values
from .after import hooks_of
from .call import Call, all_fit, call_of
from .errors import CannotMake, Refused, SeedbedError, of_problem
from .errors import is_told as __tracebackhide__  # noqa: F401
from .fresh import ATTEMPTS, Ahead, is_taken
from .interpreter import run
from .kept_values import warn_of
from .parents import concerns, explained, resolve
from .plan import Made, Plan
from .row import Layout, Row, name_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .builder import Builder
    from .call import Argument
    from .lease import Lease
    from .make import Make
    from .site import Site

# Plans that are kept for one template. A suite has some hundreds of forms.
_KEPT = 2048


class Open(NamedTuple):
    """Wants the driver for the call."""


class Hook(NamedTuple):
    """Wants a hook to be called."""

    hook: Callable[[Make, Row], Any]
    make: Make
    row: Row


OPEN = Open()


class Known:
    """A plan and what is needed to run it for other values. `shared`: whether the values decided nothing so far."""

    __slots__ = ("layouts", "plan", "types")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.layouts = {name: Layout(binding.table, binding.columns) for name, binding in plan.bindings.items()}
        columns = plan.bindings[plan.result].columns
        self.types = {column["name"]: column["type"] for column in columns}


def rows(site: Site, builder: Builder, count: int | None) -> Generator[Any, Any, list[Row]]:
    """Makes the rows of a builder, parents first, and runs the hooks of those that were created."""
    try:
        return (yield from _rows(site, builder, count))
    except Refused as error:
        better = explained(site, builder.table, builder.values)
        if better is None:
            raise
        raise better from error


def _rows(site: Site, builder: Builder, count: int | None) -> Generator[Any, Any, list[Row]]:
    values = builder.values
    if any(concerns(name, value) for name, value in values.items()):
        values = yield from resolve(site, builder.table, values)
    fresh = builder.options.get("fresh", False)
    if site.open is not None:
        # Fresh rows are counted, so one of them is a list of one.
        call = call_of(site.lease, builder, values, 1 if fresh and count is None else count)
        driver = yield OPEN
        in_transaction = driver.in_transaction()
        if fresh and in_transaction:
            made, result, layouts = yield from _fresh(site, call, values)
        else:
            made, result, layouts = yield from _run(site.lease, call, values, in_transaction)
    else:
        call = call_of(site.lease, builder, values, count)
        made = [Made.of(one) for one in site.lease.make(call.said)]
        result, layouts = result_of(site.lease, call.said, made), {}
    related: list[tuple[str, list[Row]]] = []
    outcomes: dict[int, list[str]] = {}
    found: list[Row] = []
    for one in made:
        of_binding = rows_of(one, layouts.get(one.binding), related)
        related.append((name_of(one.table), of_binding))
        if one.kept:
            warn_of(name_of(one.table), one.kept)
        outcomes[id(of_binding)] = one.outcomes
        if one.binding == result:
            found = of_binding
    for table, of_binding in related:
        hooks = hooks_of(table)
        for row, outcome in zip(of_binding, outcomes[id(of_binding)]):
            if outcome == "created":
                site.created[table] = site.created.get(table, 0) + 1
                for hook in hooks:
                    yield Hook(hook, site.make, row)
    return found


def _fresh(site: Site, call: Call, values: dict[str, Any]) -> Generator[Any, Any, Any]:
    """Fresh rows in a transaction of the caller's: see the module of this name."""
    skipped = site.created.get(call.said["table"], 0)
    for _ in range(ATTEMPTS):
        try:
            return (yield from _run(site.lease, call, values, True, (site.ahead, skipped)))
        except CannotMake as error:
            if not is_taken(error):
                raise
            taken = error
            skipped += max(1, skipped)
    raise taken


def result_of(lease: Lease, said: dict[str, Any], made: list[Made]) -> str:
    """Which of the bindings is what was asked for."""
    if len(made) == 1 or any(one.binding == said["table"] for one in made):
        return made[0].binding if len(made) == 1 else str(said["table"])
    # A view's rows go by its table's name; the plan says which.
    return str(lease.plan(said)["plan"]["result"])


def built(site: Site, builder: Builder) -> Row:
    """The row of a builder as it would be, without writing."""
    said = call_of(site.lease, builder, builder.values, None).said
    made = [Made.of(one) for one in site.lease.build(said)]
    result = result_of(site.lease, said, made)
    return next(rows_of(one)[0] for one in made if one.binding == result)


def _run(
    lease: Lease, call: Call, values: dict[str, Any], in_transaction: bool, fresh: tuple[Ahead, int] | None = None
) -> Generator[Any, Any, tuple[list[Made], str, dict[str, Layout]]]:
    known, arguments = _known(lease, call)
    cached = known is not None
    if known is None:
        known, arguments = _ask(lease, call)
    try:
        made = yield from _attempt(lease, known, call, values, arguments, in_transaction, fresh)
    except (Refused, CannotMake) as error:
        if error.code != "unknown_shape" and not cached:
            raise
        shape = known.plan.shape
        known, arguments = _ask(lease, call)
        if error.code != "unknown_shape":
            if known.plan.shape == shape:
                raise
            # The same form, another plan: from now on the values belong to its name.
            lease.memory.setdefault("deciding", set()).add(call.form)
            _keep(lease, call, known, arguments)
        made = yield from _attempt(lease, known, call, values, arguments, in_transaction, fresh)
    return made, known.plan.result, known.layouts


def _attempt(
    lease: Lease,
    known: Known,
    call: Call,
    values: dict[str, Any],
    arguments: dict[str, Argument],
    in_transaction: bool,
    fresh: tuple[Ahead, int] | None,
) -> Generator[Any, Any, list[Made]]:
    """Runs a plan; what concerns the service is done here."""
    # A look-up has a savepoint because a value may be none of its column's type. Where each evidently is one, the two
    # statements around it are saved.
    fitting = in_transaction and all_fit(known.types, values, call.arguments)
    result = known.plan.result
    going = run(known.plan, arguments, call.said.get("count", 1), in_transaction)
    try:
        action = next(going)
        while True:
            try:
                answer: Any
                if type(action) is Values and fresh:
                    ahead, skipped = fresh
                    answer = ahead.values(lease, known.plan, action.request, skipped)
                elif type(action) is Values:
                    answer = lease.values(action.request)
                elif type(action) is Diagnosis:
                    answer = _error(lease.diagnosis(action.trouble))
                else:
                    if fitting and type(action) is Query and action.step.looks_up and action.step.into == result:
                        action.savepoint = False
                    answer = yield action
            except BaseException as error:
                action = going.throw(error)
            else:
                action = going.send(answer)
    except StopIteration as done:
        made: list[Made] = done.value
        return made


def _known(lease: Lease, call: Call) -> tuple[Known | None, dict[str, Argument]]:
    """The plan of the call's form, if it is known."""
    if call.form is None:
        return None, {}
    found = lease.memory.get(_name(lease, call))
    return found, {**call.arguments, **call.children} if call.children else call.arguments


def _ask(lease: Lease, call: Call) -> tuple[Known, dict[str, Argument]]:
    planned = lease.plan(call.said)
    known = Known(Plan(planned["plan"]))
    arguments: dict[str, Argument] = planned["arguments"]
    _keep(lease, call, known, arguments)
    return known, arguments


def _keep(lease: Lease, call: Call, known: Known, arguments: dict[str, Argument]) -> None:
    # Only if the arguments have the names that were guessed; those of views and of children may not.
    if call.form is not None and arguments == {**call.arguments, **call.children}:
        if len(lease.memory) > _KEPT:
            lease.memory.clear()
        lease.memory[_name(lease, call)] = known


def _name(lease: Lease, call: Call) -> Any:
    if call.form in lease.memory.get("deciding", ()):
        return call.form, tuple(call.arguments.values()), tuple(call.children.values())
    return call.form


def _error(said: dict[str, Any]) -> SeedbedError:
    return of_problem({**said, "code": "cannot_make"})
