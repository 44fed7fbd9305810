"""Data that tests share: built once, committed, there in each test, and never lost in silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner_project import Project

pytest_plugins = ("pytester",)
Notes = Callable[[], list[str]]

LOG = """
import os
def note(word):
    with open(os.environ["NOTES"], "a") as file:
        file.write(word + "\\n")
"""


@pytest.fixture
def notes(project: Project, monkeypatch: pytest.MonkeyPatch) -> Notes:
    path = project.path / "notes"
    monkeypatch.setenv("NOTES", str(path))
    return lambda: path.read_text().split() if path.exists() else []


def test_it_is_built_once_and_is_there_in_every_test(project: Project, notes: Notes) -> None:
    project.tests(
        LOG
        + """
@sb.shared(scope="module")
def team(db):
    note("build")
    yield [join(db, f"{name}@example.org") for name in ("a", "b", "c")]
    note("end")

@pytest.mark.parametrize("turn", range(3))
def test_it(team, db, turn):
    assert team == [1, 2, 3] and count(db) == 3
    db.execute("DELETE FROM members WHERE id = 2")
    db.commit()
"""
    )
    project.tests("def test_after(db): assert count(db) == 0\n", "test_later.py")
    project.run("-q").assert_outcomes(passed=4)
    assert notes() == ["build", "end"]


def test_with_make_committed(project: Project) -> None:
    project.tests("""
@sb.shared
def team(make):
    return make.members.list(3)

def test_rows(team, seedbed, db):
    assert count(db) == 3
    with seedbed.connect() as other:
        assert count(other) == 3

def test_again(team, make):
    assert make.members(email=team[0].email).outcome == "matched"
""")
    project.run("-q").assert_outcomes(passed=2)


def test_scopes_nest_and_end(project: Project) -> None:
    project.tests("""
@sb.shared(scope="session")
def whole(db): return join(db, "session@example.org")

@sb.shared(scope="module")
def team(db, whole): return join(db, "module@example.org")

class TestOne:
    @sb.shared(scope="class")
    def mine(self, db, team): return join(db, "class@example.org")

    def test_a(self, mine, db): assert count(db) == 3; db.execute("TRUNCATE members"); db.commit()
    def test_b(self, mine, db): assert count(db) == 3

class TestTwo:
    def test_c(self, team, db): assert count(db) == 2

def test_d(db): assert count(db) == 2
""")
    project.tests("def test_e(db): assert count(db) == 1\n", "test_z.py")
    project.run("-q").assert_outcomes(passed=5)


def test_a_wider_one_above_a_narrower_one_is_built_again(project: Project, notes: Notes) -> None:
    project.file(
        "conftest.py",
        "import seedbed as sb\n"
        + LOG
        + """
@sb.shared(scope="session")
def whole(db):
    note("whole")
    yield db.execute("INSERT INTO members (email, name) VALUES ('whole', 'w') RETURNING id").fetchone()[0]
    note("whole-end")

import pytest
@pytest.fixture(scope="session")
def depends(whole):
    note("depends")
    return whole
""",
    )
    body = """
@sb.shared(scope="module")
def narrow(db): return join(db, "narrow@example.org")

def test_first(narrow, db): assert count(db) == 1
def test_second(narrow, depends, db): assert count(db) == 2
def test_third(narrow, whole, db): assert count(db) == 2
"""
    project.tests(body, "test_a.py")
    project.tests(body, "test_b.py")
    project.tests("def test_it(whole, depends, db): assert count(db) == 1\n", "test_c.py")
    project.run("-q", "-p", "no:randomly").assert_outcomes(passed=7)
    # Built above `narrow` of test_a and lost with it. In test_b it is below `narrow`: nothing asks first.
    assert notes() == ["whole", "depends", "whole-end"] * 3


def test_asked_for_in_the_middle_of_a_test_it_lasts_for_that_test(project: Project, notes: Notes) -> None:
    project.tests(
        LOG
        + """
@sb.shared(scope="module")
def team(db):
    note("build")
    return join(db, "team@example.org")

def test_late(db, request):
    assert count(db) == 0
    db.rollback()
    request.getfixturevalue("team")
    assert count(db) == 1

def test_early(team, db):
    assert count(db) == 1

def test_early_again(team, db):
    assert count(db) == 1
"""
    )
    project.run("-q").assert_outcomes(passed=3)
    assert notes() == ["build", "build"]


def test_asked_for_while_a_transaction_has_written(project: Project) -> None:
    project.tests("""
@sb.shared(scope="module")
def team(db): return join(db, "team@example.org")

def test_late(db, request):
    join(db)
    request.getfixturevalue("team")
    assert count(db) == 2
    db.rollback()
    assert count(db) == 1

def test_after(team, db): assert count(db) == 1
""")
    project.run("-q").assert_outcomes(passed=2)


def test_parameters_and_a_change_of_schema(project: Project) -> None:
    project.tests("""
@sb.shared(scope="module", params=[1, 2], ids=["one", "two"])
def some(db, request):
    for n in range(request.param):
        join(db, f"{n}@example.org")
    return request.param

def test_a(some, db): assert count(db) == some
def test_ddl(some, db):
    db.execute("CREATE TABLE extra ()"); db.commit()
    assert count(db) == some
def test_z(some, db):
    assert count(db) == some
    assert db.execute("SELECT to_regclass('extra')").fetchone() == (None,)
""")
    project.run("-q").assert_outcomes(passed=6)


def test_lost_marks_build_it_again(project: Project, notes: Notes) -> None:
    project.tests(
        LOG
        + """
@sb.shared(scope="session")
def base(db): note("base"); return join(db, "base@example.org")

@sb.shared(scope="module")
def team(db, base):
    note("team")
    db.execute("CREATE TABLE teams ()")
    return join(db, "team@example.org")

@pytest.mark.parametrize("turn", range(3))
def test_it(team, db, turn):
    assert count(db) == 2
    db.execute("DROP TABLE teams")
    join(db)
    db.commit()
"""
    )
    project.run("-q").assert_outcomes(passed=3)
    # The service can build `base` again, but no change of the schema.
    assert notes() == ["base", "team", "team", "team"]


def test_lost_data_of_a_plain_fixture_is_told(project: Project) -> None:
    project.tests("""
@pytest.fixture(scope="module")
def team(seedbed):
    with seedbed.connect() as connection:
        connection.execute("CREATE TABLE teams ()")
        join(connection, "team@example.org")

def test_there(team, db): assert count(db) == 1; db.execute("DROP TABLE teams"); db.commit()
def test_not_there_any_more(team, db): assert count(db) == 0
""")
    result = project.run("-q")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(["*what fixtures of a wider scope wrote is gone from the database*"])


def test_one_that_fails_leaves_nothing(project: Project) -> None:
    project.tests("""
@sb.shared(scope="module")
def broken(db):
    join(db); db.commit()
    raise RuntimeError("no")

def test_a(broken, db): pass
def test_b(db): assert count(db) == 0
""")
    project.run("-q").assert_outcomes(errors=1, passed=1)


def test_async_and_misuse(project: Project) -> None:
    project.tests("""
@sb.shared
async def team(seedbed_url):
    import psycopg
    async with await psycopg.AsyncConnection.connect(seedbed_url) as connection:
        await connection.execute("INSERT INTO members (email, name) VALUES ('a', 'a')")
    return 7

def test_async(team, db): assert team == 7 and count(db) == 1

def test_function_scope():
    with pytest.raises(ValueError, match="cannot have the scope"):
        sb.shared(scope="function")

def test_async_generator():
    with pytest.raises(ValueError, match="cannot be an async generator"):
        @sb.shared
        async def rows():
            yield 1
""")
    project.run("-q").assert_outcomes(passed=3)
