"""Connections of every driver, each as a test sees it: make, SQL, commit, rollback. Those of asyncio run in a loop of
their own, so that one test serves all."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import seedbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Place:
    """A connection. `sql` returns rows of text, `end` says how its transaction ends."""

    def __init__(self, lease: seedbed.Lease, connection: Any, wait: Callable[[Any], Any] = lambda value: value) -> None:
        self.connection = connection
        self.wait = wait
        self.make = Awaiting(seedbed.Make(lease).on(connection), wait)

    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def commit(self) -> None:
        self.wait(self.connection.commit())

    def rollback(self) -> None:
        self.wait(self.connection.rollback())


class Awaiting:
    """A `Make` or a builder whose calls are awaited if need be."""

    def __init__(self, made: Any, wait: Callable[[Any], Any]) -> None:
        self.made = made
        self.wait = wait

    def __getattr__(self, name: str) -> Any:
        return Awaiting(getattr(self.made, name), self.wait)

    def __getitem__(self, name: str) -> Any:
        return Awaiting(self.made[name], self.wait)

    def __call__(self, *arguments: Any, **columns: Any) -> Any:
        plain = {name: value.made if isinstance(value, Awaiting) else value for name, value in columns.items()}
        made = self.made(*arguments, **plain)
        if inspect.isawaitable(made):
            return self.wait(made)
        return Awaiting(made, self.wait) if isinstance(made, seedbed.Builder) else made


class OfCursor(Place):
    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


class OfAsyncPsycopg(Place):
    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            cursor = await self.connection.execute(sql)
            return list(await cursor.fetchall()) if cursor.description else []

        return list(self.wait(run()))


class OfAsyncpg(Place):
    def __init__(self, lease: seedbed.Lease, connection: Any, wait: Callable[[Any], Any]) -> None:
        super().__init__(lease, connection, wait)
        self.begin()

    def begin(self) -> None:
        self.transaction = self.connection.transaction()
        self.wait(self.transaction.start())

    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.wait(self.connection.fetch(sql))]

    def commit(self) -> None:
        self.wait(self.transaction.commit())
        self.begin()

    def rollback(self) -> None:
        self.wait(self.transaction.rollback())
        self.begin()


class OfSqlalchemy(Place):
    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        from sqlalchemy import text

        # A colon is a parameter's.
        result = self.wait(self.connection.execute(text(sql.replace(":", "\\:"))))
        return [tuple(row) for row in result] if result.returns_rows else []


class OfDjango(OfCursor):
    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()


@contextmanager
def psycopg(lease: seedbed.Lease) -> Iterator[Place]:
    import psycopg

    connection = psycopg.connect(lease.url)
    yield OfCursor(lease, connection)
    connection.close()


@contextmanager
def psycopg2(lease: seedbed.Lease) -> Iterator[Place]:
    import psycopg2

    connection = psycopg2.connect(lease.url)
    yield OfCursor(lease, connection)
    connection.close()


@contextmanager
def async_psycopg(lease: seedbed.Lease) -> Iterator[Place]:
    import psycopg

    with looping() as wait:
        connection = wait(psycopg.AsyncConnection.connect(lease.url))
        yield OfAsyncPsycopg(lease, connection, wait)
        wait(connection.close())


@contextmanager
def asyncpg(lease: seedbed.Lease) -> Iterator[Place]:
    import asyncpg

    with looping() as wait:
        connection = wait(asyncpg.connect(lease.url))
        yield OfAsyncpg(lease, connection, wait)
        wait(connection.close())


@contextmanager
def sqlalchemy_connection(lease: seedbed.Lease, driver: str = "psycopg") -> Iterator[Place]:
    from sqlalchemy import create_engine

    engine = create_engine(of_scheme(lease, driver))
    with engine.connect() as connection:
        yield OfSqlalchemy(lease, connection)
    engine.dispose()


@contextmanager
def sqlalchemy_session(lease: seedbed.Lease, driver: str = "psycopg2") -> Iterator[Place]:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(of_scheme(lease, driver))
    with Session(engine) as session:
        yield OfSqlalchemy(lease, session)
    engine.dispose()


@contextmanager
def async_sqlalchemy_connection(lease: seedbed.Lease, driver: str = "asyncpg") -> Iterator[Place]:
    from sqlalchemy.ext.asyncio import create_async_engine

    with looping() as wait:
        engine = create_async_engine(of_scheme(lease, driver))
        connection = wait(engine.connect().start())
        yield OfSqlalchemy(lease, connection, wait)
        wait(connection.close())
        wait(engine.dispose())


@contextmanager
def async_sqlalchemy_session(lease: seedbed.Lease, driver: str = "psycopg") -> Iterator[Place]:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    with looping() as wait:
        engine = create_async_engine(of_scheme(lease, driver))
        session = AsyncSession(engine)
        yield OfSqlalchemy(lease, session, wait)
        wait(session.close())
        wait(engine.dispose())


@contextmanager
def django(lease: seedbed.Lease) -> Iterator[Place]:
    connection = django_connection(lease)
    connection.set_autocommit(False)
    yield OfDjango(lease, connection)
    connection.rollback()
    connection.close()


def django_connection(lease: seedbed.Lease) -> Any:
    """The default connection of a project without applications. Its settings are those of the first lease."""
    import django as project
    from django.conf import settings

    if not settings.configured:
        at = urlsplit(lease.url)
        settings.configure(
            USE_TZ=True,
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.postgresql",
                    "NAME": at.path[1:],
                    "HOST": at.hostname,
                    "PORT": at.port,
                    "USER": at.username,
                    "PASSWORD": at.password,
                    "OPTIONS": {name: values[0] for name, values in parse_qs(at.query).items()},
                }
            },
        )
        project.setup()
    from django.db import connection

    return connection


@contextmanager
def looping() -> Iterator[Callable[[Any], Any]]:
    loop = asyncio.new_event_loop()

    def wait(value: Any) -> Any:
        async def whole() -> Any:
            return await value

        return loop.run_until_complete(whole()) if inspect.isawaitable(value) else value

    yield wait
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def of_scheme(lease: seedbed.Lease, driver: str) -> str:
    return f"postgresql+{driver}://" + lease.url.split("://", 1)[1]


PLACES = {
    "psycopg": psycopg,
    "psycopg2": psycopg2,
    "psycopg async": async_psycopg,
    "asyncpg": asyncpg,
    "SQLAlchemy connection": sqlalchemy_connection,
    "SQLAlchemy session": sqlalchemy_session,
    "SQLAlchemy async connection": async_sqlalchemy_connection,
    "SQLAlchemy async session": async_sqlalchemy_session,
    "Django": django,
}


def count(lease: seedbed.Lease, table: str = "users") -> int:
    """As another session sees it."""
    import psycopg

    with psycopg.connect(lease.url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[call-overload]
        assert row is not None
        return int(row[0])
