"""What tests share, in layers: each is data that was built once, committed, between a mark and what came after.

Invariants: a layer is finished before the database goes back to a state without its data, never silently after; layers
above it are finished first. A layer that was built while a test ran lives as long as that test, for it lies above the
test's mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from .errors import SeedbedError

if TYPE_CHECKING:
    from .lease import Mark
    from .worker import Worker


@dataclass(eq=False)
class Layer:
    """Shared data called `name`. `finish` makes its owner forget it; `before` is the mark below it, None for one that
    was built while a test ran: that test's mark is below it."""

    name: str
    before: Mark | None
    finish: Callable[[], object]
    finishing: bool = False
    built: bool = False


class Layers:
    """The layers on a worker's lease, the lowest first."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._stack: list[Layer] = []

    def __len__(self) -> int:
        return len(self._stack)

    def lay(self, name: str, finish: Callable[[], object]) -> Layer:
        """Marks the state below a new layer, which the caller then builds."""
        worker = self._worker
        lease = worker.lease()
        # A test that runs may have an open transaction, over which no mark can be set, and needs none.
        layer = Layer(name, None if worker.turn else worker.watched(lease.mark), finish)
        self._stack.append(layer)
        return layer

    @property
    def building(self) -> bool:
        """Whether what is written now belongs to a layer."""
        return bool(self._stack) and not self._stack[-1].built

    @property
    def lowest(self) -> Mark | None:
        """The mark below all layers."""
        return self._stack[0].before if self._stack else None

    def lift(self, layer: Layer) -> None:
        """Takes a layer off, with all above it, and what they wrote with them."""
        if layer not in self._stack:
            # It is finished because what it lay on is gone, and its data with that.
            return
        at = self._stack.index(layer)
        layer.finishing = True
        try:
            self.finish_from(at + 1)
        finally:
            # Finishing those above may have found that this one is lost too.
            if layer in self._stack:
                self._stack.remove(layer)
            if layer.before is not None and self._worker.usable:
                self._worker.back_to(layer.before)

    def finish_from(self, at: int, why: str = "") -> None:
        """Finishes the layers from the `at`-th on, the highest first. The caller takes their data back.

        Raises the first error of theirs; SeedbedError with their name and `why`, if it is none of their own ends.
        """
        errors: list[tuple[Layer, Exception]] = []
        while len(self._stack) > at:
            layer = self._stack.pop()
            if layer.finishing:
                continue
            layer.finishing = True
            try:
                layer.finish()
            except Exception as error:
                errors.append((layer, error))
        if errors:
            # Those of the others are often its consequence.
            layer, first = errors[0]
            if not why:
                raise first
            raise SeedbedError(
                f"{layer.name} is shared by tests before this one and was finished, because {why}; that raised "
                f"{type(first).__name__}"
            ) from first

    def finish_lost(self, mark: str) -> int:
        """The database went back to `mark`, further than asked for: finishes the layers above it. How many."""
        at = 0
        for index, layer in enumerate(self._stack):
            if layer.before and layer.before.name == mark:
                at = index
        lost = len(self._stack) - at
        self.finish_from(at)
        return lost
