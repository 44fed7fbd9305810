"""Calls: committed or on a connection, composed, with parents, hooks and scenarios."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

import seedbed


@pytest.fixture(params=["committed", "on a connection"])
def anywhere(request: pytest.FixtureRequest, make: seedbed.Make, connection: Any) -> seedbed.Make:
    return make if request.param == "committed" else make.on(connection)


@pytest.fixture
def on(make: seedbed.Make, connection: Any) -> seedbed.Make:
    return make.on(connection)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package's own names stand before its modules' names.
    monkeypatch.setattr(import_module("seedbed.after"), "_HOOKS", {})
    monkeypatch.setattr(import_module("seedbed.scenario"), "_SCENARIOS", {})


def test_the_same_call_is_the_same_row(anywhere: seedbed.Make) -> None:
    first = anywhere.users(email="alice@example.com")
    again = anywhere.users(email="alice@example.com")
    assert (first.outcome, again.outcome, again) == ("created", "matched", first)
    assert anywhere.users(email="alice@example.com", name="Alice").outcome == "updated"
    assert anywhere.users().id == anywhere.users().id


def test_committed_rows_are_there_for_others(make: seedbed.Make, connection: Any) -> None:
    make["sales.orders"](number="1")
    assert connection.execute("SELECT number FROM sales.orders").fetchall() == [("1",)]
    assert make["sales.orders"](number="1").table == "sales.orders"


def test_lists_children_and_fresh_rows(anywhere: seedbed.Make) -> None:
    users = anywhere.users.list(2, email=["a@example.com", "b@example.com"])
    assert [user.email for user in users] == ["a@example.com", "b@example.com"]
    assert anywhere.users.fresh(name="New").id != anywhere.users.fresh(name="New").id
    company = anywhere.companies.with_(users=anywhere.users.set(name="Hand").times(2))(name="Acme")
    assert [user.name for user in company.related("users")] == ["Hand", "Hand"]
    assert company.related("users")[0].related("companies") == [company]


def test_a_call_of_a_known_form_asks_for_nothing(on: seedbed.Make, monkeypatch: pytest.MonkeyPatch) -> None:
    on.users(email="alice@example.com")
    on.companies.with_(users=on.users.set(name="Hand").times(2))(name="Acme")
    asked: list[str] = []
    real = seedbed.Client.post

    def post(self: seedbed.Client, path: str, body: dict[str, Any]) -> Any:
        asked.append(path)
        return real(self, path, body)

    monkeypatch.setattr(seedbed.Client, "post", post)
    assert on.users(email="alice@example.com").outcome == "matched"
    assert on.users(email="bob@example.com").outcome == "created"
    assert asked == []
    # Rows are found by generated values where nothing else tells them apart.
    assert on.companies.with_(users=on.users.set(name="Hand").times(2))(name="Acme").outcome == "matched"
    assert asked == ["/v1/values"]


def test_builders_are_composed_and_never_change(on: seedbed.Make) -> None:
    plain = on.users
    named = plain.set(name="Alice")
    kept = named.policy("keep").key("email").scope("one")
    assert (plain.values, named.values, named.options) == ({}, {"name": "Alice"}, {})
    assert kept.options == {"policy": "keep", "key": ["email"], "scope": "one"}
    kept(email="a@example.com")
    assert kept.set(name="Bob")(email="a@example.com").name == "Alice"
    assert "Alice" not in repr(kept)
    assert on.users.scope("one")().email != on.users.scope("two")().email


def test_nested_builders(anywhere: seedbed.Make) -> None:
    reader = anywhere.users(email="r@example.com")
    post = anywhere.posts.with_(comments=[anywhere.comments.set(text="first"), anywhere.comments.set(text="second")])
    made = post(author=reader, title="Hello")
    assert sorted(row["text"] for row in made.related("comments")) == ["first", "second"]
    assert {row.post for row in made.related("comments")} == {made.id}


@pytest.mark.parametrize(
    ("wish", "said"),
    [("three", "wants a number or a builder, not a str"), (True, "wants a number"), (None, "wants a number")],
)
def test_children_are_numbers_or_builders(on: seedbed.Make, wish: Any, said: str) -> None:
    with pytest.raises(seedbed.CannotMake, match=said):
        on.companies.with_(users=wish)
    with pytest.raises(seedbed.CannotMake, match="wants a builder of users, not of posts"):
        on.companies.with_(users=on.posts)
    with pytest.raises(seedbed.CannotMake, match="no policy 'kepe'"):
        on.users.policy("kepe")


def test_a_row_that_is_built_is_not_there(make: seedbed.Make, connection: Any) -> None:
    built = make.users.build(email="alice@example.com")
    assert built.email == "alice@example.com"
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_errors_keep_the_service_s_hint(anywhere: seedbed.Make) -> None:
    for _ in range(2):
        with pytest.raises(seedbed.Refused, match="users has no column emial") as column:
            anywhere.users(emial="x")
        assert column.value.hints == ["seedbed make users email=…"]
        with pytest.raises(seedbed.Refused, match="no table userz") as table:
            anywhere.userz()
        assert table.value.hints == ["seedbed make users"]
        with pytest.raises(seedbed.SeedbedError, match="company"):
            anywhere.users(email="a@example.com", company_id=999)


# Parents.


@pytest.mark.parametrize("name", ["company", "company_id", "companies", "users_company_id_fkey"])
def test_a_parent_goes_by_several_names(anywhere: seedbed.Make, name: str) -> None:
    acme = anywhere.companies(name="Acme")
    assert anywhere.users(email="a@example.com", **{name: acme}).company_id == acme.id
    assert anywhere.users(email="b@example.com", **{name: anywhere.companies.set(name="Acme")}).company_id == acme.id
    if name != "company_id":
        assert anywhere.users(email="b@example.com", **{name: None}).company_id is None
    assert anywhere.users(email="c@example.com", **{f"{name}__name": "Bolt"}).company_id != acme.id


def test_parents_of_parents(anywhere: seedbed.Make) -> None:
    post = anywhere.posts(title="Hello", author__email="a@example.com", author__company__name="Acme")
    author = anywhere.users(email="a@example.com")
    assert (post.author_id, author.outcome) == (author.id, "matched")
    assert author.company_id == anywhere.companies(name="Acme").id
    comment = anywhere.comments(post=post, text="x")
    assert comment.post == post.id
    assert anywhere["sales.orders"](number="1", buyer=author).buyer_id == author.id


def test_a_parent_that_several_foreign_keys_may_mean_is_not_guessed(anywhere: seedbed.Make) -> None:
    alice = anywhere.users(email="a@example.com")
    with pytest.raises(seedbed.CannotMake, match="several foreign keys that user may mean") as several:
        anywhere.posts(user=alice)
    assert several.value.hints == ["make.posts(author=make.users())", "make.posts(editor=make.users())"]
    post = anywhere.posts(author=alice, editor=None, title="x")
    assert (post.author_id, post.editor_id) == (alice.id, None)


def test_a_parent_of_another_table_is_refused(anywhere: seedbed.Make) -> None:
    acme = anywhere.companies(name="Acme")
    with pytest.raises(seedbed.CannotMake, match="refers to users, and what was passed is of companies"):
        anywhere.posts(author=acme)
    with pytest.raises(seedbed.CannotMake, match="posts has no foreign key company") as none:
        anywhere.posts(company=acme)
    assert none.value.hints == ["make.posts(author=make.users())", "make.posts(editor=make.users())"]
    with pytest.raises(seedbed.CannotMake, match="as a whole and in parts"):
        anywhere.posts(author=anywhere.users(), author__email="x@example.com")


# What the service does not know any more.


def test_a_shape_of_another_schema_is_asked_for_again(make: seedbed.Make) -> None:
    import psycopg

    with psycopg.connect(make.lease.url, autocommit=True) as connection:
        on = make.on(connection)
        on.users(email="a@example.com")
        connection.execute("ALTER TABLE users ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
        connection.execute("ALTER TABLE users ALTER COLUMN since DROP DEFAULT")
        # The service looks at the schema, and forgets the shape.
        make.companies(name="Acme")
        assert on.users(email="b@example.com").outcome == "created"
        assert on.users(email="c@example.com").since is not None


def test_a_schema_that_changed_behind_the_service_is_looked_at_again(make: seedbed.Make) -> None:
    import psycopg

    with psycopg.connect(make.lease.url) as connection:
        on = make.on(connection)
        on.users(email="a@example.com")
        connection.commit()
        connection.execute("ALTER TABLE users ADD COLUMN since date NOT NULL DEFAULT '2026-01-01'")
        connection.execute("ALTER TABLE users ALTER COLUMN since DROP DEFAULT")
        connection.commit()
        assert on.users(email="b@example.com").outcome == "created"
        connection.rollback()


def test_values_that_decide_which_key_counts_are_judged_again(on: seedbed.Make) -> None:
    """`accounts_open` is unique where not closed."""
    first = on.accounts(owner="Alice", closed=False, note="a")
    closed = on.accounts(owner="Alice", closed=True, note="b")
    assert closed.id != first.id
    assert on.accounts(owner="Alice", closed=False, note="c").id == first.id
    assert on.accounts(owner="Alice", closed=True, note="b").id == closed.id
    assert on.accounts(owner="Alice", closed=True, note="d").id not in (first.id, closed.id)
    assert on.accounts(owner="Bob", closed=True, note="e").outcome == "created"
    assert on.accounts(owner="Bob", closed=False, note="f").outcome == "created"


# Hooks and scenarios.


def test_hooks_run_once_for_each_row_that_was_created(anywhere: seedbed.Make) -> None:
    seen: list[str] = []

    @seedbed.after("users")
    def greet(make: seedbed.Make, user: seedbed.Row) -> None:
        seen.append(user.email)
        make.posts(author=user, title="Hello")

    anywhere.users(email="a@example.com")
    anywhere.users(email="a@example.com")
    anywhere.companies.with_(users=2)(name="Acme")
    assert len(seen) == len(set(seen)) == 3
    assert anywhere.posts(author=anywhere.users(email="a@example.com"), title="Hello").outcome == "matched"
    assert len(seen) == 3


def test_a_hook_s_error_is_the_caller_s(anywhere: seedbed.Make) -> None:
    @seedbed.after("users")
    def fail(make: seedbed.Make, user: seedbed.Row) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        anywhere.users(email="a@example.com")


def test_a_module_that_is_loaded_again_does_not_hook_twice(make: seedbed.Make) -> None:
    code = "import seedbed\n@seedbed.after('users')\ndef greet(make, user): seen.append(user.id)\n"
    seen: list[int] = []
    for _ in range(2):
        exec(code, {"seen": seen, "__name__": "hooks"})
    make.users()
    assert len(seen) == 1


def test_hooks_of_asyncio_are_awaited(lease: seedbed.Lease) -> None:
    import asyncio

    import asyncpg

    seen: list[str] = []

    @seedbed.after("users")
    async def greet(make: seedbed.Make, user: seedbed.Row) -> None:
        seen.append((await make.posts(author=user, title="Hello")).title)

    async def run() -> None:
        connection = await asyncpg.connect(lease.url)
        post = await seedbed.Make(lease).on(connection).posts(author__email="a@example.com", title="Mine")
        assert post.outcome == "created"
        await connection.close()

    asyncio.run(run())
    assert seen == ["Hello"]


def test_a_scenario_runs_once_for_each_set_of_parameters(anywhere: seedbed.Make) -> None:
    ran: list[int] = []

    @seedbed.scenario
    def checkout(make: seedbed.Make, items: int = 2, tags: Any = ()) -> Any:
        ran.append(items)
        return make.users.list(items)

    scenario = seedbed.Scenarios(anywhere)
    users = scenario("checkout")
    assert scenario.checkout() is users
    assert len(scenario.checkout(items=3)) == 3
    assert scenario.checkout(items=3, tags=["a"]) is scenario.checkout(tags=["a"], items=3)
    assert ran == [2, 3, 3]
    seedbed.Scenarios(anywhere).checkout()
    assert ran == [2, 3, 3, 2]
    assert checkout(anywhere, 1) == users[:1]


def test_a_scenario_that_nobody_wrote_is_told(anywhere: seedbed.Make) -> None:
    @seedbed.scenario
    def checkout(make: seedbed.Make) -> None: ...

    with pytest.raises(seedbed.CannotMake, match="no scenario 'chekout'; those that are imported: checkout"):
        seedbed.Scenarios(anywhere).chekout()


def test_a_scenario_of_asyncio_runs_once(make: seedbed.Make) -> None:
    import asyncio

    ran: list[int] = []

    @seedbed.scenario
    async def slow(make: seedbed.Make) -> int:
        ran.append(1)
        return 7

    async def run() -> None:
        scenario = seedbed.Scenarios(make)
        assert [await scenario.slow(), await scenario("slow")] == [7, 7]

    asyncio.run(run())
    assert ran == [1]


def test_columns_may_have_any_name(on: seedbed.Make, connection: Any) -> None:
    connection.execute('CREATE TABLE odd (self text PRIMARY KEY, count int, "table" text, name text)')
    connection.commit()
    row = on.odd(self="a", count=2, table="t", name="n")
    assert (row.self, row.count, row.table, row["name"]) == ("a", 2, "t", "n")
    assert on.odd.set(self=["a"], table="t").list(1, count=2)[0].outcome == "matched"
