"""The interpreter understands plans as every other client does: plays the scripts of Seedbed's conformance folder."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from seedbed import VersionSkew
from seedbed.action import Diagnosis, Query, Refusal, Transaction, Values
from seedbed.interpreter import run
from seedbed.plan import Made, Plan

RUNS = sorted(pathlib.Path(__file__).resolve().parents[3].joinpath("conformance/runs").glob("*.json"))


class Trouble(Exception):
    pass


def play(script: dict[str, Any]) -> dict[str, Any]:
    lines = iter(script["script"])

    def answer(action: Any) -> Any:
        if isinstance(action, Diagnosis):
            return Trouble(action.trouble)
        line = next(lines, None)
        assert line is not None, f"the script is over, but: {action}"
        assert asked(action) == line["expect"]
        said = line.get("answer", {})
        if "error" in said:
            raise Refusal(**said["error"])
        return said.get("rows", said.get("values"))

    going = run(Plan(script["plan"]), script["arguments"], script["count"], script["in_transaction"])
    try:
        action = next(going)
        while True:
            try:
                said = answer(action)
            except Refusal as refusal:
                action = going.throw(refusal)
            else:
                action = going.send(said)
    except StopIteration as done:
        result = {"made": [told(made) for made in done.value]}
    except Trouble as trouble:
        result = {"trouble": trouble.args[0]}
    assert not list(lines), "lines were never asked for"
    return result


def asked(action: Any) -> Any:
    if isinstance(action, Query):
        return {"query": {"sql": action.sql, "parameters": action.parameters, "savepoint": action.savepoint}}
    if isinstance(action, Values):
        return {"values": action.request}
    assert isinstance(action, Transaction)
    return action.verb


def told(made: Made) -> dict[str, Any]:
    return {**made._asdict(), "kept": made.kept and made.kept._asdict()}


def without_nulls(said: Any) -> Any:
    """`null` and an absent key are the same."""
    if isinstance(said, dict):
        return {key: without_nulls(value) for key, value in said.items() if value is not None}
    if isinstance(said, list):
        return [without_nulls(value) if isinstance(value, dict) else value for value in said]
    return said


def test_the_scripts_are_there() -> None:
    assert len(RUNS) >= 38


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_run_goes_as_its_script_says(path: pathlib.Path) -> None:
    script = json.loads(path.read_text(encoding="utf-8"))
    assert without_nulls(play(script)) == without_nulls(script["result"])


def test_a_plan_of_another_version_is_refused() -> None:
    script = json.loads(RUNS[0].read_text(encoding="utf-8"))
    with pytest.raises(VersionSkew, match="runs plans of version 1, and the service gave one of version 2"):
        Plan({**script["plan"], "plan": 2})


def test_an_error_of_the_connection_is_raised_as_it_is_after_a_rollback() -> None:
    script = json.loads(next(path for path in RUNS if path.stem == "rollback").read_text(encoding="utf-8"))
    going = run(Plan(script["plan"]), script["arguments"], script["count"], False)
    action: Any = next(going)
    while action != ("begin",):
        action = going.send(
            next(line for line in script["script"] if line["expect"] == asked(action))["answer"].get("rows")
        )
    going.send(None)
    broken = ConnectionResetError("gone")
    assert going.throw(broken) == ("rollback",)
    # The rollback fails too: the first error says more.
    with pytest.raises(ConnectionResetError) as caught:
        going.throw(BrokenPipeError("gone as well"))
    assert caught.value is broken


@pytest.mark.parametrize(("kit", "may_go_without"), [("one", True), ("partial", False)])
def test_a_look_up_that_raises_keeps_its_savepoint_whatever_its_values_are(kit: str, may_go_without: bool) -> None:
    file = RUNS[0].parents[1] / "plans" / f"{kit}.json"
    look_up = Plan(json.loads(file.read_text(encoding="utf-8"))["plan"]).steps[0]
    assert look_up.looks_up is may_go_without
