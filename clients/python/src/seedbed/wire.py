"""HTTP/1.1 over one socket: requests and their replies, one after another.

Written by hand because `http.client` costs more to import than all of this package, and more for each reply than the
service takes to give it. The service always tells the length of a reply.

Invariant: a reply belongs to its request. One that nobody waited for any longer (Ctrl-C, a test's time limit) is taken
in and dropped before the next request is sent; where that cannot be known, the wire is broken for good.
"""

from __future__ import annotations

import socket
from typing import Any

from .errors import ServiceMissing

# Bytes of the head of a reply at most.
_LARGEST_HEAD = 64 << 10


class Broken(Exception):
    """The wire is of no use any more, for this reason."""


class Wire:
    """A connected socket. `host` is what the Host header says on it.

    Raises ServiceMissing where nobody listens.
    """

    def __init__(self, api: str, socket_path: str | None, patience: float) -> None:
        self._socket, self.host = _connect(api, socket_path, patience)
        self._received = bytearray()
        # Whether a request is only partly sent, as far as is known, and whether a reply is still to come.
        self._sending = False
        self._owed = False

    def exchange(self, request: bytes, patience: float) -> tuple[int, bytes]:
        """Status and body of the reply to a request, which may take `patience` seconds for each piece that comes.

        Raises Broken.
        """
        self._socket.settimeout(patience)
        if self._owed:
            self._reply()
        # An interruption may strike between any two instructions.
        if self._sending or self._received:
            raise Broken("an exchange was interrupted, and what came of it is not known")
        self._sending = True
        try:
            self._socket.sendall(request)
        except OSError as error:
            return self._last_words(error)
        # From here on the reply comes, whether or not somebody still waits for it.
        self._owed = True
        self._sending = False
        return self._reply()

    def close(self) -> None:
        """Closes this process's copy of the socket."""
        self._socket.close()

    def _last_words(self, error: OSError) -> tuple[int, bytes]:
        """What the service said before it closed the connection, if it did."""
        try:
            return self._reply()
        except Broken:
            raise Broken(str(error)) from error

    def _reply(self) -> tuple[int, bytes]:
        received = self._received
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > _LARGEST_HEAD:
                raise Broken("what answers there is not the lease service")
            self._receive()
        head = bytes(received[:end])
        length = _content_length(head)
        if not head.startswith(b"HTTP/1.1 ") or length is None:
            raise Broken("what answers there is not the lease service")
        whole = end + 4 + length
        while len(received) < whole:
            self._receive()
        body = bytes(received[end + 4 : whole])
        self._owed = False
        del received[:whole]
        return int(head[9:12]), body

    def _receive(self) -> None:
        try:
            piece = self._socket.recv(1 << 16)
        except OSError as error:
            raise Broken(f"it did not answer: {error}") from error
        if not piece:
            raise Broken("it closed the connection")
        self._received += piece


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
