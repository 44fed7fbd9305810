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
    for name, pools in _KNOWN:
        module = sys.modules.get(name)
        if module is not None:
            for pool, close in pools(module, lease):
                _quietly(close, pool)
    failed: BaseException | None = None
    for hook in list(_HOOKS):
        try:
            hook(lease)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _quietly(close: Callable[[Any], Any], pool: Any) -> None:
    try:
        close(pool)
    except Exception as error:
        import warnings

        kind = f"{type(pool).__module__}.{type(pool).__qualname__}"
        warnings.warn(
            f"cannot empty a {kind} after the database was replaced: {error}",
            RuntimeWarning,
            stacklevel=2,
        )


def _living(kind: type) -> Iterator[Any]:
    """Objects of a class. A replacement is rare and costs a hundred times what it costs to look for them."""
    import gc

    for one in gc.get_objects():
        # Of a proxy that pretends, `isinstance` would wake what it stands for.
        if issubclass(type(one), kind):
            yield one


def _engines(module: Any, lease: Lease) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    # Those of asyncio are blocking ones below, whose connections cannot be closed from here: they are dropped.
    for engine in _living(module.Engine):
        if engine.dialect.name == "postgresql" and engine.url.database == lease.database:
            asynchronous = engine.dialect.is_async
            yield (
                engine,
                (lambda engine: engine.dispose(close=False)) if asynchronous else (lambda engine: engine.dispose()),
            )


def _django(module: Any, lease: Lease) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    for connection in module.connections.all(initialized_only=True):
        if connection.settings_dict.get("NAME") == lease.database:
            yield connection, lambda connection: connection.close()


def _psycopg_pools(module: Any, lease: Lease) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    for kind in (module.ConnectionPool, module.AsyncConnectionPool):
        for pool in _living(kind):
            # Where the database is named elsewhere, it may be this one; an empty pool fills itself again.
            if lease.database in str(pool.conninfo) or "dbname" not in str(pool.conninfo):
                yield pool, _drain


def _drain(pool: Any) -> None:
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


def _asyncpg_pools(module: Any, lease: Lease) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    for pool in _living(module.Pool):
        yield pool, lambda pool: _at_once(pool.expire_connections())


def _at_once(coroutine: Any) -> None:
    """Runs a coroutine that has nothing to wait for: whose loop it is, and whether that runs, does not matter."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("it waits for its loop: empty it in a hook, @seedbed.on_replaced")


_KNOWN: tuple[tuple[str, Callable[[Any, Lease], Iterator[tuple[Any, Callable[[Any], Any]]]]], ...] = (
    ("sqlalchemy.engine", _engines),
    ("django.db", _django),
    ("psycopg_pool", _psycopg_pools),
    ("asyncpg.pool", _asyncpg_pools),
)
