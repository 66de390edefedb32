"""Where lessons are: by Redis, and by the database while Redis is away or settling."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.base.clock import Clock
from signaling.cells.api import CellAddress, Unreachable
from signaling.cells.boards import RedisLeases
from signaling.cells.core.nodes import NodeBook
from signaling.cells.core.times import CellTimes
from signaling.cells.ports import EpochBook, PostedLease

_REMEMBERED = 2000  # lessons; a province's live ones


@dataclass(frozen=True, slots=True)
class _Memory:
    found: CellAddress | None
    until: float


class Places:
    """Tells which cell has a lesson. Answers are at most one beat old."""

    def __init__(
        self,
        board: RedisLeases,
        epochs: EpochBook,
        book: NodeBook,
        clock: Clock,
        times: CellTimes,
    ) -> None:
        self._board = board
        self._epochs = epochs
        self._book = book
        self._clock = clock
        self._times = times
        self._memory: dict[str, _Memory] = {}

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        """The cell that has a lesson; None if none has. Answers without Redis, too."""
        now = self._clock.monotonic()
        known = self._memory.get(lesson_id)
        if known is not None and now < known.until:
            return known.found
        posted = await self._posted(lesson_id)
        found = None if posted is None else self._addressed(posted)
        if len(self._memory) >= _REMEMBERED:
            self._memory.clear()
        self._memory[lesson_id] = _Memory(found, now + self._times.beat_s)
        return found

    def forget(self, lesson_id: str) -> None:
        """Ask anew next time, since the cell that was named does not have the lesson."""
        self._memory.pop(lesson_id, None)

    async def _posted(self, lesson_id: str) -> PostedLease | None:
        try:
            posted, settling = await self._board.posted(lesson_id)
        except Unreachable:
            return await self._written(lesson_id)
        if posted is None and settling:
            return await self._written(lesson_id)
        return posted

    async def _written(self, lesson_id: str) -> PostedLease | None:
        """The holder by the database, which may have died: only Redis would know."""
        entry = (await self._epochs.entries([lesson_id])).get(lesson_id)
        if entry is None or entry.cell_id is None:
            return None
        return PostedLease(entry.cell_id, entry.epoch)

    def _addressed(self, posted: PostedLease) -> CellAddress | None:
        address = self._book.address_of(posted.cell_id)
        return None if address is None else CellAddress(posted.cell_id, address, posted.epoch)
