"""The marker `seedbed`, the options, and what is told about a test that failed or left something behind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from runner_project import Project, program

pytest_plugins = ("pytester",)


def test_lanes_of_tests_classes_and_files(project: Project) -> None:
    project.tests("""
@pytest.mark.seedbed(lane="rollback")
def test_rollback(db, seedbed):
    assert seedbed.lane == "rollback"
    assert join(db) == 1

@pytest.mark.seedbed(lane="clone")
class TestClone:
    @pytest.mark.parametrize("turn", range(2))
    def test_clone(self, db, seedbed, turn):
        assert seedbed.lane == "clone"
        assert join(db) == 1
        db.commit()

    @pytest.mark.seedbed(lane="rewind")
    def test_closest_counts(self, db, seedbed): assert seedbed.lane == "rewind"

def test_default(db, seedbed):
    assert seedbed.lane == "rewind" and count(db) == 0
""")
    project.run("-q").assert_outcomes(passed=5)


def test_the_url_stays_when_the_lane_changes(project: Project) -> None:
    project.tests("""
@pytest.mark.seedbed(lane="clone")
def test_a(seedbed, seedbed_url): assert seedbed.url == seedbed_url
def test_b(seedbed, seedbed_url): assert seedbed.url == seedbed_url
""")
    project.run("-q").assert_outcomes(passed=2)


def test_shared_data_across_lanes(project: Project) -> None:
    project.tests("""
@sb.shared(scope="module")
def team(db): return join(db, "team@example.org")

def test_a(team, db): assert count(db) == 1
@pytest.mark.seedbed(lane="truncate")
def test_impossible_here(team, db): assert count(db) == 1
@pytest.mark.seedbed(lane="rollback")
def test_b(team, db): assert count(db) == 1
@pytest.mark.seedbed(lane="clone")
def test_c(team, db): assert count(db) == 1
def test_d(team, db): assert count(db) == 1
""")
    result = project.run("-q")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["*seedbed: the lane `truncate` is impossible*", "*seedbed run --lane truncate*"])


def test_a_commit_on_the_lane_rollback_fails(project: Project) -> None:
    project.ini("seedbed_lane = rollback")
    project.tests("""
def test_commits(db): join(db); db.commit()
def test_after(db): assert count(db) == 0
def test_make_does_not_commit(make, seedbed):
    make.members(email="a@example.org")
    with seedbed.connect() as other: assert count(other) == 0
""")
    result = project.run("-q")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_commits*", "*on the lane rollback, but committed something*"]
    )


def test_readonly_tests_that_write_fail_by_name(project: Project) -> None:
    project.tests("""
import psycopg
pytestmark = pytest.mark.seedbed(readonly=True)

def test_reads(db): assert count(db) == 0
def test_db_refuses(db):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction): join(db)
def test_writes(seedbed):
    with seedbed.connect() as other: join(other)
def test_ddl(seedbed):
    with seedbed.connect() as other: other.execute("CREATE TABLE extra ()")
@pytest.mark.seedbed(readonly=False)
def test_may(db): join(db); db.commit()
""")
    result = project.run("-q")
    result.assert_outcomes(passed=5, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*test_inner.py::test_writes is marked readonly, but wrote * rows in 1 tables*",
            "*test_inner.py::test_ddl is marked readonly, but changed the database*",
        ]
    )


def test_misspelt_markers_are_errors(project: Project) -> None:
    project.tests("@pytest.mark.seedbed(readnoly=True)\ndef test_it(db): pass\n")
    result = project.run("-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*takes lane=, readonly= and keep=, not readnoly*"])
    project.tests("@pytest.mark.seedbed(lane='rewnd')\ndef test_it(db): pass\n")
    project.run("-q").stderr.fnmatch_lines(['*there is no lane "rewnd"*'])


def test_a_failure_tells_where_its_database_is(project: Project) -> None:
    project.tests("""
def test_good(db): pass
def test_bad(db): assert 0
@pytest.fixture
def broken(db): raise RuntimeError
def test_setup(broken): pass
def test_none(): assert 0
""")
    result = project.run("-q")
    result.assert_outcomes(passed=1, failed=2, errors=1)
    assert len(re.findall(r"slot up/\d+, lane rewind|slot \w+/\d+, lane rewind", result.stdout.str())) == 2
    result.stdout.fnmatch_lines(["*- seedbed -*", "*slot */*, lane rewind", "postgresql://*@127.0.0.1:*"])


@pytest.mark.parametrize("how", ["option", "ini", "marker"])
def test_failed_tests_databases_are_kept(project: Project, home: Path, how: str) -> None:
    project.ini("seedbed_keep = failed" if how == "ini" else "")
    marker = "@pytest.mark.seedbed(keep=True)\n" if how == "marker" else ""
    project.tests(
        marker
        + """
def test_bad(db):
    join(db, "evidence@example.org")
    assert 0

def test_after(db): assert count(db) == 0
"""
    )
    result = project.run("-q", *(["--seedbed-keep"] if how == "option" else []))
    result.assert_outcomes(failed=1, passed=1)
    found = re.search(r"seedbed kept open (\S+)", result.stdout.str())
    assert found
    listed = subprocess.run([program(), "kept", "ls"], cwd=home, capture_output=True, text=True, check=True)
    url = next(line.split()[-1] for line in listed.stdout.splitlines() if line.startswith(found[1]))
    password = re.search(r":([a-z0-9]{16,})@", result.stdout.str())
    assert password
    with psycopg.connect(url, password=password[1]) as kept:
        assert kept.execute("SELECT email FROM members").fetchall() == [("evidence@example.org",)]


def test_a_leaked_transaction_is_named(project: Project) -> None:
    project.tests("""
import psycopg
left = []

def test_leaks(seedbed_url):
    left.append(psycopg.connect(seedbed_url))
    join(left[0])

def test_after(db): assert join(db) == 1
""")
    result = project.run("-q")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*test_inner.py::test_leaks left a session open that held a transaction: test_inner.py::test_leaks*"]
    )
    result.stdout.fnmatch_lines(["*test_inner.py:*: SeedbedWarning: *"])
    result = project.run("-q", "-W", "error::seedbed.pytest_turns.SeedbedWarning")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.no_fnmatch_line("*pytest_turns.py*")


def test_a_leak_of_a_pool_is_named_by_where_it_was_opened(project: Project) -> None:
    project.tests("""
import psycopg
pool = []

def test_opens(seedbed_url):
    pool.append(psycopg.connect(seedbed_url, autocommit=True))

def test_leaks(seedbed_url):
    pool[0].autocommit = False
    join(pool[0])
""")
    result = project.run("-q", "-p", "no:randomly")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(["*::test_leaks left a session open that held a transaction: opened in *::test_opens*"])


def test_the_marker_alone_and_autouse(project: Project) -> None:
    body = """
import psycopg, os
def joined():
    with psycopg.connect(os.environ["URL"]) as connection: return join(connection)
"""
    project.ini("seedbed_env = URL", "seedbed_autouse = false")
    project.tests(
        body
        + """
@pytest.mark.seedbed
def test_a(): assert joined() == 1
@pytest.mark.seedbed
def test_b(): assert joined() == 1
"""
    )
    project.run("-q").assert_outcomes(passed=2)
    project.ini("seedbed_env = URL")
    project.tests(body + "def test_a(): assert joined() == 1\ndef test_b(): assert joined() == 1\n")
    project.run("-q").assert_outcomes(passed=2)
