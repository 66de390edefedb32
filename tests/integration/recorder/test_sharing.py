"""Cells that share one database and one storage: each records, and another may go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from recorder.api import (
    LessonLost,
    RecordingState,
    StorageUnavailable,
)
from recorder.archive.reader import has_ended
from recorder.archive.segment import SegmentWriter
from recorder.archive.session import OpenArchive
from recorder.storage.folder import FolderStorage
from tests.support.recorders import (
    LESSON,
    PART,
    ROOM,
    House,
    Lessons,
    assert_two_parts,
    house_in,
    media,
    packet_count,
)
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("impatient")


async def test_another_cell_goes_on_and_a_worker_finishes(tmp_path: Path, url: str) -> None:
    async with house_in(tmp_path, url) as house:
        lessons = Lessons(LESSON)
        dead, heir = await house.cell(lessons), await house.cell(lessons)
        recording_id = await dead.begin()
        dead.teach(0.0)
        await house.written(recording_id, PART)  # and nothing more is heard of it

        worker, watcher = await house.worker(lessons)
        await until(lambda: lessons.asked > 2)  # it leaves what goes on alone
        assert (await worker.entry(recording_id)).state is RecordingState.RECORDING
        assert await heir.begin() == recording_id
        heir.teach(10.0)
        await heir.recorder.end(ROOM)
        lessons.live.clear()
        entry = await watcher.reached(recording_id, RecordingState.READY)
        assert entry.sealed
        assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)
        assert RecordingState.FINISHING in watcher.states(recording_id)


async def test_a_cell_that_wakes_up_damages_nothing(house: House) -> None:
    old, heir = await house.cell(), await house.cell()
    recording_id = await old.begin()
    old.teach(0.0)
    await house.written(recording_id, PART)
    assert await heir.begin() == recording_id
    heir.teach(10.0)
    await house.written(recording_id, 2 * PART)

    old.teach(12.0, first=11)  # it stood still, and does not know
    tap = old.relay.taps[ROOM]
    await until(lambda: tap.closed)  # it has found the later run
    await old.recorder.end(ROOM)
    assert packet_count(house.archive(recording_id)) == 2 * PART
    assert (await heir.recorder.entry(recording_id)).state is RecordingState.RECORDING

    await heir.recorder.end(ROOM)
    worker, watcher = await house.worker(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


async def test_of_two_runs_at_a_time_the_later_one_wins_from_its_beginning(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run writes on behind the other's back, as a thread does that woke up in a write."""
    monkeypatch.setattr(SegmentWriter, "demand_latest", lambda _writer: None)
    old, heir = await house.cell(), await house.cell()
    recording_id = await old.begin()
    old.teach(0.0)
    await house.written(recording_id, PART)
    assert await heir.begin() == recording_id
    archive = house.archive(recording_id)
    size = archive.size(1)
    old.teach(6.0, first=11)
    await until(lambda: archive.size(1) != size)
    with pytest.raises(LessonLost):
        await old.recorder.end(ROOM)
    heir.teach(10.0)
    await heir.recorder.end(ROOM)

    worker, watcher = await house.worker(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


async def test_of_two_cells_that_begin_at_once_the_later_taker_wins(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell stands still after it took the row, and opens its run when another one records."""
    first, slow, heir = [await house.cell() for _ in range(3)]
    recording_id = await first.begin()
    first.teach(0.0)
    await house.written(recording_id, PART)
    goes_on = asyncio.Event()
    really = OpenArchive.open

    async def late(*arguments: Any, **options: Any) -> OpenArchive:
        await goes_on.wait()
        return await really(*arguments, **options)

    monkeypatch.setattr(OpenArchive, "open", late)
    beginning = asyncio.create_task(slow.begin())
    await until(lambda: _takes(house, recording_id, 2))
    monkeypatch.setattr(OpenArchive, "open", really)
    assert await heir.begin() == recording_id
    goes_on.set()
    with pytest.raises(LessonLost):
        await beginning
    heir.teach(10.0)
    await heir.recorder.end(ROOM)
    worker, watcher = await house.worker(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


async def test_a_database_of_a_backup_costs_no_run(house: House) -> None:
    first, second = await house.cell(), await house.cell()
    recording_id = await first.begin()
    await first.recorder.stop()
    await second.begin()
    second.teach(0.0)
    await second.recorder.stop()
    await second.recorder._store._update(recording_id, takes=0)
    third = await house.cell()
    assert await third.begin() == recording_id
    third.teach(10.0)
    await third.recorder.end(ROOM)
    worker, watcher = await house.worker(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


async def test_an_abandoned_recording_goes_on_elsewhere(house: House) -> None:
    old, heir = await house.cell(), await house.cell()
    recording_id = await old.begin()
    old.teach(0.0)
    before = await heir.recorder.entry(recording_id)
    await old.recorder.abandon(ROOM)
    await old.recorder.abandon("unknown room")
    assert old.relay.taps[ROOM].closed
    after = await heir.recorder.entry(recording_id)
    assert (after.state, after.sealed) == (before.state, before.sealed)
    assert not has_ended(house.archive(recording_id))
    await old.recorder.end(ROOM)  # as of a room that it does not know
    assert await heir.begin() == recording_id
    heir.teach(10.0)
    await heir.recorder.end(ROOM)
    worker, watcher = await house.worker(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


async def test_a_cell_that_lost_the_lesson_writes_nothing(tmp_path: Path, url: str) -> None:
    async with house_in(tmp_path, url) as house:
        lessons = Lessons()
        lessons.lost = True
        cell = await house.cell(lessons)
        with pytest.raises(LessonLost):
            await cell.begin()
        assert await cell.recorder.recording_of(LESSON) is None
        assert not any((tmp_path / "recordings").rglob("*.tka"))

        lessons.lost = False
        recording_id = await cell.begin()
        cell.teach(0.0)
        lessons.lost = True
        before = await cell.recorder.entry(recording_id)
        with pytest.raises(LessonLost):
            await cell.recorder.end(ROOM)
        tap = cell.relay.taps[ROOM]
        await until(lambda: tap.closed)
        await cell.recorder.stop()
        assert not has_ended(house.archive(recording_id))
        other = await house.cell()
        after = await other.recorder.entry(recording_id)
        assert (after.state, after.sealed) == (before.state, before.sealed)
        assert await other.begin() == recording_id
        with pytest.raises(LessonLost):
            await (await house.cell(lessons)).begin()
        assert await _takes(house, recording_id, 2)


async def test_a_disk_that_is_full_takes_no_recording_from_its_state(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    await cell.recorder.stop()
    worker, watcher = await house.worker(Lessons())
    ready = await watcher.reached(recording_id, RecordingState.READY)
    monkeypatch.setattr(FolderStorage, "free_bytes", lambda _storage: -1)
    with pytest.raises(StorageUnavailable):
        await (await house.cell()).begin()
    assert await worker.entry(recording_id) == ready


async def _takes(house: House, recording_id: str, count: int) -> bool:
    rows = await house.made[0]._store.unfinished_page(after=None, limit=9, failed=False)
    return [row.takes for row in rows if row.recording_id == recording_id] == [count]
