"""Workers of pytest-xdist: a slot for each, given back whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from runner_project import Project, down, make_project, program, slots, wait_until

pytest_plugins = ("pytester",)
pytest.importorskip("xdist")

BODY = """
@sb.shared(scope="module")
def team(db): return join(db, "team@example.org")

@pytest.mark.parametrize("turn", range(12))
def test_same_address(db, turn):
    # `team` is there for the whole file once it was asked for, in whatever order.
    assert count(db) in (0, 1)
    join(db); db.commit()

class TestShared:
    @pytest.mark.parametrize("turn", range(6))
    def test_team(self, team, db, turn):
        assert count(db) == 1
        join(db); db.commit()
"""


def all_free(service: dict[str, str]) -> bool:
    return all(slot["state"] == "free" for slot in slots(service))


@pytest.mark.parametrize("dist", ["load", "loadfile", "loadscope", "worksteal"])
def test_workers_do_not_meet(project: Project, service: dict[str, str], dist: str) -> None:
    project.tests(BODY, "test_a.py")
    project.tests(BODY, "test_b.py")
    project.run("-q", "-n", "2", "--dist", dist).assert_outcomes(passed=36)
    assert wait_until(lambda: all_free(service))


@pytest.mark.parametrize("plugin", ["randomly", "random_order"])
def test_in_random_order(project: Project, plugin: str) -> None:
    pytest.importorskip("pytest_randomly" if plugin == "randomly" else "random_order")
    project.file("pytest.ini", "[pytest]\n")
    project.tests(BODY, "test_a.py")
    project.tests(BODY, "test_b.py")
    order = [] if plugin == "randomly" else ["-p", "no:randomly", "--random-order"]
    project.run("-q", "-n", "2", *order).assert_outcomes(passed=36)


def test_more_workers_than_slots_take_turns(project: Project, service: dict[str, str]) -> None:
    project.file(
        "conftest.py",
        """
import seedbed as sb
@sb.shared(scope="session")
def whole(db):
    db.execute("INSERT INTO members (email, name) VALUES ('whole', 'w')")
""",
    )
    project.tests(BODY)
    project.tests(
        "@pytest.mark.parametrize('n', range(10))\ndef test_it(whole, seedbed_url, seedbed, db, n):\n"
        "    assert count(db) == 1 and seedbed.url == seedbed_url\n",
        "test_whole.py",
    )
    project.run("-q", "-n", "5", timeout=300).assert_outcomes(passed=28)
    assert wait_until(lambda: all_free(service))


def test_more_workers_than_slots_cannot_have_one_in_their_environment(project: Project) -> None:
    project.ini("seedbed_env = DATABASE_URL")
    project.tests("def test_it(): pass\n")
    result = project.run("-q", "-n", "5")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*5 workers want a database each*", "*seedbed run --workers 5 -- pytest -n 5*"])


def test_a_crashed_workers_slot_is_free_again_and_clean(project: Project, service: dict[str, str]) -> None:
    project.tests(
        BODY
        + """
import os, signal
@pytest.mark.parametrize("turn", range(3))
def test_dies(db, turn):
    join(db); db.commit()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    result = project.run("-q", "-n", "2", "--max-worker-restart", "5", timeout=300)
    result.assert_outcomes(passed=18, failed=3)
    result.stdout.fnmatch_lines(["*worker 'gw*' crashed while running*test_dies*"])
    assert wait_until(lambda: all_free(service))


def test_interrupted_nothing_is_left(project: Project, service: dict[str, str]) -> None:
    project.tests("""
import pathlib, time, os
@pytest.mark.parametrize("turn", range(2))
def test_sleeps(db, turn):
    join(db); db.commit()
    pathlib.Path(f"begun-{turn}").touch()
    time.sleep(60)
""")
    running = project.start("-q", "-n", "2", "-p", "no:randomly")
    assert wait_until(lambda: all((project.path / f"begun-{n}").exists() for n in range(2)), 60)
    began = time.monotonic()
    # As a terminal does it: to all of the foreground's processes.
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert time.monotonic() - began < 30, said
    assert wait_until(lambda: all_free(service)), said
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def test_the_environment_holds_each_workers_database(project: Project) -> None:
    project.ini(
        "seedbed_env =",
        "    DATABASE_URL",
        "    SOCKET_URL=socket_url",
        "    ALCHEMY_URL=postgresql+psycopg://",
        "    DSN=host={host} port={port} dbname={database} user={user} password={password}",
        "    DB_NAME=database",
    )
    project.file("app.py", "import os\nURL = os.environ['DATABASE_URL']\n")
    project.file("conftest.py", "import app\n")
    project.tests("""
import os, psycopg, app

@pytest.mark.parametrize("turn", range(8))
def test_it(turn, seedbed, tmp_path_factory):
    assert app.URL == seedbed.url == os.environ["DATABASE_URL"]
    assert os.environ["SOCKET_URL"] == seedbed.socket_url
    assert os.environ["ALCHEMY_URL"] == "postgresql+psycopg" + seedbed.url.removeprefix("postgresql")
    assert os.environ["DB_NAME"] == seedbed.database
    for url in (app.URL, os.environ["SOCKET_URL"], os.environ["DSN"]):
        with psycopg.connect(url) as connection:
            assert connection.info.dbname == seedbed.database
            connection.execute("DELETE FROM members")
            join(connection)
    import pathlib
    with open("databases", "a") as file: file.write(seedbed.database + "\\n")
""")
    project.run("-q", "-n", "2").assert_outcomes(passed=8)
    assert len(set((project.path / "databases").read_text().split())) == 2
    project.run("-q").assert_outcomes(passed=8)


def test_a_form_that_means_nothing_is_told(project: Project) -> None:
    project.ini("seedbed_env = DATABASE_URL={databse}")
    project.tests("def test_it(): pass\n")
    result = project.run("-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*seedbed_env does not know the form '{databse}'*"])


def test_workers_start_one_service_and_share_it(bare: Project) -> None:
    make_project(bare.path)
    bare.tests(BODY)
    try:
        bare.run("-q", "-n", "3", timeout=300).assert_outcomes(passed=18)
        listed = subprocess.run([program(), "ps"], cwd=bare.path, capture_output=True, text=True, check=True)
        assert listed.stdout.count(str(bare.path)) == 1, listed.stdout
        # A single test, as an editor starts it, finds the service that is there.
        bare.run("-q", "test_inner.py::TestShared::test_team[0]").assert_outcomes(passed=1)
        listed = subprocess.run([program(), "ps"], cwd=bare.path, capture_output=True, text=True, check=True)
        assert listed.stdout.count(str(bare.path)) == 1, listed.stdout
    finally:
        down(bare.path)
