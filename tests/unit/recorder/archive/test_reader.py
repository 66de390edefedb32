"""Reading an archive: what a disk has lost is damage, and what it will not give now is an error."""

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest

from recorder.archive.reader import Damage, first_begin, has_ended, read_archive
from recorder.core.archive_format import ArchiveEnd, Begin, encode_record, segment_header
from recorder.storage.api import GrowingFile, StorageAway
from recorder.storage.folder import FolderArchive, FolderStorage
from tests.support.recording import FACTS, START

BEGIN = Begin("r1", START, FACTS)
END = ArchiveEnd(START)
SEGMENT = segment_header(1, START) + encode_record(BEGIN) + encode_record(END)


class Archive:
    """Two segments: the first gives an error, the second is whole."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def segments(self) -> Sequence[int]:
        return (1, 2)

    def read(self, index: int, limit: int) -> bytes:
        if index == 1:
            raise self.error
        return SEGMENT

    def size(self, index: int) -> int | None:
        return len(SEGMENT)

    def open(self) -> None: ...

    def create(self, index: int) -> GrowingFile:
        raise NotImplementedError

    def drop(self, index: int) -> None: ...


def test_a_segment_that_the_disk_has_lost_costs_no_other_and_is_counted() -> None:
    archive, damage = Archive(OSError(errno.EIO, "bad sector")), Damage()
    assert list(read_archive(archive, None, damage)) == [BEGIN, END]
    assert damage.segments == 1
    assert first_begin(archive) == BEGIN
    assert has_ended(archive)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, "too many open files"),
        PermissionError(errno.EACCES, "no right"),
        StorageAway(errno.EIO, "the bucket is silent"),
        FileNotFoundError(errno.ENOENT, "it was listed"),
    ],
)
def test_what_cannot_be_read_now_is_not_taken_for_lost(error: OSError) -> None:
    with pytest.raises(type(error)):
        first_begin(Archive(error))
    with pytest.raises(type(error)):
        list(read_archive(Archive(error), None, Damage()))


def test_a_folder_that_may_not_be_listed_is_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = FolderArchive(tmp_path / "r1" / "archive")
    assert archive.segments() == []
    archive.open()

    def refused(_path: Path) -> None:
        raise PermissionError(errno.EACCES, "no right")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(PermissionError):
        archive.segments()
    with pytest.raises(PermissionError):
        FolderStorage(tmp_path).archived()
