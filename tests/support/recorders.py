"""Recorders of several processes over one folder and one database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recorder.api import (
    Entry,
    RecorderDuty,
)
from recorder.archive.reader import read_archive
from recorder.core.archive_format import Packet
from recorder.service import RecorderService
from recorder.storage.folder import FolderArchive
from tests.support.recording import FACTS, START, HandRelay, Watcher, service
from tests.support.rtp_media import Decoded, TrackFeed, decode, encode_audio, encode_video, feed
from tests.support.waiting import until

ROOM = "room-a"
LESSON = FACTS.lesson_id
SECONDS = 4.0  # of each part of a lesson


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
