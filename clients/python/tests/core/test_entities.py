"""Objects of an ORM as parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import seedbed

from .places import django_connection, of_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def session(lease: seedbed.Lease) -> Iterator[Any]:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(of_scheme(lease, "psycopg"))
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def user_class() -> Any:
    from sqlalchemy import BigInteger, Identity, Text
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        # An attribute of another name than its column.
        number = mapped_column("id", BigInteger, Identity(), primary_key=True)
        email = mapped_column(Text)

    return User


def test_an_object_of_sqlalchemy(session: Any, make: seedbed.Make, user_class: Any) -> None:
    alice = user_class(email="alice@example.com")
    with pytest.raises(seedbed.CannotMake, match=r"posts.author: this .*User has no row yet"):
        make.posts(author=alice)
    session.add(alice)
    session.flush()
    on = make.on(session)
    assert on.posts(author=alice, title="x").author_id == alice.number
    assert on.posts(author_id=alice, title="y").author_id == alice.number
    session.commit()
    # Expired, then detached: its key is known.
    number = alice.number
    session.expire(alice)
    session.expunge(alice)
    assert make.posts(author=alice, title="z").author_id == number
    with pytest.raises(seedbed.CannotMake, match="refers to posts, and what was passed is of"):
        make.comments(post=alice, text="x")


def test_an_object_of_django(lease: seedbed.Lease, make: seedbed.Make) -> None:
    django_connection(lease)
    from django.db import models

    class User(models.Model):
        id = models.BigAutoField(primary_key=True)
        email = models.TextField()

        class Meta:
            app_label = "core"
            db_table = "users"
            managed = False

    alice = make.users(email="alice@example.com")
    found = User.from_db("default", ["id", "email"], [alice.id, alice.email])
    assert make.posts(author=found, title="x").author_id == alice.id
    with pytest.raises(seedbed.CannotMake, match="has no row yet"):
        make.posts(author=User(email="b@example.com"))


@pytest.mark.parametrize("value", [5, "x"])
def test_what_is_no_row_is_told_what_to_pass(anywhere: seedbed.Make, value: object) -> None:
    with pytest.raises(seedbed.CannotMake, match=r"posts.author is a reference to users: pass a row, or author_id=…"):
        anywhere.posts(author=value)
