"""Plain fixtures of a wider scope that write: what they wrote stays while it can, and its loss is told."""

from __future__ import annotations

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)

WROTE = """
@pytest.fixture(scope="session")
def wrote(seedbed_url):
    import psycopg
    with psycopg.connect(seedbed_url) as connection:
        join(connection, "session@example.org")
"""


def test_a_change_of_lanes_tells_what_it_loses(project: Project) -> None:
    project.tests(
        WROTE
        + """
@sb.shared(scope="session")
def shared(db): join(db, "shared@example.org")

def test_a(wrote, shared, db): assert count(db) == 2

@pytest.mark.seedbed(lane="rollback")
def test_b(wrote, shared, db): assert count(db) == 1
"""
    )
    result = project.run("-q", "-p", "no:randomly")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*what plain fixtures of a wider scope wrote is gone from the database: the lane changes from auto to roll*"]
    )


def test_a_change_of_lanes_with_nothing_to_lose_is_silent(project: Project) -> None:
    project.tests("""
@sb.shared(scope="session")
def shared(db): join(db, "shared@example.org")

def test_a(shared, db): assert count(db) == 1

@pytest.mark.seedbed(lane="rollback")
def test_b(shared, db): assert count(db) == 1
""")
    project.run("-q").assert_outcomes(passed=2, warnings=0)


def test_a_slot_with_unshared_data_is_not_handed_on(project: Project) -> None:
    pytest.importorskip("xdist")
    project.tests("""
@pytest.fixture(scope="session")
def made(seedbed): return seedbed.make.members()

@pytest.mark.parametrize("turn", range(20))
def test_it(made, db, turn): assert count(db) == 1
""")
    project.run("-q", "-n", "5").assert_outcomes(passed=20, warnings=0)


def test_workers_that_take_turns_tell_what_they_lose(project: Project) -> None:
    pytest.importorskip("xdist")
    project.tests(WROTE + "@pytest.mark.parametrize('turn', range(10))\ndef test_it(wrote, db, turn): pass\n")
    result = project.run("-q", "-n", "5")
    assert result.parseoutcomes()["warnings"] >= 1
    result.stdout.fnmatch_lines(["*is gone from the database: there are more workers than slots*"])


def test_rows_that_outlive_their_module_are_told(project: Project) -> None:
    project.tests("""
@pytest.fixture(scope="module")
def product(seedbed): return seedbed.make.members()

@sb.shared
def shared(seedbed): return seedbed.make.members()

def test_a(product, shared): pass
""")
    result = project.run("-q")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(['*the fixture product makes rows that stay*@seedbed.shared(scope="module")*'])
