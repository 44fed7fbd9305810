"""The guides are true: every file and every command that they show is run, on real packages and servers.

What a page calls a test is run where the page says so, and once more at the end: all of a project's tests together, on
two workers, in random order.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guide import Described, Fence, is_as_shown, projects_of

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "clients" / "python" / "README.md"]
# Seconds for the commands of one fence.
BOUND = 300


def described() -> list[tuple[Path, Described]]:
    return [(page, project) for page in PAGES if page.exists() for project in projects_of(page)]


class Shell:
    """A folder, and an environment in which nothing is set that a page does not set itself."""

    def __init__(self, folder: Path) -> None:
        from seedbed.binary import find

        self.folder = folder / "project"
        self.folder.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        (programs / "seedbed").symlink_to(find())
        outside = ("SEEDBED_API", "SEEDBED_TOKEN", "SEEDBED_SLOTS", "SEEDBED_URL", "PYTEST_", "PG", "DATABASE_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
        path = [str(programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        # A page that removes what was kept must not remove what others have kept.
        own = {"SEEDBED_STATE_DIR": str(folder / "state"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100"}
        self.environment = {**kept, **own, "PATH": os.pathsep.join(path)}

    def run(self, commands: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-e", "-c", "\n".join(commands)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BOUND,
            check=False,
        )


@pytest.mark.skipif(not shutil.which("bash"), reason="the commands of the guides are for bash")
@pytest.mark.parametrize(
    ("page", "project"), [pytest.param(page, one, id=f"{page.stem}-{one.name}") for page, one in described()]
)
def test_a_page_is_true(page: Path, project: Described, tmp_path: Path) -> None:
    for package in ("factory", "pytest_postgresql", "pytest_asyncio", "sqlalchemy", "xdist", "pytest_django"):
        pytest.importorskip(package)
    shell = Shell(tmp_path)
    failing: set[str] = set()
    answer: str | None = None
    try:
        for fence in project.fences:
            if fence.path:
                file = shell.folder / fence.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(fence.text, encoding="utf-8")
            elif fence.has("console", "project"):
                answer = _run(shell, page, fence)
                if fence.has("fails"):
                    failing.update(word for word in fence.text.split() if word.endswith(".py"))
                continue
            elif fence.has("text", "output"):
                assert answer is not None, f"{page.name}:{fence.line}: no command stands right before this output"
                assert is_as_shown(fence.text, answer), f"{page.name}:{fence.line}: the commands printed\n{answer}"
            answer = None
        if any(shell.folder.rglob("test*.py")):
            ignored = " ".join(f"--ignore={name}" for name in sorted(failing))
            ran = shell.run([f"pytest -q -n 2 {ignored}"])
            assert ran.returncode == 0, f"{page.name}: the tests of `{project.name}` together:\n{ran.stdout}"
    finally:
        shell.run(["seedbed --quiet down"])


def _run(shell: Shell, page: Path, fence: Fence) -> str:
    commands = fence.commands()
    assert commands, f"{page.name}:{fence.line}: no line begins with `$ `"
    ran = shell.run(commands)
    expected = "fails" if fence.has("fails") else "ends with 0"
    assert (ran.returncode != 0) == fence.has("fails"), (
        f"{page.name}:{fence.line}: `{commands[-1]}` {expected}? It ended with {ran.returncode}\n{ran.stdout}"
    )
    return ran.stdout


def test_there_are_pages() -> None:
    names = {page.name for page, _ in described()}
    assert {"python.md", "from-factory-boy.md", "from-pytest-postgresql.md", "README.md"} <= names
