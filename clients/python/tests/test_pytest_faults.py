"""What goes wrong: told once in plain words, to every test at once, and nothing hangs or is left behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time

import pytest

from runner_project import Project, down, make_project, of_service, program, slots, wait_until

pytest_plugins = ("pytester",)

THREE = "def test_a(db): pass\ndef test_b(db): pass\ndef test_plain(): pass\n"


def test_no_service_listens(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_API_SOCKET", str(bare.path / "nobody"))
    monkeypatch.setenv("SEEDBED_TOKEN", "x")
    bare.tests(THREE)
    result = bare.run("-q")
    result.assert_outcomes(passed=1, errors=2)
    text = result.stdout.str()
    assert text.count("\nseedbed: no lease service listens at") == 2
    assert "Traceback" not in text and "pytest_turns.py" not in text


def test_the_environment_is_not_complete(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_API", "http://127.0.0.1:1")
    bare.tests(THREE)
    result = bare.run("-q")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*SEEDBED_API is set, but SEEDBED_TOKEN is not*"])


def test_the_program_is_missing(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_BIN", "/nonexistent/seedbed")
    bare.tests(THREE)
    result = bare.run("-q")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*seedbed: SEEDBED_BIN is /nonexistent/seedbed*"])


def test_the_program_fails(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = bare.file("fails", "#!/bin/sh\necho run >> ran\necho 'cannot start: no room' >&2\nexit 7\n")
    fails.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(fails))
    bare.tests(THREE)
    result = bare.run("-q")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*ended with status 7*", "*cannot start: no room*"])
    assert (bare.path / "ran").read_text() == "run\n", "asked once, not for every test"
    bare.ini("seedbed_env = DATABASE_URL")
    result = bare.run("-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*seedbed: *ended with status 7*"])


def test_versions_that_do_not_match(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"api": "http://127.0.0.1:1", "socket": None, "token": "t", "slots": 1, "version": "0.0.9", "protocol": 0}
    old = bare.file("old", f"#!/bin/sh\ncat <<'END'\n{json.dumps(said)}\nEND\n")
    old.chmod(0o755)
    monkeypatch.setenv("SEEDBED_BIN", str(old))
    bare.tests(THREE)
    result = bare.run("-q")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*the lease service is seedbed 0.0.9, which speaks version 0*", "*pip install*"])


def test_a_service_that_does_not_answer_as_one(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        monkeypatch.setenv("SEEDBED_API", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("SEEDBED_TOKEN", "x")

        def answer() -> None:
            stranger, _ = listener.accept()
            stranger.recv(1000)
            stranger.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n")
            stranger.close()

        thread = threading.Thread(target=answer)
        thread.start()
        bare.tests(THREE)
        result = bare.run("-q")
        thread.join()
    result.assert_outcomes(passed=1, errors=2)


def test_the_service_is_killed_in_the_middle_of_a_test(bare: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(bare.path)
    for name, value in of_service(bare.path, 1).items():
        monkeypatch.setenv(name, value)
    listed = json.loads(
        subprocess.run([program(), "--json", "ps"], cwd=bare.path, capture_output=True, check=True, text=True).stdout
    )
    entries = listed if isinstance(listed, list) else listed["running"]
    pid = next(entry["pid"] for entry in entries if entry.get("project") == str(bare.path))
    bare.tests(f"""
import os, signal
@sb.shared(scope="module")
def team(db): return join(db)

def test_before(team, db): assert count(db) == 1
def test_kills(team, db): os.kill({pid}, signal.SIGKILL)
def test_after(team, db): pass
def test_after_that(db): pass
def test_plain(): pass
""")
    began = time.monotonic()
    result = bare.run("-q", "-p", "no:randomly", timeout=60)
    took = time.monotonic() - began
    result.assert_outcomes(passed=3, errors=3)
    assert result.stdout.str().count("\nseedbed: the connection to the lease service has ended") == 3
    assert "is taken back now" not in result.stdout.str()
    assert "has ended; nothing can be asked of it\n" in result.stdout.str()
    assert took < 30
    down(bare.path)
    subprocess.run([program(), "--quiet", "gc"], capture_output=True, check=False)


def test_a_fork_that_ends_leaves_the_lease_alone(project: Project) -> None:
    project.tests("""
import os, multiprocessing, sys

def child(): sys.exit(0)

def test_forks(db, seedbed):
    assert join(db) == 1
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start(); process.join()
    assert count(db) == 1
    db.commit()
    assert seedbed.mark().name

def test_the_fork_is_told(seedbed):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            seedbed.mark()
        except sb.SeedbedError as error:
            os.write(write, type(error).__name__.encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    assert os.read(read, 100) in (b"LeaseEnded", b"ServiceMissing")

def test_after(db, seedbed):
    assert count(db) == 0
    seedbed.mark()
""")
    project.run("-q", "-p", "no:randomly").assert_outcomes(passed=3)


def test_a_fork_that_goes_on_running_tests_leaves_the_lease_alone(project: Project, service: dict[str, str]) -> None:
    project.tests("""
import os
def test_forks(db):
    join(db); db.commit()
    pid = os.fork()
    if pid == 0:
        return   # as code does that forgets to exit: the child runs the rest of pytest
    os.waitpid(pid, 0)
    assert count(db) == 1
def test_after(db): assert count(db) == 0
""")
    result = project.run("-q", "-p", "no:randomly", "-p", "no:cacheprovider")
    assert "2 passed" in result.stdout.str()


def test_asked_for_when_the_runner_is_interrupted(project: Project, service: dict[str, str]) -> None:
    project.tests("""
def test_interrupts(db):
    join(db); db.commit()
    raise KeyboardInterrupt
def test_never(db): pass
""")
    result = project.run("-q")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert wait_until(lambda: all(slot["state"] == "free" for slot in slots(service)))


def test_no_password_where_nobody_asked(project: Project) -> None:
    project.tests("""
def test_fails(seedbed, _seedbed_worker, _seedbed_turn, make): assert 0, (seedbed, _seedbed_worker, _seedbed_turn)
""")
    result = project.run("-q", "-vv", "-l")
    lines = [line for line in result.stdout.lines if "postgresql://" in line]
    assert len(lines) == 1 and lines[0].startswith("postgresql://")
    assert os.environ["SEEDBED_TOKEN"] not in result.stdout.str()
