"""The calls of Seedbed's conformance folder, in real tables: made once, and found the second time."""

from __future__ import annotations

import json
import pathlib
from typing import TYPE_CHECKING, Any

import pytest

from seedbed.call import Call
from seedbed.drive import drive
from seedbed.drivers.psycopg import Psycopg
from seedbed.making import OPEN, _run

if TYPE_CHECKING:
    import seedbed

# What has to be there for calls that name a parent by its key.
PARENTS = {
    "raw-parent": {"table": "users", "set": {"id": "9007199254740993"}},
    "diamond-passed": {"table": "tenants", "set": {"id": "70"}},
}
PLANS = sorted(pathlib.Path(__file__).resolve().parents[4].joinpath("conformance/plans").glob("*.json"))


def outcomes(lease: seedbed.Lease, connection: Any, call: dict[str, Any]) -> set[str]:
    def going() -> Any:
        driver = yield OPEN
        made, _, _ = yield from _run(lease, Call(call, None, {}, {}), {}, driver.in_transaction())
        return made

    made = drive(lambda: Psycopg(connection), going())
    return {outcome for one in made for outcome in one.outcomes}


def test_the_plans_are_there() -> None:
    assert len(PLANS) >= 27


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_call_is_made_once_and_found_again(path: pathlib.Path, lease: seedbed.Lease) -> None:
    import psycopg

    said = json.loads(path.read_text(encoding="utf-8"))
    with psycopg.connect(lease.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; DROP SCHEMA sales CASCADE; CREATE SCHEMA public")
        connection.execute(said["ddl"])
        if path.stem in PARENTS:
            outcomes(lease, connection, PARENTS[path.stem])
        assert "created" in outcomes(lease, connection, said["call"])
        if not said["call"].get("fresh"):
            assert outcomes(lease, connection, said["call"]) <= {"matched"}
