"""Scenarios: named graphs of rows, written once and asked for by name.

@seedbed.scenario
def thread(make, comments=2):
    post = make.posts(author__email="alice@example.com", title="Hello")
    make.comments.list(comments, post=post)
    return post

Invariant: a scenario runs once for each set of parameters in the life of a `Scenarios`, which is that of a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import CannotMake
from .errors import is_told as __tracebackhide__  # noqa: F401

if TYPE_CHECKING:
    from .make import Make

Graph = TypeVar("Graph", bound=Callable[..., Any])

_SCENARIOS: dict[str, Callable[..., Any]] = {}


def scenario(graph: Graph) -> Graph:
    """Registers a function `graph(make, **parameters)` under its name. It stays a function that can be called."""
    _SCENARIOS[graph.__name__] = graph
    return graph


class Scenarios:
    """`scenario("thread", comments=3)` or `scenario.thread(comments=3)`."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._done: dict[Any, Any] = {}

    def __call__(self, name: str, /, **parameters: Any) -> Any:
        """What the scenario returns; the same object for the same parameters. Awaited where it is a coroutine.

        Raises CannotMake for a name that nobody registered.
        """
        graph = _SCENARIOS.get(name)
        if graph is None:
            raise CannotMake(
                f"there is no scenario {name!r}; those that are imported: {', '.join(sorted(_SCENARIOS)) or 'none'}",
                hints=["@seedbed.scenario   # above a function, in a module that the tests import"],
            )
        key = (name, tuple(sorted((name, _key(value)) for name, value in parameters.items())))
        if key not in self._done:
            made = graph(self._make, **parameters)
            self._done[key] = _Once(made) if hasattr(made, "__await__") else made
        done = self._done[key]
        return done.get() if isinstance(done, _Once) else done

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda **parameters: self(name, **parameters)


class _Once:
    """A coroutine that can be awaited any number of times: it runs with the first."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine
        self._done = False
        self._result: Any = None

    async def get(self) -> Any:
        if not self._done:
            self._result, self._done = await self._coroutine, True
        return self._result


def _key(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return type(value).__name__, repr(value)
    return type(value).__name__, value
