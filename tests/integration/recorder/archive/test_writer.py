"""The archive's writer on a real disk, with real failures."""

import functools
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import pytest
from structlog.testing import capture_logs

from recorder.api import RecordingTrouble
from recorder.archive import trouble
from recorder.archive import writer as archive
from recorder.archive.reader import has_ended, read_archive
from recorder.archive.writer import ArchiveWriter
from recorder.core.archive_format import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_SECONDS,
    ArchiveEnd,
    Begin,
    Lost,
    Packet,
    TrackBegin,
)
from recorder.storage.folder import FolderArchive
from relay.api import MediaKind
from tests.support.recording import FACTS, START

P = ParamSpec("P")
BEGIN = Begin("r1", START, FACTS)
OPENING = Begin("r1", START, FACTS, run=1)  # as the first run writes it
TRACK = TrackBegin(1, "lead.camera", MediaKind.VIDEO, "VP8", 90000, 1, "", START)


class Troubles:
    """Collects troubles; `first` is set by the first one."""

    def __init__(self) -> None:
        self.seen: list[RecordingTrouble] = []
        self.first = threading.Event()

    def __call__(self, trouble: RecordingTrouble) -> None:
        self.seen.append(trouble)
        self.first.set()


def packets(archive: Path) -> list[int]:
    """The numbers of the packets that can be read back."""
    records = read_archive(FolderArchive(archive))
    return [int(record.now - START) for record in records if isinstance(record, Packet)]


def numbered(number: int, size: int = 100) -> Packet:
    return Packet(1, START + number, b"\x80" * size)


def test_what_was_put_is_there_after_closing(tmp_path: Path) -> None:
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles())
    assert writer.open() == 1
    writer.put(TRACK)
    for number in range(5000):
        writer.put(numbered(number))
    writer.close(ended=True)
    assert packets(tmp_path / "a") == list(range(5000))
    assert has_ended(FolderArchive(tmp_path / "a"))


def test_a_second_run_goes_on_in_new_segments(tmp_path: Path) -> None:
    for number in range(2):
        writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles())
        assert writer.open() == number + 1
        writer.put(numbered(number))
        writer.close(ended=False)
    assert packets(tmp_path / "a") == [0, 1]
    assert not has_ended(FolderArchive(tmp_path / "a"))


def test_segments_are_bounded_in_size_and_each_stands_alone(tmp_path: Path) -> None:
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles(), max_queued_bytes=10**9)
    writer.open()
    writer.put(TRACK)
    count = 2 * MAX_SEGMENT_BYTES // 60_000
    for number in range(count):
        writer.put(numbered(number, 60_000))
    writer.close(ended=True)
    files = FolderArchive(tmp_path / "a")
    found = [files.path(index) for index in files.segments()]
    assert len(found) >= 2
    assert all(path.stat().st_size < MAX_SEGMENT_BYTES * 1.2 for path in found)
    found[0].unlink()  # the later ones can do without it
    records = list(read_archive(FolderArchive(tmp_path / "a")))
    assert records[:2] == [OPENING, TRACK]
    assert packets(tmp_path / "a")[-1] == count - 1


def test_segments_are_bounded_in_time(tmp_path: Path) -> None:
    now = [START]
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles(), clock=lambda: now[0])
    writer.open()
    now[0] += MAX_SEGMENT_SECONDS + 1
    writer.put(numbered(1))
    writer.close(ended=True)
    assert len(FolderArchive(tmp_path / "a").segments()) == 2
    assert packets(tmp_path / "a") == [1]


def test_a_full_queue_costs_media_and_says_so(tmp_path: Path) -> None:
    troubles = Troubles()
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, troubles, max_queued_bytes=20_000)
    writer.open()
    for number in range(20_000):
        writer.put(numbered(number, 1000))
    writer.put(TRACK)  # what is not media is kept all the same
    writer.close(ended=True)
    records = list(read_archive(FolderArchive(tmp_path / "a")))
    lost = sum(record.records for record in records if isinstance(record, Lost))
    assert lost > 0
    assert len(packets(tmp_path / "a")) + lost == 20_000
    assert TRACK in records
    assert isinstance(records[-1], ArchiveEnd)
    assert troubles.seen[0] is RecordingTrouble.QUEUE_FULL


def small_files(test: Callable[P, None]) -> Callable[P, None]:
    """A disk that takes no file beyond 64 KiB: writes fail half-way, as on a full one.

    Not a fixture: its end comes after pytest has written the outcome, maybe into such a file.
    """

    @functools.wraps(test)
    def limited(*args: P.args, **kwargs: P.kwargs) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
        try:
            test(*args, **kwargs)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@small_files
def test_a_disk_that_fails_is_told_of_and_tried_again(tmp_path: Path) -> None:
    troubles = Troubles()
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, troubles)
    writer.open()
    writer.put(TRACK)
    for number in range(200):
        writer.put(numbered(number, 1000))
    assert troubles.first.wait(30)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    writer.close(ended=True)
    assert packets(tmp_path / "a") == list(range(200))  # nothing lost, nothing twice
    assert troubles.seen == [RecordingTrouble.IO_ERROR]


@small_files
def test_a_disk_that_never_recovers_ends_in_bounded_time(tmp_path: Path) -> None:
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles())
    writer.open()
    for number in range(200):
        writer.put(numbered(number, 1000))
    writer.close(ended=True)  # gives up
    assert packets(tmp_path / "a") == []


def test_a_folder_that_cannot_be_made_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OSError, match="exists"):
        ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles()).open()


@small_files
def test_when_everything_is_kept_again_that_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "WELL_AFTER_S", 0.0)
    troubles, recovered = Troubles(), threading.Event()
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, troubles, recovered.set)
    writer.open()
    for number in range(200):
        writer.put(numbered(number, 1000))
    assert troubles.first.wait(30)
    assert not recovered.is_set()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert recovered.wait(30)
    writer.close(ended=True)
    assert packets(tmp_path / "a") == list(range(200))


@small_files
def test_a_disk_without_room_for_a_segments_head_gets_no_empty_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "RETRY_INTERVAL_S", 0.01)
    writer = ArchiveWriter(FolderArchive(tmp_path / "a"), BEGIN, Troubles())
    writer.open()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    writer.put(numbered(0))
    with capture_logs():  # what takes the output is such a file, too
        writer.close(ended=True)  # tries three times, then gives up
    assert FolderArchive(tmp_path / "a").segments() == [1]
