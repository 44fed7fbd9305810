"""`@seedbed.after("users")`: what a project does with each row of a table that was created.

Invariant: a hook runs once for each row that a `Make` of this process created, never for one that was there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Hook = TypeVar("Hook", bound=Callable[..., Any])

_HOOKS: dict[str, list[Callable[..., Any]]] = {}


def after(table: str) -> Callable[[Hook], Hook]:
    """Registers `hook(make, row)`. `make` is the one that made the row, on the same connection; on a connection of
    asyncio a hook may be a coroutine function. `table` is named as calls name it: `users`, `sales.users`.

    @seedbed.after("users")
    def with_a_post(make, user):
        make.posts(author=user, title="Hello")
    """

    def register(hook: Hook) -> Hook:
        hooks = _HOOKS.setdefault(table, [])
        # A module that is loaded again registers its hooks again.
        hooks[:] = [one for one in hooks if _identity(one) != _identity(hook)]
        hooks.append(hook)
        return hook

    return register


def hooks_of(table: str) -> list[Callable[..., Any]]:
    """The hooks of a table, in the order in which they were registered."""
    return list(_HOOKS.get(table, ()))


def _identity(hook: Callable[..., Any]) -> tuple[Any, ...]:
    name = getattr(hook, "__qualname__", None)
    if name is None or "<" in name:
        return (id(hook),)
    return getattr(hook, "__module__", None), name
