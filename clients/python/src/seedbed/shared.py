"""`@seedbed.shared`: a fixture of pytest whose data is built once and is there, committed, in every test of its scope.

Invariant: what it built is taken back when its scope ends, and never before without the fixture being finished as well:
then it is called again for the next test that asks.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Generator

    from .worker import Worker

# What a shared fixture may ask for that is of a test's scope in tests: here, everything is committed.
_OURS = ("db", "make", "scenario")
_WORKER = "_seedbed_worker"


def shared(function: Callable[..., Any] | None = None, *, scope: str = "module", **fixture: Any) -> Any:
    """Decorates a function as a fixture of `scope`: class, module, package or session.

    It may ask for `make`, `scenario` and `db` like a test, and for any fixture of its scope or wider; what it makes is
    committed. It may be `async` if it returns. Further arguments are those of `pytest.fixture`.

        @seedbed.shared(scope="module")
        def catalogue(make):
            return make.products.list(10)
    """
    import pytest

    if scope not in ("class", "module", "package", "session"):
        raise ValueError(
            f'a shared fixture cannot have the scope "{scope}": what a single test needs, it makes itself\n'
            '  @seedbed.shared(scope="module")   # or class, package, session'
        )

    def decorate(function: Callable[..., Any]) -> Any:
        return pytest.fixture(scope=scope, **fixture)(_fixture(function))  # type: ignore[call-overload]

    return decorate if function is None else decorate(function)


def _fixture(function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        raise ValueError(
            f"{function.__name__} is shared and cannot be an async generator: its loop ends before the tests begin\n"
            "  return the rows instead of yielding them"
        )
    signature = inspect.signature(function)
    wanted = list(signature.parameters)

    @functools.wraps(function)
    def build(*bound: Any, **given: Any) -> Generator[Any, None, None]:
        from .pytest_turns import told

        worker: Worker = given.pop(_WORKER)
        request = given["request"] if "request" in wanted else given.pop("request")
        definition = request._fixturedef  # noqa: SLF001 - pytest has no public way to end a fixture early.
        layer = told(lambda: worker.layers.lay(_called(definition), lambda: definition.finish(request)))
        borrowed = _Borrowed(worker, definition.argname)
        running: Any = None
        try:
            given.update((name, borrowed.of(name)) for name in _OURS if name in wanted)
            made = function(*bound, **given)
            if inspect.isgenerator(made):
                running, made = made, next(made)
            elif inspect.iscoroutine(made):
                import asyncio

                made = asyncio.run(made)
            borrowed.commit()
            layer.built = True
            yield made
            if running is not None:
                next(running, None)
        finally:
            borrowed.end()
            worker.layers.lift(layer)

    kept = [p for name, p in signature.parameters.items() if name not in _OURS]
    for name in (_WORKER, "request"):
        if name not in wanted:
            kept.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY))
    kept.sort(key=lambda parameter: parameter.kind)
    build.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return build


def _called(definition: Any) -> str:
    place = f" of {definition.baseid}" if definition.baseid else ""
    return f"the fixture {definition.argname} (scope {definition.scope}){place}"


class _Borrowed:
    """What a shared fixture is given of the worker's: committing, and apart from a test that already runs."""

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        self._name = name
        self._connection: Any = None
        self._own = False

    def of(self, name: str) -> Any:
        if name == "db":
            self._own = self._worker.connection.lent
            kept = self._worker.connection
            self._connection = kept.another(self._name) if self._own else kept.lend(self._name)
            return self._connection
        from .make import Make

        make = Make(self._worker.lease())
        if name == "make":
            return make
        from .scenario import Scenarios

        return Scenarios(make)

    def commit(self) -> None:
        if self._connection is not None:
            self._connection.commit()

    def end(self) -> None:
        if self._connection is None:
            return
        if self._own:
            self._connection.close()
        else:
            self._worker.connection.give_back()
