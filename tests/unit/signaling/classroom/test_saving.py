"""What must survive a restart is written, also where the server stops in the middle."""

import asyncio
from typing import cast

from signaling.classroom.parts.part import SavedRoom
from signaling.classroom.saving import RoomSaver
from signaling.classroom.store import RoomStore


class SlowStore:
    """A store whose first write takes until the server stops."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.written: list[str] = []

    async def save(self, lesson_id: str, _saved: SavedRoom) -> None:
        if not self.begun.is_set():
            self.begun.set()
            await asyncio.sleep(3600)
        self.written.append(lesson_id)


async def test_a_write_that_the_stop_breaks_off_is_made_again() -> None:
    store = SlowStore()
    saver = RoomSaver(cast("RoomStore", store), lambda _: SavedRoom())
    saver.start()
    saver.note("l1")
    await store.begun.wait()
    await saver.stop()
    assert store.written == ["l1"]
