"""One connection to the lease service, which is one holder: the leases asked for on it end with it.

Invariants: a client never reconnects by itself, for the lease would be lost without anybody noticing; one exchange at
a time, whatever thread asks; in a fork of its process its copy of the socket is closed without a word, so that the
lease lives on in the parent and a forgotten child cannot keep it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from .errors import LeaseEnded, SeedbedError, ServiceMissing, VersionSkew, of_problem
from .errors import is_told as __tracebackhide__  # noqa: F401
from .wire import Broken, Wire

if TYPE_CHECKING:
    from types import TracebackType

    from .lease import Lease

# Version of the protocol this client speaks. A service of a higher one has something added; a lower one lacks
# something this client asks for.
PROTOCOL = 1
# Seconds. Nothing the service does takes that long; a service that is stopped but not dead must not hang a test.
PATIENCE = 600.0

_live: weakref.WeakSet[Client] = weakref.WeakSet()


class Client:
    """A connection: `socket_path` where there is one, else `api` (`http://127.0.0.1:PORT`).

    `patience` is how many seconds it may take to answer for the first time. Raises ServiceMissing where nobody listens,
    Refused where the token is wrong, VersionSkew.
    """

    def __init__(self, api: str, socket_path: str | None, token: str, patience: float = PATIENCE) -> None:
        self.api = api
        self.socket_path = socket_path
        self.health: dict[str, Any] = {}
        # Reentrant: an interruption that strikes as the lock is given back leaves it to this thread, not to nobody.
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._ended: str | None = None
        self._wire = Wire(api, socket_path, patience)
        self._head = f" HTTP/1.1\r\nHost: {self._wire.host}\r\nAuthorization: Bearer {token}\r\n".encode("latin-1")
        _live.add(self)
        try:
            self.health = self._exchange("GET", "/v1/health", None, patience)
            check_protocol(self.health)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        # Not the token.
        return f"<seedbed.Client of {self.socket_path or self.api}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the connection has ended, and with it what was leased on it."""
        return self._ended is not None

    def get(self, path: str) -> Any:
        """What the service answers, as plain data.

        Raises the error of the service's problem, ServiceMissing if it is gone.
        """
        return self._exchange("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The same, with a body that is sent as JSON."""
        return self._exchange("POST", path, body)

    def acquire(
        self,
        worker: str | None = None,
        slot: str | None = None,
        test: str | None = None,
        lane: str = "auto",
        wait: float = 60.0,
        connections: int | None = None,
    ) -> Lease:
        """A lease, held by this connection.

        `worker` is a wish: the same name gets the same slot again where it is free. `slot` is that slot and no other.
        `wait` is how many seconds to wait in the queue. `connections` is how many connections to the database the
        holder will open at most.
        """
        from .lease import Lease

        wish = {
            "worker": worker,
            "slot": slot,
            "test": test,
            "lane": lane,
            "wait_ms": int(wait * 1000),
            "connections": connections,
        }
        try:
            said = self._exchange("POST", "/v1/leases", wish, patience=wait + PATIENCE)
        except SeedbedError:
            raise
        except BaseException:
            # Ctrl-C, a time limit: a lease that is granted later would be nobody's, as long as the connection lives.
            self.close()
            raise
        return Lease(self, said)

    def close(self) -> None:
        """Ends the connection, and with it the leases it holds."""
        if self._ended is None:
            self._end("it was closed")

    def after_fork(self) -> None:
        """In a child: closes its copy of the socket. The lease lives on in the parent."""
        # Another thread of the parent may have held the lock when it forked.
        self._lock = threading.RLock()
        self._end("it belongs to the process this one was forked from")

    def _exchange(self, method: str, path: str, body: dict[str, Any] | None, patience: float = PATIENCE) -> Any:
        import json

        if self._pid != os.getpid():
            raise self._forked()
        sent = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        kind = b"" if body is None else b"Content-Type: application/json\r\n"
        line = f"{method} {path}".encode()
        request = b"%b%b%bContent-Length: %d\r\n\r\n%b" % (line, self._head, kind, len(sent), sent)
        with self._lock:
            if self._ended is not None:
                raise self._gone()
            try:
                status, reply = self._wire.exchange(request, patience)
            except Broken as broken:
                self._end(str(broken))
                raise self._gone() from broken
        said = json.loads(reply) if reply else {}
        if status >= 300:
            raise of_problem(said.get("error") or {"message": f"the service answered {status} to {method} {path}"})
        return said

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._wire.close()

    def _gone(self) -> ServiceMissing:
        return ServiceMissing(
            f"the connection to the lease service has ended ({self._ended}), and with it what was leased on it",
            hints=["run the command again", "seedbed ps   # what is running"],
        )

    def _forked(self) -> LeaseEnded:
        return LeaseEnded(
            f"this lease belongs to process {self._pid}; this is its fork {os.getpid()}",
            code="lease_ended",
            hints=["seedbed.Service.find().connect().acquire()   # in the child: a lease of its own"],
        )


def check_protocol(health: dict[str, Any]) -> None:
    """Raises VersionSkew unless what a service says of itself (`Health`) is a version this client speaks."""
    spoken = health.get("protocol")
    if isinstance(spoken, int) and spoken >= PROTOCOL:
        return
    from .version import version

    raise VersionSkew(
        f"the lease service is seedbed {health.get('seedbed', 'of an unknown version')}, which speaks version {spoken} "
        f"of the protocol; this package is seedbed {version()}, which needs version {PROTOCOL}",
        hints=["pip install --upgrade --force-reinstall seedbed", "seedbed down   # ends a service of another version"],
    )


def _after_fork() -> None:
    for client in list(_live):
        client.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
