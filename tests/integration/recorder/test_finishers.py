"""Workers beside cells: one of them finishes what was closed or left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recorder.api import (
    LessonLost,
    NotOnDuty,
    RecorderDuty,
    RecordingNotFound,
    RecordingState,
)
from recorder.core import unfinished
from recorder.recordings import live
from recorder.recordings import unfinished as finding
from recorder.recordings.rows import Turn
from recorder.service import RecorderService
from recorder.storage.folder import locked
from tests.support.recorders import (
    LESSON,
    PART,
    ROOM,
    House,
    Lessons,
    assert_two_parts,
    house_in,
    media,
)
from tests.support.recording import FACTS, HandRelay
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("impatient")


async def test_a_cell_that_goes_on_takes_the_recording_from_who_finishes_it(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "BEAT_EVERY_S", 0.05)
    async with house_in(tmp_path, url) as house:
        cell, heir = await house.cell(), await house.cell()
        recording_id = await cell.begin()
        cell.teach(0.0)
        await house.written(recording_id, PART)
        lessons = Lessons()
        with locked(tmp_path / "recordings" / recording_id):  # so that finishing stands still
            worker, watcher = await house.worker(lessons)
            await watcher.reached(recording_id, RecordingState.FINISHING)
            lessons.live.add(LESSON)
            assert await heir.begin() == recording_id
            await until(lambda: not worker._queue.has(recording_id))
            entry = await worker.entry(recording_id)
            assert entry.state is RecordingState.RECORDING
            heir.teach(10.0)
            await heir.recorder.end(ROOM)
        entry = await watcher.reached(recording_id, RecordingState.READY)
        assert_two_parts(entry, *await media(worker, recording_id), second_s=10.0)


@pytest.mark.parametrize("round_", range(4))
async def test_when_a_lesson_goes_on_as_finishing_begins_one_of_both_proceeds(
    tmp_path: Path, url: str, round_: int
) -> None:
    async with house_in(tmp_path, url) as house:
        cell, heir = await house.cell(), await house.cell()
        recording_id = await cell.begin()
        store = heir.recorder._store
        (row,) = await store.unfinished_page(after=None, limit=9, failed=False)
        deeds = [heir.begin(), store.claim(row, "worker", ended=False)]
        if round_ % 2:
            deeds.reverse()
        await asyncio.gather(*deeds, return_exceptions=True)
        (now,) = await store.unfinished_page(after=None, limit=9, failed=False)
        # The claim came first and was taken away, or came too late.
        assert (now.state, now.takes, now.finisher) == (RecordingState.RECORDING, 2, None)
        with pytest.raises(LessonLost):
            turn = Turn(recording_id, LESSON, finisher="worker")
            await store.set_progress(recording_id, 0.5, turn=turn)
        with pytest.raises(LessonLost):
            await store.claim(row, "worker", ended=False)


async def test_of_several_workers_one_finishes(house: House) -> None:
    cell = await house.cell()
    workers = [await house.worker(Lessons()) for _ in range(2)]
    recording_id = await cell.begin()
    cell.teach(0.0)
    await cell.recorder.end(ROOM)
    await until(lambda: _is_ready(cell.recorder, recording_id))
    told = [bool(watcher.entries) for _, watcher in workers]
    assert sorted(told) == [False, True]


async def test_what_a_worker_leaves_another_one_takes_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "UNBEATEN_S", 0.3)
    monkeypatch.setattr(finding, "BEAT_EVERY_S", 0.05)
    cell = await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    with locked(house.folder / "recordings" / recording_id):
        first, watcher = await house.worker(Lessons())
        await cell.recorder.end(ROOM)
        await watcher.reached(recording_id, RecordingState.FINISHING)
        second, told = await house.worker(Lessons())
        for _ in range(10):  # the first shows that it lives
            await second._search.look()
            await asyncio.sleep(0.05)
        assert not told.entries
        monkeypatch.setattr(first._store, "beat", _nothing)  # it stands still
        await told.reached(recording_id, RecordingState.FINISHING)
    await told.reached(recording_id, RecordingState.READY)
    assert RecordingState.READY not in watcher.states(recording_id)


async def test_a_worker_that_is_stopped_leaves_its_work_at_once(house: House) -> None:
    cell = await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    with locked(house.folder / "recordings" / recording_id):
        first, watcher = await house.worker(Lessons())
        await cell.recorder.end(ROOM)
        await watcher.reached(recording_id, RecordingState.FINISHING)
        await first.stop()
        _, told = await house.worker(Lessons())
        await told.reached(recording_id, RecordingState.FINISHING)
    await told.reached(recording_id, RecordingState.READY)


async def test_an_archive_whose_cell_died_before_it_told_so_is_finished(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "UNCLOSED_S", 0.1)
    cell = await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    monkeypatch.setattr(cell.recorder._store, "hand_over", asyncio.Event().wait)
    await cell.recorder.end(ROOM)  # the end is in its row; that it is closed is not
    monkeypatch.undo()
    monkeypatch.setattr(finding, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(unfinished, "UNCLOSED_S", 0.1)
    _, watcher = await house.worker(Lessons())
    assert (await watcher.reached(recording_id, RecordingState.READY)).sealed
    for task in list(cell.recorder._tasks):
        task.cancel()


async def test_an_end_is_handed_over_when_the_database_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HAND_OVER_AGAIN_S", 0.01)
    cell = await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    store, away = cell.recorder._store, [True, True, True]
    for name in ("set_ended", "hand_over"):
        monkeypatch.setattr(store, name, _away(away, getattr(store, name)))
    with pytest.raises(OSError, match="away"):
        await cell.recorder.end(ROOM)
    _, watcher = await house.worker(Lessons(LESSON))  # it would wait for the lesson
    assert (await watcher.reached(recording_id, RecordingState.READY)).sealed
    assert not away


async def test_without_word_of_lessons_what_was_left_at_the_start_is_finished(
    house: House,
) -> None:
    cell, other = await house.cell(), await house.cell()
    recording_id = await cell.begin()
    cell.teach(0.0)
    await cell.recorder.stop()
    worker, watcher = await house.worker(None, continue_within_s=0.3)
    facts = replace(FACTS, lesson_id="lesson-2")
    running = await other.recorder.begin(other.relay, "room-b", facts)
    await watcher.reached(recording_id, RecordingState.READY)
    for _ in range(3):
        await worker._search.look()
    assert (await worker.entry(running)).state is RecordingState.RECORDING


async def test_a_recorder_without_duties_reads(house: House) -> None:
    cell = await house.cell()
    worker, watcher = await house.worker(Lessons())
    reader, told = await house.start(RecorderDuty(0))
    recording_id = await cell.begin()
    assert (await reader.entry(recording_id)).state is RecordingState.RECORDING
    cell.teach(0.0)
    await cell.recorder.end(ROOM)
    await watcher.reached(recording_id, RecordingState.READY)
    assert await media(reader, recording_id) == await media(worker, recording_id)
    assert (await reader.seal(recording_id)).sealed
    for recorder in (reader, worker):
        with pytest.raises(NotOnDuty):
            await recorder.begin(HandRelay(), ROOM, FACTS)
        await recorder.end(ROOM)
    assert [entry.state for entry in told.entries] == [RecordingState.READY]  # it sealed it


async def test_recorders_that_start_at_once_make_one_schema(tmp_path: Path, url: str) -> None:
    async with house_in(tmp_path, url) as house:
        await asyncio.gather(*(house.start(RecorderDuty.RECORD) for _ in range(3)))
        with pytest.raises(RecordingNotFound):
            await house.made[0].entry("none")


async def _is_ready(recorder: RecorderService, recording_id: str) -> bool:
    return (await recorder.entry(recording_id)).state is RecordingState.READY


async def _nothing(_finisher: str, recording_ids: Collection[str]) -> set[str]:
    return set(recording_ids)


def _away(
    failures: list[bool], really: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    """A call to the database that fails while there are failures left."""

    async def call(*arguments: Any, **options: Any) -> Any:
        if failures:
            failures.pop()
            raise OSError("the database is away")
        return await really(*arguments, **options)

    return call
