"""Recorders on machines of their own, which share a database and a bucket, but no folder."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder.api import Entry, LessonLost, RecorderDuty, RecordingState
from recorder.archive import shipping
from recorder.recordings import live
from recorder.recordings import unfinished as finding
from recorder.service import RecorderService
from recorder.storage.folder import FolderStorage
from recorder.storage.pieces import Piece, covered, read_pieces
from recorder.storage.s3 import S3Storage
from tests.integration.recorder.crash_child import CRASH_AT_S
from tests.support.recorders import (
    PART,
    ROOM,
    SECONDS,
    Cell,
    Lessons,
    assert_two_parts,
    packet_count,
)
from tests.support.recording import Watcher, service
from tests.support.rtp_media import Decoded, decode
from tests.support.s3_server import REPOSITORY, Fault, FaultyProxy, S3Server, s3_server
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(shipping, "ROUND_S", 0.05)
    monkeypatch.setattr(shipping, "RETRY_S", 0.02)
    monkeypatch.setattr(shipping, "MAX_RETRY_S", 0.1)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


class Machines:
    """Each process has a folder of its own, and a line of its own to the bucket."""

    def __init__(self, s3: S3Server, folder: Path) -> None:
        self.s3 = s3
        self.folder = folder
        self.prefix = folder.name
        self.lines: dict[str, FaultyProxy] = {}
        self._made: dict[str, RecorderService] = {}
        self._lines: list[Any] = []

    async def start(
        self, name: str, duties: RecorderDuty, **options: Any
    ) -> tuple[RecorderService, Watcher]:
        if name not in self.lines:
            context = FaultyProxy(self.s3.port).running()
            self.lines[name] = await context.__aenter__()
            self._lines.append(context)
        bucket = self.s3.bucket(self.prefix, port=self.lines[name].port)
        local = FolderStorage(self.folder / name / "recordings")
        made, watcher = service(
            self.folder,
            duties=duties,
            storage=S3Storage(local, bucket, ships=True),
            **options,
        )
        self._made[name] = made
        await made.start()
        return made, watcher

    async def cell(self, name: str) -> Cell:
        return Cell((await self.start(name, RecorderDuty.RECORD))[0])

    async def finisher(self, lessons: Lessons) -> tuple[RecorderService, Watcher]:
        return await self.start("finisher", RecorderDuty.FINISH, goes_on=lessons.go_on)

    def cut_off(self, name: str) -> None:
        """Nothing that this machine sends arrives any more."""
        self.lines[name].always = Fault.REFUSED

    def pieces(self, recording_id: str) -> list[Piece]:
        stored = self.s3.stored(f"{self.prefix}/pieces/{recording_id}")
        return read_pieces({key: len(data) for key, data in stored.items()})

    def is_shipped(self, name: str, recording_id: str, parts: int = 1) -> bool:
        """Whether so many parts are on a machine's disk, and all of it in the bucket."""
        archive = FolderStorage(self.folder / name / "recordings").archive(recording_id)
        if packet_count(archive) < parts * PART:
            return False
        pieces = self.pieces(recording_id)
        return all(
            covered([piece for piece in pieces if piece.segment == index]) == archive.size(index)
            for index in archive.segments()
        )

    async def stop(self) -> None:
        for made in self._made.values():
            await made.stop()
        for line in self._lines:
            await line.__aexit__(None, None, None)


@pytest.fixture
async def machines(s3: S3Server, tmp_path: Path) -> AsyncIterator[Machines]:
    made = Machines(s3, tmp_path)
    try:
        yield made
    finally:
        await made.stop()


async def media(
    recorder: RecorderService, recording_id: str, folder: Path
) -> tuple[Decoded, list[Any]]:
    (source,) = (await recorder.manifest(recording_id)).sources
    file = await recorder.file(recording_id, source.files[0].name)
    copy = folder / file.name
    copy.write_bytes(b"".join([piece async for piece in file.read()]))
    return await asyncio.to_thread(decode, copy), list(source.gaps)


async def ready(machines: Machines, recording_id: str) -> tuple[Entry, Decoded, list[Any]]:
    recorder, watcher = await machines.finisher(Lessons())
    entry = await watcher.reached(recording_id, RecordingState.READY)
    return entry, *await media(recorder, recording_id, machines.folder)


async def test_another_machine_goes_on_and_a_third_one_finishes(machines: Machines) -> None:
    dead, heir = await machines.cell("dead"), await machines.cell("heir")
    recording_id = await dead.begin()
    dead.teach(0.0)
    await until(lambda: machines.is_shipped("dead", recording_id))
    machines.cut_off("dead")

    assert await heir.begin() == recording_id
    heir.teach(10.0)
    await heir.recorder.end(ROOM)
    entry, decoded, gaps = await ready(machines, recording_id)
    assert_two_parts(entry, decoded, gaps, second_s=10.0)
    assert entry.sealed
    stored = machines.s3.stored(machines.prefix)
    assert f"archives/{recording_id}/000002.tka" in stored
    await until(lambda: not machines.pieces(recording_id))  # the whole archive is there


CHILD = """
import asyncio, sys
from pathlib import Path
from recorder.api import RecorderDuty
from recorder.storage.folder import FolderStorage
from recorder.storage.s3 import S3Storage
from tests.integration.recorder.crash_child import teach_in_real_time
from tests.support.recording import service
from tests.support.s3_server import S3Server
folder, port = Path(sys.argv[1]), int(sys.argv[2])
bucket = S3Server(port, folder).bucket(folder.name)
storage = S3Storage(FolderStorage(folder / "dead" / "recordings"), bucket, ships=True)
recorder, _ = service(folder, duties=RecorderDuty.RECORD, storage=storage)
asyncio.run(teach_in_real_time(recorder))
"""


async def test_a_machine_that_is_killed_costs_at_most_two_seconds(machines: Machines) -> None:
    arguments = (str(machines.folder), str(machines.s3.port))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, *arguments, cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    while b"crash me" not in await child.stdout.readline():
        pass
    child.kill()
    await child.wait()
    heir = await machines.cell("heir")
    recording_id = await heir.begin()
    heir.teach(CRASH_AT_S + 10.0)
    await heir.recorder.end(ROOM)
    _, decoded, gaps = await ready(machines, recording_id)
    (gap,) = gaps
    assert CRASH_AT_S - 2.0 <= gap.start_s <= CRASH_AT_S + 0.5
    assert gap.end_s == pytest.approx(CRASH_AT_S + 10.0, abs=0.1)
    assert len(decoded.picture_times) >= (CRASH_AT_S - 2.0 + SECONDS) * 25


async def test_a_bucket_that_is_away_gets_later_what_waits_on_the_disk(machines: Machines) -> None:
    cell = await machines.cell("cell")
    line = machines.lines["cell"]
    recording_id = await cell.begin()
    cell.teach(0.0)
    await until(lambda: machines.is_shipped("cell", recording_id))
    line.always = Fault.FULL
    asked = len(line.asked)
    cell.teach(10.0, first=11)
    await cell.recorder.end(ROOM)  # at once
    await until(lambda: len(line.asked) > asked + 3)
    entry = await cell.recorder.entry(recording_id)
    assert entry.state is RecordingState.RECORDING  # who finishes would not find all of it
    line.always = None
    entry, decoded, gaps = await ready(machines, recording_id)
    assert_two_parts(entry, decoded, gaps, second_s=10.0)


async def test_a_cell_that_closes_its_archive_slowly_is_waited_for(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SHOWN_EVERY_S", 0.05)
    cell = await machines.cell("cell")
    recording_id = await cell.begin()
    cell.teach(0.0)
    machines.cut_off("cell")
    await cell.recorder.end(ROOM)
    store = cell.recorder._store

    async def beats() -> int:
        rows = await store.unfinished_page(after=None, limit=10, failed=True)
        return rows[0].beats

    began = await beats()
    async with asyncio.timeout(20):
        while await beats() < began + 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await cell.recorder.entry(recording_id)).state is RecordingState.RECORDING
    machines.lines["cell"].always = None
    entry, decoded, _ = await ready(machines, recording_id)
    assert len(decoded.picture_times) == SECONDS * 25
    assert entry.sealed


async def test_a_machine_that_lost_its_lesson_and_ships_on_spoils_nothing(
    machines: Machines,
) -> None:
    old, heir = await machines.cell("old"), await machines.cell("heir")
    recording_id = await old.begin()
    old.teach(0.0)
    await until(lambda: machines.is_shipped("old", recording_id))
    assert await heir.begin() == recording_id
    old.teach(5.0, first=11)  # it does not know
    await until(lambda: machines.is_shipped("old", recording_id, parts=2))
    heir.teach(10.0)
    with pytest.raises(LessonLost):
        await old.recorder.end(ROOM)
    await heir.recorder.end(ROOM)
    entry, decoded, gaps = await ready(machines, recording_id)
    assert_two_parts(entry, decoded, gaps, second_s=10.0)


async def test_a_recording_goes_on_though_the_bucket_is_away(machines: Machines) -> None:
    dead, heir = await machines.cell("dead"), await machines.cell("heir")
    recording_id = await dead.begin()
    dead.teach(0.0)
    await until(lambda: machines.is_shipped("dead", recording_id))
    machines.cut_off("heir")
    assert await heir.begin() == recording_id
    heir.teach(10.0)
    await heir.recorder.end(ROOM)
    machines.lines["heir"].always = None
    entry, decoded, gaps = await ready(machines, recording_id)
    assert_two_parts(entry, decoded, gaps, second_s=10.0)


async def test_a_spoilt_piece_ends_its_segment_there(machines: Machines) -> None:
    cell = await machines.cell("cell")
    recording_id = await cell.begin()
    cell.teach(0.0)
    await until(lambda: machines.is_shipped("cell", recording_id))
    before = max(piece.stop for piece in machines.pieces(recording_id))
    cell.teach(10.0, first=11)
    await until(lambda: machines.is_shipped("cell", recording_id, parts=2))
    spoilt = min(p for p in machines.pieces(recording_id) if p.start >= before)
    place = machines.s3.root / "recordings" / machines.prefix / "pieces" / recording_id
    path = place / spoilt.name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    await cell.recorder.end(ROOM)
    entry, decoded, _ = await ready(machines, recording_id)
    assert len(decoded.picture_times) == SECONDS * 25
    assert entry.duration_s == pytest.approx(SECONDS, abs=0.1)
    assert machines.pieces(recording_id)  # for whoever can mend it


async def test_a_machine_ships_the_rest_after_its_restart_and_keeps_nothing(
    machines: Machines,
) -> None:
    cell = await machines.cell("cell")
    recording_id = await cell.begin()
    machines.cut_off("cell")
    cell.teach(0.0)
    shipped = len(machines.pieces(recording_id))
    await cell.recorder._live.stop()
    await cell.recorder._shipping.stop(0.1)  # type: ignore[union-attr]
    await cell.recorder.stop()
    assert len(machines.pieces(recording_id)) == shipped

    machines.lines["cell"].always = None
    cell = await machines.cell("cell")
    await until(lambda: machines.is_shipped("cell", recording_id))
    assert await cell.begin() == recording_id
    cell.teach(10.0)
    await cell.recorder.end(ROOM)
    entry, decoded, gaps = await ready(machines, recording_id)
    assert_two_parts(entry, decoded, gaps, second_s=10.0)
    await until(lambda: not machines.pieces(recording_id))
    await cell.recorder.stop()
    await machines.cell("cell")  # its upkeep
    await until(lambda: not (machines.folder / "cell" / "recordings" / recording_id).exists())
