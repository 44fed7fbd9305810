"""`seedbed.unittest`: the same isolation for the standard library's runner, and for its classes under pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner_project import Project, drop_kept, slots, wait_until

pytest_plugins = ("pytester",)

BODY = """
import asyncio, unittest, os
import seedbed
import seedbed.unittest

def join(db, email="ada@example.org"):
    return db.execute("INSERT INTO members (email, name) VALUES (%s, 'Ada') RETURNING id", (email,)).fetchone()[0]

def count(db):
    return db.execute("SELECT count(*) FROM members").fetchone()[0]

class Plain(seedbed.unittest.TestCase):
    def setUp(self):
        self.first = join(self.db, "setup@example.org")      # without super()

    def test_a(self):
        self.assertEqual(self.first, 1)
        self.db.commit()

    def test_b(self):
        self.assertEqual(self.first, 1)
        self.addCleanup(lambda: (join(self.db, "late@example.org"), self.db.commit()))

    def test_named(self):
        self.assertIn("test_named", self.db.execute("SHOW application_name").fetchone()[0])

class Shared(seedbed.unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.shared_make.members.list(2)

    def test_a(self):
        self.assertEqual(count(self.db), 2)
        self.db.execute("DELETE FROM members")
        self.db.commit()

    def test_b(self):
        self.assertEqual(count(self.db), 2)
        self.assertEqual(self.make.members(email=self.rows[0].email).outcome, "matched")

class TestAfter(seedbed.unittest.TestCase):
    def test_nothing_is_left(self):
        self.assertEqual(count(self.db), 0)

    def test_make_is_committed(self):
        self.make.members(email="a@example.org")
        with self.seedbed.connect() as other:
            self.assertEqual(count(other), 1)

    @unittest.skip("not now")
    def test_skipped(self): pass

class Async(seedbed.unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.connection = await self.seedbed.connect_async()

    async def asyncTearDown(self):
        await self.connection.close()

    async def test_a(self):
        await self.connection.execute("INSERT INTO members (email, name) VALUES ('a', 'a')")
        await self.connection.commit()

    test_b = test_a
"""

FAULTS = """
class Faults(seedbed.unittest.TestCase):
    def test_fails(self):
        join(self.db)
        self.fail("on purpose")

class ReadOnly(seedbed.unittest.TestCase):
    seedbed_readonly = True
    def test_writes(self):
        with self.seedbed.connect() as other: join(other)

class Lane(seedbed.unittest.TestCase):
    seedbed_lane = "rollback"
    def test_commits(self):
        join(self.db); self.db.commit()
    def test_rolls_back(self):
        self.assertEqual(self.seedbed.lane, "rollback")
        self.make.members(email="ada@example.org")
"""


def unittest_of(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "unittest", "-v", *arguments],
        cwd=project.path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_standard_librarys_runner(project: Project, service: dict[str, str]) -> None:
    project.file("test_members.py", BODY)
    ran = unittest_of(project)
    assert "Ran 10 tests" in ran.stderr and "OK (skipped=1)" in ran.stderr, ran.stderr
    assert wait_until(lambda: all(slot["state"] == "free" for slot in slots(service)))


def test_faults_are_told(project: Project) -> None:
    project.file("test_members.py", BODY + FAULTS)
    ran = unittest_of(project)
    assert "Ran 14 tests" in ran.stderr and "FAILED (failures=3, skipped=1)" in ran.stderr, ran.stderr
    assert "ReadOnly.test_writes is marked readonly, but wrote" in ran.stderr
    assert "  seedbed_readonly = False   #" in ran.stderr and '  seedbed_lane = "rewind"   #' in ran.stderr
    assert "@pytest" not in ran.stderr
    buffered = unittest_of(project, "-b")
    assert "Ran 14 tests" in buffered.stderr and "FAILED (failures=3, skipped=1)" in buffered.stderr, buffered.stderr
    assert "Lane.test_commits is on the lane rollback, but committed something" in ran.stderr


def test_the_service_is_missing(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_BIN", "/nonexistent/seedbed")
    bare.file("test_members.py", BODY)
    ran = unittest_of(bare, "test_members.Plain", "test_members.Async")
    # Once for each class, at once.
    assert ran.stderr.count("SEEDBED_BIN is /nonexistent/seedbed") == 2, ran.stderr


def test_its_classes_under_pytest(project: Project) -> None:
    project.file("test_members.py", BODY + FAULTS)
    result = project.run("-q")
    result.assert_outcomes(passed=10, failed=3, skipped=1)
    result.stdout.no_fnmatch_line("*Incompatible Exception*")
    result.stdout.no_fnmatch_line("*NoneType*")
    result.stdout.fnmatch_lines(["*- seedbed -*", "slot *, lane rewind"])


def test_its_classes_under_xdist(project: Project) -> None:
    pytest.importorskip("xdist")
    project.file("test_members.py", BODY)
    project.file("test_others.py", BODY)
    project.run("-q", "-n", "2", timeout=50).assert_outcomes(passed=18, skipped=2)


KEPT = """
class Kept(seedbed.unittest.TestCase):
    seedbed_keep = True
    def test_fails(self):
        join(self.db)
        self.fail("on purpose")
    def test_skips(self):
        join(self.db)
        self.skipTest("not now")
    def test_fails_in_part(self):
        with self.subTest("part"):
            self.fail("on purpose")
    @unittest.expectedFailure
    def test_expected(self):
        self.fail("on purpose")
"""


def test_failed_tests_are_kept(home: Path, project: Project) -> None:
    project.file("test_members.py", BODY + KEPT)
    try:
        ran = unittest_of(project, "test_members.Kept")
        assert "FAILED (failures=2, skipped=1, expected failures=1)" in ran.stderr, ran.stderr
        assert ran.stderr.count("kept: seedbed kept open seedbed_kept") == 2, ran.stderr
        result = project.run("-q", "-k", "Kept and not part")
        result.assert_outcomes(failed=1, skipped=1, xfailed=1)
        result.stdout.fnmatch_lines(["*seedbed kept open *"])
    finally:
        drop_kept(home)


def test_what_a_class_shares_is_built_again_when_it_was_lost(project: Project) -> None:
    project.file(
        "test_members.py",
        BODY
        + """
class Lost(seedbed.unittest.TestCase):
    built = ended = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.built += 1
        with seedbed.Handle(seedbed.worker.current()).connect() as connection:
            connection.execute("CREATE TABLE teams ()")
            join(connection, "team@example.org")

    @classmethod
    def tearDownClass(cls):
        cls.ended += 1
        super().tearDownClass()

    def test_a(self):
        self.assertEqual(count(self.db), 1)
        self.db.execute("DROP TABLE teams")
        self.db.commit()

    test_b = test_a

    def test_c(self):
        self.assertEqual((self.built, self.ended), (3, 2))
        self.assertEqual(count(self.db), 1)
""",
    )
    ran = unittest_of(project, "test_members.Lost")
    assert "Ran 3 tests" in ran.stderr and "OK" in ran.stderr, ran.stderr


def test_beside_functions_with_fixtures(project: Project) -> None:
    project.file(
        "test_members.py",
        BODY
        + """
def test_function(db): assert count(db) == 0; join(db); db.commit()

class Marked(unittest.TestCase):
    def test_plain_case_with_marker(self):
        import psycopg
        with psycopg.connect(os.environ["URL"]) as connection: join(connection)
    test_again = test_plain_case_with_marker
""",
    )
    project.ini("seedbed_env = URL")
    project.run("-q").assert_outcomes(passed=12, skipped=1)


def test_collecting_leases_nothing(project: Project) -> None:
    project.file(
        "conftest.py",
        "def pytest_collection_finish():\n    from seedbed import worker\n"
        "    assert worker._current is None or worker._current.leased is None\n",
    )
    project.file(
        "test_inner.py",
        "import seedbed.unittest\nclass Team(seedbed.unittest.TestCase):\n"
        "    def test_it(self):\n        assert self.shared_make.members().outcome == 'created'\n",
    )
    project.run("-q").assert_outcomes(passed=1)
