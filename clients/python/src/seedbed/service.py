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
    from collections.abc import Callable

    from .client import Client
    from .starting import Ran

# Seconds. The first start of a project may fetch a server and applies every migration.
_START = 1800.0
# Characters of what a program said that is not understood.
_SHOWN = 2000


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
    # Whether variables of the environment named it, which may be old.
    named: bool = False

    @staticmethod
    def find(
        directory: str | None = None,
        workers: int | None = None,
        tell: Callable[[str], object] | None = None,
        lane: str = "",
    ) -> Service:
        """The service of the environment, as `seedbed run --workers` sets it; else that of the project in `directory`
        (here, if None), started with at least `workers` databases if it does not run. A start that takes long is told
        to `tell`, or on standard error, if that is a terminal. One that is started is for `lane`, where that is what
        its databases are prepared for (`truncate`).

        Raises BinaryMissing, ServiceMissing with what the program said, VersionSkew.
        """
        return Service.of_environment() or _of_project(directory, workers, tell, lane)

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
                hints=[
                    "seedbed run --workers 2 -- pytest -n 2   # sets both",
                    "unset SEEDBED_API SEEDBED_API_SOCKET SEEDBED_TOKEN",
                ],
            )
        return Service(
            api=api,
            socket=path,
            token=token,
            slots=int(slots) if slots.isdigit() else 1,
            run=os.environ.get("SEEDBED_RUN"),
            named=True,
        )

    def connect(self) -> Client:
        """A connection of its own, which holds what is leased on it.

        Raises ServiceMissing, Refused (a wrong token), VersionSkew.
        """
        from .client import Client

        try:
            return Client(self.api, self.socket, self.token)
        except ServiceMissing as error:
            if self.named:
                # Unless the command runs below one of `seedbed run`, which would have told its end.
                error.hints.insert(0, "unset SEEDBED_API SEEDBED_API_SOCKET SEEDBED_TOKEN")
            raise


def _of_project(
    directory: str | None, workers: int | None, tell: Callable[[str], object] | None, lane: str = ""
) -> Service:
    import json
    import subprocess

    from .binary import find
    from .starting import run

    program = find()
    command = [program, "service", "--json", "--workers", "auto" if workers is None else str(workers)]
    if lane:
        command += ["--lane", lane]
    try:
        ran = run(command, directory, _START, tell)
    except OSError as error:
        raise BinaryMissing(
            f"cannot start {program}: {error}", hints=["pip install --force-reinstall seedbed"]
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServiceMissing(
            f"`{_shown(command)}` has not started a service within {int(_START)} s", hints=["seedbed service"]
        ) from error
    if ran.status != 0:
        raise _failed(command, ran)
    try:
        return _of_json(json.loads(ran.said))
    except (ValueError, KeyError, TypeError) as error:
        raise SeedbedError(
            f"`{_shown(command)}` did not say where the service is",
            hints=["pip install --upgrade --force-reinstall seedbed", f"{program} --version"],
            # Only what is no answer at all: an answer holds the token.
            detail=ran.said.strip()[:_SHOWN] or None if isinstance(error, json.JSONDecodeError) else None,
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


def _failed(command: list[str], ran: Ran) -> SeedbedError:
    # clap's status for arguments it does not know.
    if ran.status == 2 and "service" in ran.other and "unrecognized subcommand" in ran.other:
        return SeedbedError(
            f"{command[0]} is too old for this package: it has no `service`",
            hints=["pip install --upgrade --force-reinstall seedbed"],
        )
    failed = [event for event in ran.events if event["event"] == "failed" and "message" in event]
    said = (ran.other or ran.said.strip())[:_SHOWN] or None
    event = failed[-1] if failed else {"message": f"it ended with status {ran.status}", "detail": said}
    return ServiceMissing(
        f"`{_shown(command)}` could not start a service: {event['message']}",
        hints=event.get("hints") or ["seedbed service   # by hand"],
        detail=event.get("detail"),
    )


def _shown(command: list[str]) -> str:
    return " ".join(["seedbed", *command[1:]])
