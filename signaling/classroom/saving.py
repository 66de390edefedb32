"""The writer of what must survive a restart: a moment after each change, and never lost.

Only what another process has taken over is dropped: that one goes on from what was written before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from signaling.base.fences import LeaseLost, ToldLosses
from signaling.base.turns import end_between_turns
from signaling.classroom.parts.part import SavedRoom
from signaling.classroom.store import RoomStore

log = structlog.get_logger(__name__)

RETRY_S = 1.0


class RoomSaver:
    """Writes the rooms that changed, coalesced: many changes in a moment are one write."""

    def __init__(self, store: RoomStore, state_of: Callable[[str], SavedRoom | None]) -> None:
        """`state_of` returns what a room must save, or None for a room that is not open."""
        self._store = store
        self._state_of = state_of
        self._unsaved: set[str] = set()
        self._under_way: Counter[str] = Counter()  # writes
        self._wanted = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._losses = ToldLosses()

    def start(self) -> None:
        """Begin to write."""
        self._writer = asyncio.create_task(self._write_changes(), name="room-saver")

    async def stop(self) -> None:
        """Write what is not written yet."""
        if self._writer is not None:
            await end_between_turns(self._writer, self._writing)
        for lesson_id in tuple(self._unsaved):
            await self.save(lesson_id)

    def note(self, lesson_id: str) -> None:
        """Write the room's state soon."""
        self._unsaved.add(lesson_id)
        self._wanted.set()

    def waits(self, lesson_id: str) -> bool:
        """Tell whether the room's state is yet to be written."""
        return lesson_id in self._unsaved or lesson_id in self._under_way

    def forget(self, lesson_id: str) -> None:
        """Write nothing more of a room, until it is noted again."""
        self._unsaved.discard(lesson_id)

    async def save_noted(self, lesson_id: str) -> None:
        """Write the room's state now if it waits to be written."""
        if lesson_id in self._unsaved:
            await self.save(lesson_id)

    async def settle(self, lesson_id: str) -> bool:
        """Write the room's state if it waits, after one under way; returns False if it waits on."""
        async with self._writing:
            await self.save_noted(lesson_id)
        return not self.waits(lesson_id)

    async def save(self, lesson_id: str) -> bool:
        """Write the room's state now; returns False if it must be tried again."""
        self._unsaved.discard(lesson_id)
        saved = self._state_of(lesson_id)
        if saved is None:
            return True
        self._under_way[lesson_id] += 1
        try:
            await self._store.save(lesson_id, saved)
        except asyncio.CancelledError:  # the server stops: `stop` writes it once more
            self._unsaved.add(lesson_id)
            raise
        except LeaseLost:
            if self._losses.tell(lesson_id):
                log.warning("room_state_dropped", lesson_id=lesson_id)
            return True
        except Exception as error:  # whatever the driver raises: retried, never fatal
            log.error("room_state_not_kept", lesson_id=lesson_id, error=repr(error))
            self._unsaved.add(lesson_id)
            return False
        finally:
            self._under_way -= Counter((lesson_id,))
        self._losses.wrote(lesson_id)
        return True

    async def _write_changes(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            for lesson_id in tuple(self._unsaved):
                async with self._writing:
                    saved = await self.save(lesson_id)
                if not saved:
                    await asyncio.sleep(RETRY_S)
                    self._wanted.set()
