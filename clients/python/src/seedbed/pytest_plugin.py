"""The plugin of pytest: fixtures `seedbed`, `seedbed_url`, `db`, `make`, `scenario`; the marker `seedbed`; options.

Invariant: in a run without a test that uses the database, this is the only file of the package that is imported, and
nothing of it runs for a test. What does is registered when the collected tests are known (`pytest_items`).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from .handle import Handle
    from .make import Make
    from .scenario import Scenarios
    from .turn import Turn
    from .worker import Worker

# Fixtures through which everything below goes: a test uses the database if one of them is in its closure.
WORKER, TURN = "_seedbed_worker", "_seedbed_turn"
LANES = ("auto", "rewind", "clone", "truncate", "rollback")
# Stands for the aliases of Django's databases that point to the worker's slot.
IMPLIED = ["slot"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("seedbed_env", "variables that hold the worker's database: NAME, NAME=socket_url, …", "linelist")
    parser.addini(
        "seedbed_autouse", "mark before and rewind after every test (default: if seedbed_env is set)", "string"
    )
    parser.addini("seedbed_lane", "how the database goes back: auto, rewind, clone, truncate, rollback", default="")
    parser.addini("seedbed_directory", "the project's folder, where seedbed.toml is (default: rootdir)", default="")
    parser.addini("seedbed_driver", "the driver of the fixture db: psycopg or psycopg2", default="")
    parser.addini("seedbed_keep", "keep the databases of tests: failed", default="")
    parser.addini("seedbed_django", "aliases of Django's databases that come from slots, all, or none", "args")
    group = parser.getgroup("seedbed")
    group.addoption("--seedbed-keep", action="store_true", help="keep the databases of failed tests")
    group.addoption("--seedbed-lane", default="", metavar="LANE", help="how the database goes back after a test")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.getini("seedbed_env"):
        from .pytest_variables import set_variables

        # Before the application is imported, which may connect at once.
        set_variables(early_config)


def pytest_configure(config: pytest.Config) -> None:
    for name in (config.getoption("seedbed_lane"), config.getini("seedbed_lane")):
        if name and name not in LANES:
            raise pytest.UsageError(f'seedbed: there is no lane "{name}", only {", ".join(LANES)}')
    keep = config.getini("seedbed_keep")
    if keep not in ("", "failed"):
        raise pytest.UsageError(
            f"seedbed: seedbed_keep = {keep}: the databases of failed tests can be kept, of others not\n"
            "  seedbed_keep = failed"
        )
    config.addinivalue_line(
        "markers",
        "seedbed(lane=None, readonly=False, keep=False): the test uses the worker's database; on this lane; "
        "it fails if it writes; its database is kept if it fails",
    )
    if django_aliases(config):
        from . import pytest_aliases

        config.pluginmanager.register(pytest_aliases, "seedbed-django")
    else:
        # Registered late, it is found before a fixture of that name that a plugin has.
        config.pluginmanager.register(Connection(), "seedbed-db")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    if config.getini("seedbed_env"):
        from .pytest_variables import find_service

        # One service for all workers, and one error rather than one of each.
        find_service(config, len(specs))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    every, touches = _every_test(config), _uses
    if django_aliases(config):
        from .pytest_aliases import touches
    using = [item for item in items if every or _uses(item) or touches(item)]
    if using:
        from .pytest_items import prepare

        prepare(config, using)


@pytest.fixture(scope="session")
def _seedbed_worker(request: pytest.FixtureRequest) -> Worker:
    from .pytest_items import note_asker
    from .pytest_worker import worker_of

    worker = worker_of(request.config)
    note_asker(request, worker)
    return worker


@pytest.fixture
def _seedbed_turn(request: pytest.FixtureRequest, _seedbed_worker: Worker) -> Generator[Turn, None, None]:
    from .pytest_turns import turn_of

    yield from turn_of(request.node, _seedbed_worker)


@pytest.fixture(scope="session")
def seedbed(_seedbed_worker: Worker) -> Handle:
    """The worker's database: url, mark(), rewind(), keep(), connect(), make."""
    from .handle import Handle

    return Handle(_seedbed_worker)


@pytest.fixture(scope="session")
def seedbed_url(_seedbed_worker: Worker) -> str:
    """URL of the worker's database, the same as long as the worker lives."""
    from .pytest_turns import told

    return told(_seedbed_worker.lease).url


@pytest.fixture
def make(request: pytest.FixtureRequest, _seedbed_turn: Turn) -> Make:
    """Makes rows: in the transaction of `db` if the test uses it, else committed."""
    from .pytest_make import make_of

    return make_of(request, _seedbed_turn)


@pytest.fixture
def scenario(make: Make) -> Scenarios:
    """Named graphs of rows, each built once in a test."""
    from .scenario import Scenarios

    return Scenarios(make)


class Connection:
    """The fixture `db`, for projects where the name is not Django's."""

    @pytest.fixture
    def db(self, _seedbed_turn: Turn) -> Any:
        """A connection to the worker's database, rolled back after the test."""
        from .pytest_turns import told

        turn = _seedbed_turn
        return told(lambda: turn.worker.connection.lend(turn.name, turn.use.readonly))


def _every_test(config: pytest.Config) -> bool:
    said = str(config.getini("seedbed_autouse") or "").strip().lower()
    if said:
        return said in ("1", "true", "yes", "on")
    return bool(config.getini("seedbed_env"))


def _uses(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return WORKER in names or item.get_closest_marker("seedbed") is not None or of_unittest(item)


def of_unittest(item: pytest.Item) -> bool:
    """Whether it is a test of `seedbed.unittest`, which takes its turn itself."""
    module, kind = sys.modules.get("seedbed.unittest"), getattr(item, "cls", None)
    return module is not None and isinstance(kind, type) and issubclass(kind, module.Isolated)


def django_aliases(config: pytest.Config) -> list[str]:
    """Which of Django's databases come from slots: what `seedbed_django` says; else, where pytest-django runs and
    `seedbed_env` is set, those that point to the slot, for their settings read one of its variables."""
    said = list(config.getini("seedbed_django"))
    if not said and config.getini("seedbed_env") and os.environ.get("DJANGO_SETTINGS_MODULE"):
        said = IMPLIED if config.pluginmanager.hasplugin("django") else []
    return [] if said == ["none"] else said


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only hands tests out to workers of pytest-xdist."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return False
    options = config.known_args_namespace
    return bool(getattr(options, "numprocesses", None) or getattr(options, "tx", None))
