"""HTTP/1.1 over one socket: requests and their replies, one after another.

Written by hand because `http.client` costs more to import than all of this package, and more for each reply than the
service takes to give it. The service always tells the length of a reply.

Invariant: a reply belongs to its request. An exchange that was interrupted (Ctrl-C, a test's time limit) is finished
before the next request is sent, and its reply dropped; it is known at any moment how much of it was sent and what was
received.
"""

from __future__ import annotations

import socket
from typing import Any

from .errors import ServiceMissing

# Bytes of the head of a reply at most.
_LARGEST_HEAD = 64 << 10
# Seconds to wait for each piece of a reply that nobody wants any more, before the next request.
_LATE = 10.0
# A service ends when its server does.
_ENDED = "it closed the connection: it or its server was ended or killed"


class Broken(Exception):
    """The wire is of no use any more, for this reason."""


class Exchange:
    """A request, how many of its bytes were sent (in so many steps), and the pieces of its reply."""

    __slots__ = ("pieces", "request", "sent")

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.sent: list[int] = []
        self.pieces: list[bytes] = []


class Wire:
    """A connected socket. `host` is what the Host header says on it.

    Raises ServiceMissing where nobody listens.
    """

    def __init__(self, api: str, socket_path: str | None, patience: float) -> None:
        self._socket, self.host = _connect(api, socket_path, patience)
        # The exchange that has begun and not ended: one attribute, so that no interruption can leave half a state.
        self._going: Exchange | None = None

    def exchange(self, request: bytes, patience: float) -> tuple[int, bytes]:
        """Status and body of the reply to a request, which may take `patience` seconds for each piece that comes.

        Raises Broken.
        """
        if self._going is not None:
            self._finish_late(self._going)
        self._socket.settimeout(patience)
        self._going = going = Exchange(request)
        return self._finish(going)

    def close(self) -> None:
        """Closes this process's copy of the socket."""
        self._socket.close()

    def _finish_late(self, going: Exchange) -> None:
        """Ends an exchange that was interrupted."""
        if going.sent:
            self._socket.settimeout(_LATE)
            try:
                self._finish(going)
            except Broken as broken:
                raise Broken(f"an exchange was interrupted, and its end did not come: {broken}") from broken
        self._going = None

    def _finish(self, going: Exchange) -> tuple[int, bytes]:
        unsent = None
        try:
            self._send(going)
        except OSError as error:
            # What the service said before it closed the connection, if it did, says more.
            unsent = error
        try:
            reply = self._reply(going)
        except Broken as broken:
            if unsent is None:
                raise
            said = _ENDED if isinstance(unsent, ConnectionError) else str(unsent)
            raise Broken(said) from broken
        self._going = None
        return reply

    def _send(self, going: Exchange) -> None:
        request, sent = going.request, going.sent
        while (so_far := sum(sent)) < len(request):
            rest = memoryview(request)[so_far:] if so_far else request
            # `extend` and `map` are one step of the interpreter's: between the call and the record of what it did no
            # signal's handler can run. (`sendall` forgets what it has sent when a handler raises.)
            sent.extend(map(self._socket.send, (rest,)))

    def _receive(self, pieces: list[bytes]) -> None:
        try:
            # One step, as above.
            pieces.extend(map(self._socket.recv, (1 << 16,)))
        except ConnectionError as error:
            raise Broken(_ENDED) from error
        except OSError as error:
            raise Broken(f"it did not answer: {error}") from error
        if not pieces[-1]:
            raise Broken(_ENDED)

    def _reply(self, going: Exchange) -> tuple[int, bytes]:
        pieces = going.pieces
        while (end := (received := b"".join(pieces)).find(b"\r\n\r\n")) < 0:
            if len(received) > _LARGEST_HEAD:
                raise Broken("what answers there is not the lease service")
            self._receive(pieces)
        length = _content_length(received[:end])
        if not received.startswith(b"HTTP/1.1 ") or length is None:
            raise Broken("what answers there is not the lease service")
        whole = end + 4 + length
        while sum(map(len, pieces)) < whole:
            self._receive(pieces)
        received = b"".join(pieces)
        if len(received) > whole:
            raise Broken("what answers there is not the lease service")
        return int(received[9:12]), received[end + 4 :]


def _connect(api: str, socket_path: str | None, patience: float) -> tuple[socket.socket, str]:
    unix = getattr(socket, "AF_UNIX", None)
    address: Any
    if socket_path and unix is not None:
        stream, address, host = socket.socket(unix), socket_path, "seedbed"
    else:
        host = api.split("://", 1)[-1].rstrip("/")
        name, _, port = host.rpartition(":")
        if not name or not port.isdigit():
            raise ServiceMissing(
                f"SEEDBED_API is no address of a lease service: {api!r}",
                hints=["export SEEDBED_API=http://127.0.0.1:PORT"],
            )
        stream = socket.socket(socket.AF_INET6 if name.startswith("[") else socket.AF_INET)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = (name.strip("[]"), int(port))
    try:
        stream.settimeout(patience)
        stream.connect(address)
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


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return None
