"""One connection to the lease service, which is one holder: the leases asked for on it end with it.

Invariants: a client never reconnects by itself, for the lease would be lost without anybody noticing; one exchange at
a time, whatever thread asks; in a fork of its process its copy of the socket is closed without a word, so that the
lease lives on in the parent and a forgotten child cannot keep it.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Any, Optional

from .errors import LeaseEnded, ServiceMissing, VersionSkew, of_problem

if TYPE_CHECKING:
    from types import TracebackType

    from .lease import Lease

# Version of the protocol this client speaks. A service of a higher one has something added; a lower one lacks
# something this client asks for.
PROTOCOL = 1
# Seconds. Nothing the service does takes that long; a service that is stopped but not dead must not hang a test.
PATIENCE = 600.0
# Bytes of the head of a reply at most.
_LARGEST_HEAD = 64 << 10

_live: weakref.WeakSet[Client] = weakref.WeakSet()


class Client:
    """A connection: `socket_path` where there is one, else `api` (`http://127.0.0.1:PORT`).

    Raises ServiceMissing where nobody listens, Refused where the token is wrong, VersionSkew.
    """

    def __init__(self, api: str, socket_path: Optional[str], token: str) -> None:
        self.api = api
        self.socket_path = socket_path
        self.health: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._received = bytearray()
        # Replies that were still to come when an exchange was interrupted: dropped before the next one.
        self._owed = 0
        self._ended: Optional[str] = None
        self._stream, host = _connect(api, socket_path)
        self._head = f" HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n".encode("latin-1")
        _live.add(self)
        try:
            self.health = self.get("/v1/health")
            _check_protocol(self.health)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        # Not the token.
        return f"<seedbed.Client of {self.socket_path or self.api}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
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
        worker: Optional[str] = None,
        slot: Optional[str] = None,
        test: Optional[str] = None,
        lane: str = "auto",
        wait: float = 60.0,
        connections: Optional[int] = None,
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
        return Lease(self, self._exchange("POST", "/v1/leases", wish, patience=wait + PATIENCE))

    def close(self) -> None:
        """Ends the connection, and with it the leases it holds."""
        if self._ended is None:
            self._end("it was closed")

    def after_fork(self) -> None:
        """In a child: closes its copy of the socket. The lease lives on in the parent."""
        # Another thread of the parent may have held the lock when it forked.
        self._lock = threading.Lock()
        self._end("it belongs to the process this one was forked from")

    def _exchange(self, method: str, path: str, body: Optional[dict[str, Any]], patience: float = PATIENCE) -> Any:
        import json

        if self._pid != os.getpid():
            self._refuse_fork()
        sent = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        kind = b"" if body is None else b"Content-Type: application/json\r\n"
        request = b"%b %b%bContent-Length: %d\r\n%b\r\n%b" % (
            method.encode(), path.encode(), self._head, len(sent), kind, sent,
        )  # fmt: skip
        with self._lock:
            if self._ended is not None:
                raise self._gone()
            self._stream.settimeout(patience)
            while self._owed:
                self._reply()
                self._owed -= 1
            self._send(request)
            # From here on the reply comes, whether or not somebody still waits for it.
            self._owed += 1
            status, reply = self._reply()
            self._owed -= 1
        said = json.loads(reply) if reply else {}
        if status >= 300:
            raise of_problem(said.get("error") or {"message": f"the service answered {status} to {method} {path}"})
        return said

    def _send(self, request: bytes) -> None:
        try:
            self._stream.sendall(request)
        except OSError as error:
            # It may have said why before it closed the connection.
            self._say_last_words()
            self._end(f"the service is gone: {error}")
            raise self._gone() from error
        except BaseException:
            # Nobody knows how much of it was sent.
            self._end("an exchange was interrupted while its request was sent")
            raise

    def _reply(self) -> tuple[int, bytes]:
        """Status and body of the next reply. What was received before an interruption is not lost."""
        received = self._received
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > _LARGEST_HEAD:
                self._end("what answers there is not the lease service")
                raise self._gone()
            self._receive()
        head = bytes(received[:end])
        length = _content_length(head)
        if not head.startswith(b"HTTP/1.1 ") or length is None:
            self._end("what answers there is not the lease service")
            raise self._gone()
        whole = end + 4 + length
        while len(received) < whole:
            self._receive()
        body = bytes(received[end + 4 : whole])
        del received[:whole]
        return int(head[9:12]), body

    def _receive(self) -> None:
        try:
            piece = self._stream.recv(1 << 16)
        except OSError as error:
            self._end(f"the service did not answer: {error}")
            raise self._gone() from error
        if not piece:
            self._end("the service closed the connection")
            raise self._gone()
        self._received += piece

    def _say_last_words(self) -> None:
        import json

        try:
            status, reply = self._reply()
            problem = json.loads(reply).get("error")
        except (ServiceMissing, LeaseEnded, ValueError):
            return
        if status >= 300 and problem:
            self._end(str(problem.get("message")))
            raise of_problem(problem)

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._stream.close()

    def _gone(self) -> ServiceMissing:
        return ServiceMissing(
            f"the connection to the lease service has ended ({self._ended}), and with it what was leased on it",
            hints=["run the command again", "seedbed ps   # what is running"],
        )

    def _refuse_fork(self) -> None:
        raise LeaseEnded(
            f"this lease belongs to process {self._pid}; this is its fork {os.getpid()}",
            code="lease_ended",
            hints=["seedbed.Service.find().connect().acquire()   # in the child: a lease of its own"],
        )


def _connect(api: str, socket_path: Optional[str]) -> tuple[socket.socket, str]:
    """A connected socket, and what the Host header says on it."""
    if socket_path and hasattr(socket, "AF_UNIX"):
        stream = socket.socket(socket.AF_UNIX)
        address: Any = socket_path
        host = "seedbed"
    else:
        host = api.split("://", 1)[-1].rstrip("/")
        name, _, port = host.rpartition(":")
        if not name or not port.isdigit():
            raise ServiceMissing(
                f"SEEDBED_API is no address of a lease service: {api!r}",
                hints=["export SEEDBED_API=http://127.0.0.1:PORT"],
            )
        stream = socket.socket(socket.AF_INET6 if name.startswith("[") else socket.AF_INET)
        address = (name.strip("[]"), int(port))
    try:
        stream.settimeout(PATIENCE)
        stream.connect(address)
        if stream.family != getattr(socket, "AF_UNIX", None):
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        stream.close()
        raise ServiceMissing(
            f"no lease service listens at {socket_path or api}: {error}",
            hints=[
                "seedbed run --workers 2 -- pytest -n 2",
                "seedbed up --workers 2   # for commands that come and go",
            ],
        ) from error
    return stream, host


def _content_length(head: bytes) -> Optional[int]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None


def _check_protocol(health: dict[str, Any]) -> None:
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
