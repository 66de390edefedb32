"""Several recorders over one database and one storage: cells record, a worker finishes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from load_tests.postgres import Postgres, postgres
from recorder.api import (
    Entry,
    LessonLost,
    NotOnDuty,
    RecorderDuty,
    RecordingNotFound,
    RecordingState,
    StorageUnavailable,
)
from recorder.archive.reader import has_ended, read_archive
from recorder.archive.segment import SegmentWriter
from recorder.archive.session import OpenArchive
from recorder.core import unfinished
from recorder.core.archive_format import Packet
from recorder.recordings import live
from recorder.recordings import unfinished as finding
from recorder.recordings.rows import Turn
from recorder.service import RecorderService
from recorder.storage.folder import FolderArchive, FolderStorage, locked
from tests.support.recording import FACTS, START, HandRelay, Watcher, service
from tests.support.rtp_media import Decoded, TrackFeed, decode, encode_audio, encode_video, feed
from tests.support.waiting import until

ROOM = "room-a"
LESSON = FACTS.lesson_id
SECONDS = 4.0  # of each part of a lesson


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LOOK_EVERY_S", 0.05)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/tongke.db"
    made: str = request.getfixturevalue("cluster").create(f"s{secrets.token_hex(4)}")
    return made


class Lessons:
    """Tells a worker which lessons go on, and a cell which ones it has lost."""

    def __init__(self, *live: str) -> None:
        self.live = set(live)
        self.asked = 0
        self.lost = False

    async def go_on(self, lesson_ids: Collection[str]) -> set[str]:
        self.asked += 1
        return self.live & set(lesson_ids)

    async def check(self, session: Any, lesson_id: str) -> None:
        # A cell asks in the transaction that it writes in.
        assert (await session.execute(sa.text("SELECT 1"))).scalar_one() == 1
        if self.lost:
            raise RuntimeError(lesson_id)


class Cell:
    """A process that records, with its own relay."""

    def __init__(self, recorder: RecorderService) -> None:
        self.recorder = recorder
        self.relay = HandRelay()

    async def begin(self) -> str:
        return await self.recorder.begin(self.relay, ROOM, FACTS)

    def teach(self, begin_s: float, seconds: float = SECONDS, first: int = 1) -> None:
        """Media of the lesson, as the relay's tap tells of them."""
        video, sound = encode_video("VP8", seconds), encode_audio(seconds)
        feed(
            self.relay.taps[ROOM],
            *(
                TrackFeed(
                    first + number,
                    "lead.camera",
                    codec,
                    coded,
                    START,
                    begin_s=begin_s,
                    end_reason=None,
                ).happenings()
                for number, (codec, coded) in enumerate((("VP8", video), ("opus", sound)))
            ),
        )


class House:
    """Recorders over one folder and one database; all are stopped at the end."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self._url = url
        self.made: list[RecorderService] = []

    async def cell(self, guard: Lessons | None = None) -> Cell:
        return Cell((await self.start(RecorderDuty.RECORD, guard=guard))[0])

    async def worker(
        self, lessons: Lessons | None, continue_within_s: float = 0.0
    ) -> tuple[RecorderService, Watcher]:
        asked = None if lessons is None else lessons.go_on
        return await self.start(
            RecorderDuty.FINISH, goes_on=asked, continue_within_s=continue_within_s
        )

    async def start(self, duties: RecorderDuty, **options: Any) -> tuple[RecorderService, Watcher]:
        made, watcher = service(self.folder, database_url=self._url, duties=duties, **options)
        self.made.append(made)
        await made.start()
        return made, watcher

    def archive(self, recording_id: str) -> FolderArchive:
        return FolderArchive(self.folder / "recordings" / recording_id / "archive")

    async def written(self, recording_id: str, packets: int) -> None:
        """Wait until so many packets of the archive are on the disk, as a killed process leaves."""

        def there() -> bool:
            records = read_archive(self.archive(recording_id))
            return sum(isinstance(record, Packet) for record in records) >= packets

        await until(there)

    async def stop(self) -> None:
        for made in self.made:
            await made.stop()


@asynccontextmanager
async def house_in(folder: Path, url: str | None = None) -> AsyncIterator[House]:
    house = House(folder, url)
    try:
        yield house
    finally:
        await house.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_in(tmp_path) as made:
        yield made


def packet_count(archive: FolderArchive) -> int:
    return sum(isinstance(record, Packet) for record in read_archive(archive))


PART = sum(
    track.packet_count()
    for track in (
        TrackFeed(1, "lead.camera", "VP8", encode_video("VP8", SECONDS), START),
        TrackFeed(2, "lead.camera", "opus", encode_audio(SECONDS), START),
    )
)


async def media(recorder: RecorderService, recording_id: str) -> tuple[Decoded, list[Any]]:
    """The one file of a finished recording, decoded, and the gaps of its source."""
    (source,) = (await recorder.manifest(recording_id)).sources
    file = await recorder.file(recording_id, source.files[0].name)
    assert file.local is not None
    return decode(Path(file.local)), list(source.gaps)


def assert_two_parts(entry: Entry, decoded: Decoded, gaps: list[Any], second_s: float) -> None:
    assert entry.duration_s == pytest.approx(second_s + SECONDS, abs=0.1)
    assert len(decoded.picture_times) == 2 * SECONDS * 25
    (gap,) = gaps
    assert gap.start_s == pytest.approx(SECONDS, abs=0.1)
    assert gap.end_s == pytest.approx(second_s, abs=0.1)


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


async def _takes(house: House, recording_id: str, count: int) -> bool:
    rows = await house.made[0]._store.unfinished_page(after=None, limit=9, failed=False)
    return [row.takes for row in rows if row.recording_id == recording_id] == [count]


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
