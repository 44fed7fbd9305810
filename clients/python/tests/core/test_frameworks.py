"""What SQLAlchemy and Django do around the driver's connection."""

from __future__ import annotations

import pytest

import seedbed

from .places import count


def test_django_outside_atomic_commits_each_call(lease: seedbed.Lease) -> None:
    from .places import django_connection

    connection = django_connection(lease)
    make = seedbed.Make(lease).on(connection)
    make.posts(title="Hello")
    assert count(lease, "posts") == 1
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make.posts(title="Goodbye")
        raise ZeroDivisionError
    assert count(lease, "posts") == 1
    connection.close()


def test_a_session_s_pending_objects_are_there_for_the_rows(lease: seedbed.Lease) -> None:
    from sqlalchemy import BigInteger, Text, create_engine
    from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

    from .places import of_scheme

    class Base(DeclarativeBase):
        pass

    class Company(Base):
        __tablename__ = "companies"
        id = mapped_column(BigInteger, primary_key=True)
        name = mapped_column(Text)

    engine = create_engine(of_scheme(lease, "psycopg"))
    with Session(engine) as session:
        company = Company(name="Acme")
        session.add(company)
        user = seedbed.Make(lease).on(session).users(company_id=None, email="a@example.com")
        assert user.company_id is None
        assert company.id is not None
        session.rollback()
    engine.dispose()


def test_a_session_that_joins_a_transaction_of_a_connection(lease: seedbed.Lease) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    from .places import of_scheme

    engine = create_engine(of_scheme(lease, "psycopg"))
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            seedbed.Make(lease).on(session).users(email="a@example.com")
            session.commit()
            seedbed.Make(lease).on(session).users(email="b@example.com")
            session.rollback()
        assert connection.execute(text("SELECT email FROM users")).fetchall() == [("a@example.com",)]
        outer.rollback()
    assert count(lease) == 0
    engine.dispose()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_engines_that_commit_each_statement(lease: seedbed.Lease, driver: str) -> None:
    import asyncio

    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import create_async_engine

    from .places import of_scheme

    async def run() -> None:
        engine = create_async_engine(of_scheme(lease, driver), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            assert (await seedbed.Make(lease).on(connection).posts(title="x")).outcome == "created"
            assert count(lease, "posts") == 1
        await engine.dispose()

    if driver == "asyncpg":
        asyncio.run(run())
        return
    engine = create_engine(of_scheme(lease, driver), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        assert seedbed.Make(lease).on(connection).posts(title="x").outcome == "created"
        assert count(lease, "posts") == 1
    engine.dispose()
