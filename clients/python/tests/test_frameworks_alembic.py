"""Alembic as the recipe: it runs once for what its files say, and again when they say something else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runner_project import Project, down

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ("pytester",)
pytest.importorskip("alembic")

FILES = {
    "seedbed.toml": f"""
[recipe]
command = ["{sys.executable}", "-m", "alembic", "upgrade", "head"]
inputs = ["alembic.ini", "alembic/**/*.py"]
""",
    "alembic.ini": "[alembic]\nscript_location = alembic\n",
    "alembic/env.py": """
import os, pathlib
from alembic import context
from sqlalchemy import create_engine
pathlib.Path("runs").open("a").write("once\\n")
engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "alembic/versions/0001_rooms.py": """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("rooms", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
                    sa.Column("name", sa.Text, nullable=False, unique=True))
    op.execute("INSERT INTO rooms (name) VALUES ('Hall')")
""",
    "test_rooms.py": """
import pytest

@pytest.mark.parametrize("turn", range(2))
def test_what_migrations_wrote_is_there(db, make, turn):
    assert db.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert db.execute("SELECT name FROM rooms").fetchall() == [("Hall",)]
    assert make.rooms(name="Attic").id == 2
    db.execute("DELETE FROM rooms")
    db.commit()
""",
}

LATER = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("rooms", sa.Column("seats", sa.Integer, nullable=False, server_default="4"))
"""


@pytest.fixture
def rooms(bare: Project) -> Generator[Project, None, None]:
    for name, text in FILES.items():
        bare.file(name, text)
    # What Alembic made of these files before is cached by their content.
    bare.file("alembic.ini", f"{FILES['alembic.ini']}# {uuid4()}\n")
    yield bare
    down(bare.path)


def test_it_runs_once_and_again_when_a_revision_is_added(rooms: Project) -> None:
    for _ in range(2):
        rooms.run("-q").assert_outcomes(passed=2)
    assert (rooms.path / "runs").read_text() == "once\n"
    rooms.file("alembic/versions/0002_seats.py", LATER)
    rooms.file(
        "test_rooms.py",
        "def test_the_column_is_there(make):\n    assert make.rooms(name='Hall').seats == 4\n",
    )
    rooms.run("-q").assert_outcomes(passed=1)
    assert (rooms.path / "runs").read_text() == "once\nonce\n"


def test_a_revision_that_fails_is_told_in_alembic_s_words(rooms: Project) -> None:
    rooms.file("alembic/versions/0002_seats.py", LATER.replace('"rooms"', '"roms"'))
    result = rooms.run("-q")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*could not start a service*", '*relation "roms" does not exist*'])
