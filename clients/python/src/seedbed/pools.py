"""What holds connections to a database that was replaced: emptied here, as far as it is known.

Its sessions have ended; a pool that still hands them out would fail the next test. Known are SQLAlchemy's engines,
Django's connections, pools of psycopg and asyncpg: whatever is alive in this process. `@seedbed.on_replaced` is for the
rest. Invariant: a library that is not imported is not imported here, and a failure of one pool keeps no other from
being emptied.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .lease import Lease

Hook = TypeVar("Hook", bound=Callable[..., Any])

_HOOKS: list[Callable[..., Any]] = []


def on_replaced(hook: Hook) -> Hook:
    """Registers `hook(lease)`, called after a rewind replaced the database, when the known pools are empty."""
    _HOOKS.append(hook)
    return hook


def empty(lease: Lease) -> None:
    """Empties every pool of this process that points to the lease's database, then calls the hooks.

    Raises the first error of a hook, after all of them were called.
    """
    emptying: dict[type, Callable[[Any, Lease], None]] = {}
    for name, kinds in _KNOWN:
        module = sys.modules.get(name)
        if module is not None:
            emptying.update(kinds(module))
    for pool, do_empty in _living(emptying) if emptying else ():
        _quietly(do_empty, pool, lease)
    django = sys.modules.get("django.db")
    # pytest-django imports it in any project; without settings there is nothing to ask.
    if django is not None and sys.modules["django.conf"].settings.configured:
        for connection in django.connections.all(initialized_only=True):
            _quietly(_close_django, connection, lease)
    failed: BaseException | None = None
    for hook in list(_HOOKS):
        try:
            hook(lease)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _quietly(do_empty: Callable[[Any, Lease], None], pool: Any, lease: Lease) -> None:
    try:
        do_empty(pool, lease)
    except Exception as error:
        import warnings

        kind = f"{type(pool).__module__}.{type(pool).__qualname__}"
        warnings.warn(
            f"cannot empty a {kind} after the database was replaced: {error}",
            RuntimeWarning,
            stacklevel=2,
        )


def _living(emptying: dict[type, Callable[[Any, Lease], None]]) -> Iterator[tuple[Any, Callable[[Any, Lease], None]]]:
    """The pools that are alive, with what empties them. Whoever made them, the garbage collector knows them; looking
    through a large program's objects takes some ten milliseconds, a replacement more."""
    import gc

    # By type, so that an object costs one look-up. `isinstance` would wake what a lazy proxy stands for.
    known: dict[type, Any] = {}
    for one in gc.get_objects():
        kind = type(one)
        if kind not in known:
            known[kind] = next((emptying[of] for of in kind.__mro__ if of in emptying), None)
        found = known[kind]
        if found is not None:
            yield one, found


def _dispose_engine(engine: Any, lease: Lease) -> None:
    if engine.dialect.name != "postgresql" or engine.url.database != lease.database:
        return
    # Connections of asyncio cannot be closed from here: they are dropped.
    engine.dispose(close=not engine.dialect.is_async)


def _close_django(connection: Any, lease: Lease) -> None:
    if connection.settings_dict.get("NAME") == lease.database:
        connection.close()


def _drain(pool: Any, lease: Lease) -> None:
    conninfo = str(pool.conninfo)
    # Where the database is named elsewhere, it may be this one; an empty pool fills itself again.
    if lease.database not in conninfo and "dbname" in conninfo:
        return
    from inspect import iscoroutinefunction

    asynchronous = iscoroutinefunction(pool.check)
    if hasattr(pool, "drain"):
        ended = pool.drain()
        if asynchronous:
            _at_once(ended)
    elif asynchronous:
        raise RuntimeError("it can only be emptied in its loop; pip install 'psycopg_pool>=3.3'")
    else:
        # Each is looked at, found broken, and replaced.
        pool.check()


def _expire(pool: Any, lease: Lease) -> None:
    _at_once(pool.expire_connections())


def _at_once(coroutine: Any) -> None:
    """Runs a coroutine that has nothing to wait for: whose loop it is, and whether that runs, does not matter."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("it waits for its loop: empty it in a hook, @seedbed.on_replaced")


def _of_psycopg(module: Any) -> dict[type, Callable[[Any, Lease], None]]:
    return {module.ConnectionPool: _drain, module.AsyncConnectionPool: _drain}


# Modules, and what of theirs is emptied how.
_KNOWN: tuple[tuple[str, Callable[[Any], dict[type, Callable[[Any, Lease], None]]]], ...] = (
    ("sqlalchemy.engine", lambda module: {module.Engine: _dispose_engine}),
    ("psycopg_pool", _of_psycopg),
    ("asyncpg.pool", lambda module: {module.Pool: _expire}),
)
