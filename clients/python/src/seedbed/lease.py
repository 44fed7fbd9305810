"""A lease: one database for one worker, its marks, and the way back to them.

Invariant: a lease asks on the connection that holds it and on no other, so a request never outlives the lease.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import SeedbedError
from .errors import is_told as __tracebackhide__  # noqa: F401

if TYPE_CHECKING:
    from types import TracebackType

    from .client import Client


@dataclass(frozen=True)
class Mark:
    """A state to come back to. `depth` is how many other marked states are below it, `redoable` whether it can be
    built again in another database, should this one have to be replaced."""

    name: str
    depth: int
    redoable: bool


@dataclass(frozen=True)
class Kept:
    """A database that was kept for people: `seedbed kept open NAME`. `url` holds its password."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Session:
    """A session that stood in a rewind's way. `holds` is `transaction`, `snapshot`, `lock`, `prepared` or `nothing`;
    `pid` is 0 for a prepared transaction."""

    pid: int
    application: str
    role: str
    holds: str


@dataclass(frozen=True)
class Rewound:
    """The database is at `mark` again.

    `replaced`: it is another database under the same URL; its sessions have ended, pools must be emptied. `why` says
    why. `marks_lost`: the wanted mark could not be built again, what was set up after `mark` must be set up anew.
    `tables` and `rows` were touched and are back (0 after a replacement: unknown). `committed`: on the rollback lane,
    the test committed something. `ended` are sessions that still held something and were ended, `readers` those that
    were left alone. `kept` is where the test's database is kept, if asked for.
    """

    mark: str
    replaced: bool
    marks_lost: bool
    why: str | None
    tables: int
    rows: int
    committed: bool
    ended: tuple[Session, ...] = ()
    readers: tuple[Session, ...] = ()
    kept: Kept | None = None


# What was learned about databases of one template, by its fingerprint: plans, the schema.
_MEMORIES: dict[str, dict[Any, Any]] = {}


class Lease:
    """A database of one's own, until it is released or the client's connection ends.

    `url` and `socket_url` hold the password; `because` is why it is on its `lane`, one phrase; `template` the
    fingerprint of the state it began with; `first` the outermost mark, which is that state.
    """

    def __init__(self, client: Client, said: dict[str, Any]) -> None:
        self.client = client
        self.id: str = said["lease"]
        self.slot: str = said["slot"]
        self.url: str = said["url"]
        self.socket_url: str | None = said.get("socket_url")
        self.database: str = said["database"]
        self.lane: str = said["lane"]
        self.because: str = said["because"]
        self.template: str = said["template"]
        self.first = Mark(said["mark"], 0, True)
        self.released = False
        # Shared by all leases of the template, so that a lease on another lane has nothing to ask again.
        self.memory = _MEMORIES.setdefault(self.template, {})
        self._path = f"/v1/leases/{self.id}"

    def __repr__(self) -> str:
        # Not the URL, which holds the password.
        return f"<seedbed.Lease {self.id} of {self.slot}, lane {self.lane}>"

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except SeedbedError:
            # The body's own error says more than that the lease could not be given back after it.
            if error is None:
                raise

    def mark(self, test: str | None = None) -> Mark:
        """Marks the state as it is now. `test` is the identity of the test that is about to run.

        Raises Refused with the code `writer_open` while a session is in a transaction that has written.
        """
        said = self.client.post(f"{self._path}/marks", {"test": test})
        return Mark(said["mark"], said["depth"], said["redoable"])

    def rewind(self, mark: Mark | str | None = None, test: str | None = None, keep: bool = False) -> Rewound:
        """Goes back to a mark, the latest if None. Marks after it are forgotten, it stays.

        With `keep` the database is kept as the test left it, and the lease goes on with another one.
        """
        name = mark.name if isinstance(mark, Mark) else mark
        rewound = _rewound(self.client.post(f"{self._path}/rewind", {"mark": name, "test": test, "keep": keep}))
        if rewound.replaced:
            # What was learned after a test changed the schema is not true any more.
            self.memory.clear()
        return rewound

    def keep(self, test: str | None = None) -> Kept:
        """Keeps the database as it is now, and ends the lease: the slot gets another database."""
        said = self.client.post(f"{self._path}/keep", {"test": test})
        self.released = True
        return Kept(said["name"], said["url"])

    def release(self) -> None:
        """Gives the database back. Once is enough; more does nothing."""
        if self.released:
            return
        self.released = True
        self.client.post(f"{self._path}/release", {})

    def plan(self, call: dict[str, Any]) -> dict[str, Any]:
        """The plan of a factory call, its arguments and how many rows it asks for (`Planned`)."""
        planned: dict[str, Any] = self._ask("/v1/plans", call=call)
        return planned

    def values(self, run: dict[str, Any]) -> dict[str, Any]:
        """Generated values for a run of a plan.

        Raises Refused with the code `unknown_shape` if the schema is another one by now: ask for the plan again.
        """
        values: dict[str, Any] = self._ask("/v1/values", run=run)
        return values

    def diagnosis(self, trouble: dict[str, Any]) -> dict[str, Any]:
        """What it means that a plan cannot go on (`Diagnosis`)."""
        diagnosis: dict[str, Any] = self._ask("/v1/diagnosis", trouble=trouble)
        return diagnosis

    def make(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        """Makes rows and commits them, on a connection of the service (`Made`, one for each table)."""
        made: list[dict[str, Any]] = self._ask("/v1/make", call=call)
        return made

    def build(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows a call would make, without writing any: what only a database can fill is left out."""
        built: list[dict[str, Any]] = self._ask("/v1/build", call=call)
        return built

    def schema(self) -> dict[str, Any]:
        """Tables, columns and foreign keys of the database, and their `fingerprint`."""
        said: dict[str, Any] = self.client.get(f"/v1/schema?lease={self.id}")
        return said

    def _ask(self, path: str, **body: Any) -> Any:
        return self.client.post(path, {"lease": self.id, **body})


def _rewound(said: dict[str, Any]) -> Rewound:
    kept = said.get("kept")
    return Rewound(
        mark=said["mark"],
        replaced=said["replaced"],
        marks_lost=said["marks_lost"],
        why=said.get("why"),
        tables=said["tables"],
        rows=said["rows"],
        committed=said["committed"],
        ended=tuple(map(_session, said.get("ended") or ())),
        readers=tuple(map(_session, said.get("readers") or ())),
        kept=Kept(kept["name"], kept["url"]) if kept else None,
    )


def _session(said: dict[str, Any]) -> Session:
    return Session(said["pid"], said["application"], said["role"], said["holds"])
