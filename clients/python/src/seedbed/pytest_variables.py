"""Environment variables that hold the URL of the worker's database, set before the application is imported.

Invariant: a process that runs no tests (the controller of pytest-xdist, `--collect-only`) leases nothing; it finds a
URL that nobody answers at, never one of a database that is not for tests.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from .errors import SeedbedError
from .pytest_plugin import is_controller
from .pytest_worker import worker_of

if TYPE_CHECKING:
    from .lease import Lease
    from .worker import Worker

# Port 1 is nobody's (tcpmux).
_NOBODY = "postgresql://seedbed@127.0.0.1:1/this_process_runs_no_tests"
_ONLY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_PLACE = re.compile(r"\{(\w+)\}")


def set_variables(config: pytest.Config) -> None:
    """Leases, and sets the variables that the ini key `seedbed_env` names."""
    lines = list(config.getini("seedbed_env"))
    before = {name: os.environ.get(name) for name, _ in map(split, lines)}
    if is_controller(config) or _runs_nothing(config):
        os.environ.update((name, rendered(form, _NOBODY, None)) for name, form in map(split, lines))
    else:
        lease = _leased(config)
        os.environ.update((name, rendered(form, lease.url, lease.socket_url)) for name, form in map(split, lines))
    config.add_cleanup(lambda: _restore(before))


def split(line: str) -> tuple[str, str]:
    """Name and form of a line: `NAME` alone has the form `url`."""
    name, _, form = line.partition("=")
    return name.strip(), form.strip() or "url"


def rendered(form: str, url: str, socket_url: str | None) -> str:
    """A value: `url`, `socket_url`, one of a URL's parts, `postgresql+psycopg://` (the URL with this scheme), or a text
    with any of them in braces, such as `{user}@{host}`.

    Raises UsageError for a form that names something else.
    """
    parts = urlsplit(url)
    known = {
        "url": url,
        "socket_url": socket_url or url,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": parts.hostname or "",
        "port": str(parts.port or 5432),
        "database": unquote(parts.path[1:]),
    }
    if form in known:
        return known[form]
    if _ONLY_SCHEME.fullmatch(form):
        return form + url.partition("://")[2]
    named = _PLACE.findall(form)
    if not named or any(name not in known for name in named):
        raise pytest.UsageError(
            f"seedbed_env does not know the form {form!r}: it is one of {', '.join(known)}, "
            "a scheme such as postgresql+psycopg://, or a text with them in braces"
        )
    return _PLACE.sub(lambda match: known[match[1]], form)


def find_service(config: pytest.Config, count: int) -> Worker:
    """The worker of this process, one of `count`, with a service that has a database for each.

    Raises UsageError.
    """
    worker = worker_of(config, count)
    try:
        service = worker.service()
    except SeedbedError as error:
        raise pytest.UsageError(f"seedbed: {error}") from error
    if worker.crowded:
        raise pytest.UsageError(
            f"seedbed: {count} workers want a database each for as long as they live (seedbed_env), but the lease "
            f"service has {service.slots}\n  seedbed run --workers {count} -- pytest -n {count}\n"
            f"  pytest -n {service.slots}"
        )
    return worker


def _leased(config: pytest.Config) -> Lease:
    worker = find_service(config, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
    try:
        return worker.lease()
    except SeedbedError as error:
        raise pytest.UsageError(f"seedbed: {error}") from error


def _runs_nothing(config: pytest.Config) -> bool:
    options = config.known_args_namespace
    shown = ("collectonly", "showfixtures", "show_fixtures_per_test", "markers", "help", "version", "setupplan")
    return any(getattr(options, name, False) for name in shown)


def _restore(before: dict[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
