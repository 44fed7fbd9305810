"""Calls as tests write them. Each line that ends with `# error:` is one mypy has to refuse, with this text."""
# ruff: noqa: B018, T201

from __future__ import annotations

import enum
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from seedbed_types import AsyncMake, Make, PostsRow, UsersRow


class Mood(enum.Enum):
    FINE = "fine"


class Connection:
    async def execute(self, statement: str) -> str:
        return statement


def values(make: Make) -> None:
    alice = make.users(email="a@example.com", mood="fine", tags=["a"], born=date(2020, 1, 1), joined="2020-01-01")
    make.users(mood=Mood.FINE, balance=1, data={"a": [1]}, avatar=b"", pause=timedelta(1), span="[1,2)", name=None)
    make.users(balance=Decimal("1.5"), joined=datetime(2020, 1, 1), token="e7f8a1b2-0000-4000-8000-000000000000")
    email: str = alice.email
    joined: datetime = alice.joined
    balance: Decimal | None = alice.balance
    token: UUID | None = alice.token
    tags: list[str] = alice.tags
    print(email, joined, balance, token, tags, alice.outcome, alice["name"], alice.text("id"))
    make.users(emial="a@example.com")  # error: Unexpected keyword argument "emial"
    make.users(email=7)  # error: Argument "email"
    make.users(email=None)  # error: Argument "email"
    make.users(mood="bad")  # error: Argument "mood"
    make.users(twice=2)  # error: Unexpected keyword argument "twice"
    print(alice.emial)  # error: "UsersRow" has no attribute "emial"
    alice.email = "b@example.com"  # error: Property "email"


def tables(make: Make) -> None:
    make.usrs()  # error: "Make" has no attribute "usrs"
    make["usrs"]  # error: No overload variant
    make["Odd table"](post=make.posts(), post__title="x")
    make["sales.users"](a=1)
    make["public.users"](email="a@example.com")
    make["build"](str="a", table="b", keys="c", property="d", list=[1])
    row = make["build"].build(values="x")
    print(row.values, row.str, row.property, row.list, list(row.keys()))
    make.visits(visitor=make["sales.users"]())
    make.measures(at="2026-02-01", value=1.5)
    make.measures_2026()  # error: "Make" has no attribute "measures_2026"


def parents(make: Make, alice: UsersRow, post: PostsRow) -> None:
    make.posts(author=alice, editor=make.users.set(name="x"), title="t")
    make.posts(author__email="a@example.com", editor__name=None, editor=None)
    make.posts(author_id=alice, editor_id=3)
    make.posts(author=post)  # error: Argument "author"
    make.posts(author=None)  # error: Argument "author"
    make.posts(user=alice)  # error: Unexpected keyword argument "user"
    make.posts(author__emial="x")  # error: Unexpected keyword argument "author__emial"


def builders(make: Make) -> None:
    first: UsersRow = make.users.list(2, email=["a@example.com", "b@example.com"], name="x")[0]
    make.users.fresh(name="x").name
    make.users.fresh_list(3, tags=[["a"], ["b"]])
    make.users.with_(posts=3).with_(posts=make.posts.set(title="a").times(2))()
    make.users.key("email").policy("keep").scope("x")(email=first.email)
    make.users.with_(post=3)  # error: Unexpected keyword argument "post"
    make.users.key("emial")  # error: Argument 1 to "key"
    make.users.policy("kep")  # error: Argument 1 to "policy"
    make.users.set(emial="x")  # error: Unexpected keyword argument "emial"
    make.users.list(2, emial=["x"])  # error: Unexpected keyword argument "emial"


async def awaited(make: Make, connection: Connection, other: Any) -> None:
    on: AsyncMake = make.on(connection)
    alice = await on.users(email="a@example.com")
    posts: Awaitable[list[PostsRow]] = on.posts.list(2, author=alice)
    print([post.title for post in await posts], on.users.build().email)
    on.users().email  # error: "Awaitable[UsersRow]" has no attribute "email"
    make.on(object()).users().email
