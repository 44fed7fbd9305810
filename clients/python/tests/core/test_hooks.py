"""Hooks after rows were created, and scenarios."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

import seedbed


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package's own names stand before its modules' names.
    monkeypatch.setattr(import_module("seedbed.after"), "_HOOKS", {})
    monkeypatch.setattr(import_module("seedbed.scenario"), "_SCENARIOS", {})


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
