"""The lease service of this project: the one of the environment, or one that is started and ends by itself.

Invariant: nothing is started before somebody asks (`Service.find`), and nothing that was found is ended here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import BinaryMissing, SeedbedError, ServiceMissing
from .errors import is_told as __tracebackhide__  # noqa: F401

if TYPE_CHECKING:
    from .client import Client

# Seconds. The first start of a project may fetch a server and applies every migration.
_START = 1800.0


@dataclass(frozen=True)
class Service:
    """Where a lease service listens, and how many databases it leases.

    `started` says whether it was started for the one who asks; it ends by itself when nobody has held a lease for a
    while. `run` is the run's identity where that is known.
    """

    api: str
    socket: str | None
    token: str = field(repr=False)
    slots: int
    run: str | None = None
    started: bool = False

    @staticmethod
    def find(directory: str | None = None, workers: int | None = None) -> Service:
        """The service of the environment, as `seedbed run --workers` sets it; else that of the project in `directory`
        (here, if None), started with at least `workers` databases if it does not run.

        Raises BinaryMissing, ServiceMissing with what the program said, VersionSkew.
        """
        return Service.of_environment() or _of_project(directory, workers)

    @staticmethod
    def of_environment() -> Service | None:
        """The service `SEEDBED_API` or `SEEDBED_API_SOCKET` names, if one of them is set.

        Raises ServiceMissing if the environment is not complete.
        """
        api, path = os.environ.get("SEEDBED_API", ""), os.environ.get("SEEDBED_API_SOCKET")
        if not api and not path:
            return None
        token, slots = os.environ.get("SEEDBED_TOKEN"), os.environ.get("SEEDBED_SLOTS", "")
        if not token:
            raise ServiceMissing(
                "SEEDBED_API is set, but SEEDBED_TOKEN is not: every request to the lease service carries it",
                hints=["seedbed run --workers 2 -- pytest -n 2   # sets both", "unset SEEDBED_API SEEDBED_API_SOCKET"],
            )
        return Service(
            api=api,
            socket=path,
            token=token,
            slots=int(slots) if slots.isdigit() else 1,
            run=os.environ.get("SEEDBED_RUN"),
        )

    def connect(self) -> Client:
        """A connection of its own, which holds what is leased on it.

        Raises ServiceMissing, Refused (a wrong token), VersionSkew.
        """
        from .client import Client

        return Client(self.api, self.socket, self.token)


def _of_project(directory: str | None, workers: int | None) -> Service:
    import json
    import subprocess

    from .binary import find

    program = find()
    command = [program, "service", "--json", "--workers", "auto" if workers is None else str(workers)]
    try:
        # What it starts must not hold the caller's output open, nor end with the caller's terminal.
        ran = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START,
            check=False,
        )
    except OSError as error:
        raise BinaryMissing(
            f"cannot start {program}: {error}", hints=["pip install --force-reinstall seedbed"]
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServiceMissing(
            f"`{_shown(command)}` has not started a service within {int(_START)} s", hints=["seedbed service"]
        ) from error
    if ran.returncode != 0:
        raise _failed(command, ran.returncode, ran.stderr.decode(errors="replace").strip())
    try:
        return _of_json(json.loads(ran.stdout))
    except (ValueError, KeyError, TypeError) as error:
        raise SeedbedError(
            f"`{_shown(command)}` did not say where the service is",
            hints=["pip install --upgrade --force-reinstall seedbed", f"{program} --version"],
        ) from error


def _of_json(said: dict[str, Any]) -> Service:
    from .client import check_protocol

    check_protocol({"seedbed": said.get("version"), "protocol": said.get("protocol")})
    return Service(
        api=said["api"],
        socket=said.get("socket"),
        token=said["token"],
        slots=int(said["slots"]),
        run=said.get("run"),
        started=bool(said.get("started")),
    )


def _failed(command: list[str], status: int, said: str) -> SeedbedError:
    # clap's status for arguments it does not know.
    if status == 2 and "service" in said and "unrecognized subcommand" in said:
        return SeedbedError(
            f"{command[0]} is too old for this package: it has no `service`",
            hints=["pip install --upgrade --force-reinstall seedbed"],
        )
    event = _last_words(said)
    if event is None:
        event = {"message": f"it ended with status {status}", "detail": said or None}
    return ServiceMissing(
        f"`{_shown(command)}` could not start a service: {event['message']}",
        hints=event.get("hints") or ["seedbed service   # by hand"],
        detail=event.get("detail"),
    )


def _last_words(said: str) -> dict[str, Any] | None:
    """The event that says why the program failed: with `--json` its events are lines of JSON."""
    import json

    for line in reversed(said.splitlines()):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("event") == "failed" and "message" in event:
            return event
    return None


def _shown(command: list[str]) -> str:
    return " ".join(["seedbed", *command[1:]])
