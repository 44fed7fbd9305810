"""This process's part in a test run: one lease, what lies on it, and the connection its tests share.

Invariants: nothing is found, started or connected before the first test needs it; a service that is missing or gone is
told to every later test in the same words, at once, without asking again. Where only the connection to it was lost (an
exchange that was interrupted and never answered), the next test begins anew with a lease of the same slot.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Callable, TypeVar

from .connection import KeptConnection
from .errors import LeaseEnded, Refused, SeedbedError, SeedbedWarning, ServiceMissing
from .errors import is_told as __tracebackhide__  # noqa: F401
from .layers import Layers

if TYPE_CHECKING:
    from .client import Client
    from .lease import Lease, Mark, Rewound
    from .service import Service
    from .turn import Running, Turn

T = TypeVar("T")

# Seconds to wait for a slot; longer where workers share slots in turns.
_WAIT, _WAIT_IN_TURNS = 60.0, 600.0
# Seconds a service may take to show that it lives, after a connection to it was lost.
_SIGN_OF_LIFE = 5.0


class Worker:
    """A worker called `name`, one of `count`; `lane` is the lane where no test wants another."""

    def __init__(
        self, name: str = "main", count: int = 1, *, lane: str = "auto", driver: str = "", directory: str | None = None
    ) -> None:
        self.name = name
        self.count = count
        self.lane = lane or "auto"
        self.driver = driver
        self.pid = os.getpid()
        self.turn: Turn | None = None
        self.running: Running | None = None
        self.layers = Layers(self)
        self.connection = KeptConnection(self._fast_url, lambda: self.driver)
        # Leases of further databases, marked and rewound with this one's.
        self.companions: list[Lease] = []
        # Takes a line for the user's terminal, where there is one.
        self.tell: Callable[[str], object] | None = None
        # Whether one of a wider scope has written without sharing it.
        self.unshared = False
        self._unshared_lost = False
        # How many layers the last rewind lost.
        self.finished_lost = 0
        self._directory = directory
        self._wish = self.lane
        self._slot: str | None = None
        self._service: Service | None = None
        self._client: Client | None = None
        self._lease: Lease | None = None
        self._failure: SeedbedError | None = None
        self._app_name = os.environ.get("PGAPPNAME")

    @property
    def leased(self) -> Lease | None:
        """The lease, if there is one."""
        return self._lease

    @property
    def usable(self) -> bool:
        """Whether there is a lease, and this process holds it."""
        return self._lease is not None and self._failure is None and os.getpid() == self.pid

    @property
    def crowded(self) -> bool:
        """Whether workers outnumber the slots, so that they have to take turns."""
        return self._service is not None and self._service.slots < self.count

    def service(self) -> Service:
        """The lease service, started if need be, with a database for each worker."""
        if self._service is None:
            from .service import Service

            self._service = Service.find(
                self._directory, self.count, self.tell, "truncate" if self.lane == "truncate" else ""
            )
        return self._service

    def lease(self) -> Lease:
        """The lease; asks for one if there is none."""
        if self._lease is None or self._failure is not None:
            self._lease = self.watched(self._acquire)
        return self._lease

    def watched(self, ask: Callable[[], T]) -> T:
        """What `ask` answers. If the service or the lease is gone, all later asking fails at once; if only the
        connection to the service is, what lies on the lease is finished, and the next lease is another."""
        if self._failure is not None:
            raise type(self._failure)(
                self._failure.message,
                code=self._failure.code,
                hints=self._failure.hints,
                detail=self._failure.detail,
            )
        try:
            return ask()
        except SeedbedError as error:
            if isinstance(error, ServiceMissing) and self._reconnected():
                self._begin_anew()
                raise
            # Another lane may be possible; whatever else prevents a first lease prevents the next one too.
            if isinstance(error, (ServiceMissing, LeaseEnded)) or (
                self._lease is None and error.code != "lane_impossible"
            ):
                self._failure = error
            raise

    def empty(self) -> str | None:
        """The folder that was searched for a schema, if the database has no tables; None if it has, or is gone."""
        lease = self._lease
        if lease is None or not self.usable:
            return None
        try:
            tables = lease.schema()["tables"]
        except SeedbedError:
            return None
        return None if tables else self._directory or os.getcwd()

    def prepare(self, lane: str = "") -> None:
        """Before the fixtures of a test: on another lane than the last, what those tests shared is finished."""
        wish = lane or self.lane
        if self._lease is None or self._failure is not None:
            self._wish = wish
        elif wish != self._wish and not (wish == self._lease.lane and self._wish == "auto"):
            before, self._wish = self._wish, wish
            self.release(f"the lane changes from {before} to {wish}")

    def back_to(self, mark: Mark, test: str | None = None, keep: bool = False) -> Rewound:
        """Rewinds, and forgets what the rewind took."""
        lease = self.lease()
        self.connection.give_back()
        rewound = self.watched(lambda: lease.rewind(mark, test, keep))
        if rewound.replaced:
            self._replaced(lease)
        self.finished_lost = 0
        if rewound.marks_lost:
            self.finished_lost = self.layers.finish_lost(rewound.mark)
        return rewound

    def rest(self) -> None:
        """Between two tests: lets another worker have the slot, if there are too few."""
        if self.crowded and not self.companions and not self.unshared:
            self.release("there are more workers than slots")

    def release(self, why: str) -> None:
        """Finishes what lies on the lease and gives it back. The next one is of the same slot, whose URL stays."""
        lease = self._lease
        if lease is None or os.getpid() != self.pid:
            return
        lost, self.unshared = self.unshared, False
        try:
            below = self.layers.lowest
            self.layers.finish_from(0, why)
            lost = self._lies_on(lease, below) or lost
        finally:
            self.connection.drop()
            self._lease = None
            if self._failure is None:
                self._lease = lease
                self.watched(lease.release)
                self._lease = None
        if lost and not self._unshared_lost:
            self._unshared_lost = True
            _warn(
                f"what plain fixtures of a wider scope wrote is gone from the database: {why}. Build it in a fixture "
                'with @seedbed.shared(scope="module"), which is then called again'
            )

    def _lies_on(self, lease: Lease, below: Mark | None) -> bool:
        """Whether anything lies on the lease below the layers, which then are gone."""
        if self._failure is not None or lease.lane != "rewind":
            # On the others it costs a database.
            return False
        if below is not None:
            self.watched(lambda: lease.rewind(below))
        return bool(self.watched(lambda: lease.rewind(lease.first)).rows)

    def written(self) -> int | None:
        """How many states lie below now; None where that is unknown, or what is written is a test's or a layer's."""
        if self._lease is None and self._failure is None:
            return 0
        if not self.usable or self.turn is not None or self.layers.building:
            return None
        assert self._lease is not None
        try:
            return self._lease.mark().depth if self._lease.lane == "rewind" else None
        except SeedbedError:
            # A transaction is open, which may come to nothing.
            return None

    def close(self) -> None:
        """The end: the connection to the service closes, and the lease ends with it."""
        if os.getpid() != self.pid:
            return
        self.connection.drop()
        client, self._client, self._lease = self._client, None, None
        if client is not None:
            client.close()
        if self._app_name is None:
            os.environ.pop("PGAPPNAME", None)
        else:
            os.environ["PGAPPNAME"] = self._app_name

    def another(self, worker: str, lane: str = "") -> Lease:
        """A lease of a further database, held like the first."""
        self.lease()
        assert self._client is not None
        client = self._client
        return self.watched(lambda: client.acquire(worker=worker, lane=lane or self.lane, wait=_WAIT))

    def _reconnected(self) -> bool:
        """Whether the connection was lost, and there is another one to the same service."""
        client, service = self._client, self._service
        # What lies on further leases is not known here.
        if client is None or service is None or not client.closed or self.companions:
            return False
        from .client import Client

        try:
            self._client = Client(service.api, service.socket, service.token, _SIGN_OF_LIFE)
        except SeedbedError:
            return False
        return True

    def _begin_anew(self) -> None:
        """The lease has ended with its connection, and what lay on it is gone."""
        self._lease = None
        self.connection.drop()
        # What a fixture says at its end is a consequence of what is told already.
        with contextlib.suppress(Exception):
            self.layers.finish_from(0)

    def _acquire(self) -> Lease:
        service = self.service()
        # Closed: the wait for a lease was interrupted.
        if self._client is None or self._client.closed:
            self._client = service.connect()
        wait = _WAIT_IN_TURNS if self.crowded else _WAIT
        # A URL that a fixture or the application holds must go on to name this worker's database.
        try:
            lease = self._client.acquire(worker=self.name, slot=self._slot, lane=self._wish, wait=wait)
        except SeedbedError as error:
            if error.code == "lane_impossible" and self._wish == "truncate":
                raise _for_another_lane(error, self.lane) from error
            raise
        again, self._slot = self._slot is not None, lease.slot
        # A hook that fails must not have it leased twice.
        self._lease = lease
        if again:
            # The end of the lease before has ended the sessions that pools still hold.
            self._replaced(lease)
        return lease

    def _replaced(self, lease: Lease) -> None:
        self.connection.drop()
        from . import pools

        pools.empty(lease)

    def _fast_url(self) -> str:
        lease = self.lease()
        return lease.socket_url or lease.url


def _for_another_lane(error: SeedbedError, lane: str) -> SeedbedError:
    """What to do about a service whose databases are not prepared for the lane truncate."""
    if lane == "truncate":
        why = "this service was started for another lane, and its databases are prepared for that"
        hints = ["seedbed down   # then the next run of pytest starts one", "seedbed run --lane truncate -- pytest"]
    else:
        why = "it is the lane of all tests or of none, for the databases are prepared for it"
        hints = ["seedbed_lane = truncate   # in pytest.ini", "seedbed run --lane truncate -- pytest"]
    return Refused(f"{error.message}; {why}", code=error.code, hints=hints)


def _warn(text: str) -> None:
    import warnings

    warnings.warn(SeedbedWarning(text), stacklevel=2)


_current: Worker | None = None


def current() -> Worker:
    """The worker of this process: the runner's, or one that the first caller brings about."""
    global _current
    if _current is None or _current.pid != os.getpid():
        name = os.environ.get("PYTEST_XDIST_WORKER") or f"pid{os.getpid()}"
        _current = Worker(name, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
        import atexit

        atexit.register(_current.close)
    return _current


def install(worker: Worker | None) -> Worker | None:
    """Makes it the worker of this process; the one it was."""
    global _current
    before, _current = _current, worker
    return before
