"""What must survive a restart is written, also where the server stops in the middle."""

import asyncio
from typing import cast

from signaling.base.fences import LeaseLost
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


class LosingStore:
    """A store of a process that has lost one lesson."""

    def __init__(self) -> None:
        self.refused = 0
        self.written = asyncio.Event()

    async def save(self, lesson_id: str, _saved: SavedRoom) -> None:
        if lesson_id == "lost":
            self.refused += 1
            raise LeaseLost(lesson_id)
        self.written.set()


async def test_a_room_of_a_lost_lesson_is_dropped_and_not_tried_again() -> None:
    store = LosingStore()
    saver = RoomSaver(cast("RoomStore", store), lambda _: SavedRoom())
    saver.start()
    saver.note("lost")
    saver.note("own")
    await store.written.wait()
    await saver.stop()
    assert store.refused == 1


async def test_a_room_waits_until_its_write_under_way_is_over() -> None:
    """Its lesson is given back only afterwards, or the write would be refused."""
    store = SlowStore()
    saver = RoomSaver(cast("RoomStore", store), lambda _: SavedRoom())
    saver.start()
    saver.note("l1")
    await store.begun.wait()
    assert saver.waits("l1")
    await saver.stop()
    assert not saver.waits("l1")
