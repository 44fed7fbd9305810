"""Django's databases from slots: `TestRunner` for `manage.py test`, and what the plugin of pytest does in its stead.

    TEST_RUNNER = "seedbed.django.TestRunner"       # settings.py
    seedbed_django = all                            # pytest.ini, with pytest-django

Invariants: no test database is created and no migration runs: the schema is that of the recipe, and one that is not
what the models want is told before the first test. `TestCase` works as ever; `TransactionTestCase` is brought back by
a rewind instead of a flush, so that what migrations wrote is there in each test. Databases that are not PostgreSQL,
or were not asked for, are set up by Django as before.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.db import connections
from django.test.runner import DiscoverRunner, ParallelTestSuite

from .django_turns import IN_USE, rewind_instead_of_flush
from .errors import SeedbedError
from .worker import Worker, current, install

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lease import Lease

# Port 1 is nobody's (tcpmux).
_NOBODY = "postgresql://seedbed@127.0.0.1:1/no_slot_for_this_process"


class Databases:
    """The aliases of Django's databases that are a worker's slots."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.aliases: set[str] = set()
        self._before: dict[str, dict[str, Any]] = {}

    def point(self, aliases: Iterable[str] | None = None, check: bool = True) -> set[str]:
        """Points the aliases (None: all) at slots, a slot for each database that they name. Those it did."""
        wanted = [a for a in connections if (aliases is None or a in set(aliases)) and _is_postgresql(a)]
        mirrors = {a: connections[a].settings_dict["TEST"].get("MIRROR") for a in wanted}
        own = [a for a in wanted if not mirrors[a]]
        groups: dict[tuple[str, ...], list[str]] = {}
        for alias in sorted(own, key=lambda a: a != "default"):
            groups.setdefault(_signature(alias), []).append(alias)
        self.worker.count = max(self.worker.count, 1) * max(len(groups), 1)
        for number, group in enumerate(groups.values()):
            lease = self.worker.lease()
            if number:
                lease = self.worker.another(f"{self.worker.name}/{group[0]}")
                self.worker.companions.append(lease)
            for alias in group:
                self._point(alias, lease)
        for alias, mirrored in mirrors.items():
            if mirrored in self.aliases:
                self._keep(alias)
                connections[alias].settings_dict.update(_place(connections[mirrored].settings_dict))
                self.aliases.add(alias)
        if check:
            for group in groups.values():
                _check_schema(group[0])
        IN_USE.append(self)
        rewind_instead_of_flush()
        return self.aliases

    def restore(self) -> None:
        """Closes the connections, and points the aliases at what they named before."""
        for alias, before in self._before.items():
            connections[alias].close()
            connections[alias].settings_dict.update(before)
        self._before.clear()
        self.aliases.clear()
        if self in IN_USE:
            IN_USE.remove(self)

    def _point(self, alias: str, lease: Lease) -> None:
        self._keep(alias)
        connections[alias].settings_dict.update(_of_url(lease.socket_url or lease.url))
        self.aliases.add(alias)

    def _keep(self, alias: str) -> None:
        connections[alias].close()
        self._before[alias] = _place(connections[alias].settings_dict)


def _init_worker(counter: Any, *rest: Any) -> None:
    """Begins a process of a parallel run: as Django itself, except for the databases."""
    from inspect import signature

    from django.test import runner as module

    runner: Any = module
    aliases = None
    if "used_aliases" in signature(runner._init_worker).parameters:  # noqa: SLF001
        *others, aliases = rest
        rest = (*others, [])
    runner._init_worker(counter, *rest)  # noqa: SLF001
    worker = Worker(str(runner._worker_id))  # noqa: SLF001
    install(worker)
    try:
        Databases(worker).point(aliases, check=False)
    except SeedbedError as error:
        # Raised here, it would have the pool start processes for ever. No test may reach the databases of the settings.
        sys.stderr.write(f"seedbed: {error}\n")
        for alias in filter(_is_postgresql, connections):
            connections[alias].settings_dict.update(_of_url(_NOBODY))


class ParallelSuite(ParallelTestSuite):
    """Tests of `manage.py test --parallel`: each process leases slots of its own."""

    init_worker = _init_worker


class TestRunner(DiscoverRunner):
    """Django's runner on slots."""

    parallel_test_suite = ParallelSuite

    def setup_databases(self, **kwargs: Any) -> Any:
        """Leases, and points the databases of the tests at slots; the others are set up by Django."""
        wanted = set(kwargs.get("aliases") or connections)
        self._databases = Databases(current())
        pointed = self._databases.point(wanted)
        kwargs["aliases"] = wanted - pointed
        if not kwargs["aliases"]:
            return []
        depend_on_nothing_else(kwargs["aliases"])
        return super().setup_databases(**kwargs)

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        """Runs the tests; those of a parallel run are in other processes, which need the slots."""
        if isinstance(suite, ParallelTestSuite):
            groups = 1 + len(self._databases.worker.companions)
            self._databases.restore()
            self._databases.worker.close()
            Worker(count=suite.processes * groups).service()
        return super().run_suite(suite, **kwargs)

    def teardown_databases(self, old_config: Any, **kwargs: Any) -> None:
        """Gives the slots back."""
        super().teardown_databases(old_config, **kwargs)
        self._databases.restore()
        self._databases.worker.close()


def depend_on_nothing_else(aliases: set[str]) -> None:
    """Has Django set these databases up without those that are there already."""
    for alias in aliases:
        test = connections[alias].settings_dict["TEST"]
        test["DEPENDENCIES"] = [name for name in test.get("DEPENDENCIES", ()) if name in aliases]


def _is_postgresql(alias: str) -> bool:
    return bool(connections[alias].vendor == "postgresql")


def _signature(alias: str) -> tuple[str, ...]:
    place = connections[alias].settings_dict
    return str(place["HOST"]), str(place["PORT"]), str(place["NAME"])


def _place(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: settings[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}


def _of_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    # Over a unix socket the host is a folder, whose letters `hostname` would make small.
    host = unquote(parts.netloc.rpartition("@")[2].rpartition(":")[0] or parts.netloc.rpartition("@")[2])
    asked = parse_qs(parts.query)
    return {
        "NAME": unquote(parts.path[1:]),
        "HOST": asked.get("host", [host])[0],
        "PORT": asked.get("port", [str(parts.port or "")])[0],
        "USER": asked.get("user", [unquote(parts.username or "")])[0],
        "PASSWORD": asked.get("password", [unquote(parts.password or "")])[0],
    }


def _check_schema(alias: str) -> None:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    pending = [migration for migration, _ in plan if _applies(migration, alias)]
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration in pending[:3])
        more = f" and {len(pending) - 3} more" if len(pending) > 3 else ""
        raise SeedbedError(
            f"the schema of Seedbed's template lacks migrations of Django ({alias}): {names}{more}",
            hints=['seedbed.toml: [recipe] command = "python manage.py migrate"', "python manage.py makemigrations"],
        )


def _applies(migration: Any, alias: str) -> bool:
    from django.db import router

    return bool(router.allow_migrate(alias, migration.app_label))
