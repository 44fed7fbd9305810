"""Plain fixtures of a wider scope that write: what they wrote stays while it can, and its loss is told."""

from __future__ import annotations

import pytest

from runner_project import Project, down, make_project

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


@pytest.mark.parametrize("fixture", ["made", "wrote"])
def test_a_slot_with_unshared_data_is_not_handed_on(project: Project, fixture: str) -> None:
    pytest.importorskip("xdist")
    project.tests(
        WROTE
        + """
@pytest.fixture(scope="session")
def made(seedbed): return seedbed.make.members()

@sb.shared(scope="session")
def shared(db): join(db, "shared@example.org")

@pytest.mark.parametrize("turn", range(20))
def test_it(FIXTURE, shared, db, turn): assert count(db) == 2

@pytest.mark.parametrize("turn", range(5))
def test_without(FIXTURE, db, turn): assert count(db) >= 1
""".replace("FIXTURE", fixture)
    )
    project.run("-q", "-n", "5").assert_outcomes(passed=25, warnings=0)


@pytest.mark.parametrize(
    "line", ["seedbed.make.members()", "with seedbed.connect() as connection: join(connection, 'a@example.org')"]
)
def test_rows_that_outlive_their_module_are_told(project: Project, line: str) -> None:
    project.tests(
        """
@pytest.fixture(scope="module")
def product(seedbed):
    FIXTURE

@sb.shared
def shared(seedbed): return seedbed.make.members()

@pytest.fixture(scope="module")
def reads(seedbed):
    with seedbed.connect() as connection: yield count(connection)

def test_a(product, shared, reads): assert reads >= 1
""".replace("FIXTURE", line)
    )
    result = project.run("-q")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(['*what the fixture product wrote stays*@seedbed.shared(scope="module")*'])


def test_who_asks_late_has_a_turn_all_the_same(project: Project) -> None:
    project.file(
        "conftest.py",
        """
import pytest
@pytest.fixture(scope="session")
def engine(request):
    import psycopg
    with psycopg.connect(request.getfixturevalue("seedbed_url")) as connection:
        yield connection

@pytest.fixture(autouse=True)
def late(request):
    return request.getfixturevalue("seedbed_url" if "url" in request.node.name else "engine")
""",
    )
    body = "@pytest.mark.parametrize('turn', range(3))\ndef test_{0}(late, turn):\n"
    project.tests(body.format("engine") + "    assert count(late) == 0; join(late); late.commit()\n")
    project.tests(
        body.format("url") + "    import psycopg\n    with psycopg.connect(late) as db: assert join(db) == 1\n",
        "test_urls.py",
    )
    for order in (["test_inner.py", "test_urls.py"], ["test_urls.py", "test_inner.py"]):
        project.run("-q", *order).assert_outcomes(passed=6)


def test_a_shared_fixture_that_fails_to_end_is_named(project: Project) -> None:
    project.tests("""
@sb.shared(scope="module")
def broken(db):
    yield
    raise KeyError("in the end")

def test_a(broken, db): pass

@pytest.mark.seedbed(lane="rollback")
def test_b(db): pass

def test_c(db): pass
""")
    result = project.run("-q", "-p", "no:randomly")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        ["*the fixture broken (scope module) of test_inner.py is shared by tests before this one and was finished*"]
    )


def test_a_fixture_db_of_the_project(project: Project) -> None:
    project.tests("""
class Database: pass

@pytest.fixture
def db(): return Database()

def test_committed(db, make, seedbed):
    make.members()
    with seedbed.connect() as other: assert count(other) == 1

@pytest.mark.seedbed(lane="rollback")
def test_rolled_back(db, make): assert make.members().outcome == "created"

class TestKnown:
    @pytest.fixture
    def db(self, seedbed):
        with seedbed.connect() as connection: yield connection

    def test_in_its_transaction(self, db, make, seedbed):
        make.members()
        assert count(db) == 1
        with seedbed.connect() as other: assert count(other) == 0
""")
    project.run("-q").assert_outcomes(passed=3)


def test_an_empty_database_is_told(bare: Project) -> None:
    bare.tests("def test_it(db): count(db)\n")
    try:
        result = bare.run("-q")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([f"the database was empty from the start: nothing in {bare.path} says*"])
        make_project(bare.path / "inner")
        bare.ini("seedbed_directory = inner")
        bare.run("-q").assert_outcomes(passed=1)
    finally:
        down(bare.path)
        down(bare.path / "inner")
