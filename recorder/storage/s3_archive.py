"""An archive that grows in the folder and lies in the bucket, whole or in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recorder.storage.api import StorageAway
from recorder.storage.bucket import Bucket
from recorder.storage.folder import SEGMENT_SUFFIX, FolderArchive, SegmentFile
from recorder.storage.gathering import list_pieces, pieces_key
from recorder.storage.pieces import Piece


def archive_key(recording_id: str, name: str = "") -> str:
    """The key of an archive's segment; without a name, what all of a recording's begin with."""
    return f"archives/{recording_id}/{name}"


class S3Archive:
    """Implements `ArchiveFiles`: grows in the folder, and is read from where it lies whole."""

    def __init__(
        self,
        local: FolderArchive,
        folder: Path,
        bucket: Bucket,
        recording_id: str,
        *,
        ships: bool = False,
    ) -> None:
        self._local = local
        self._folder = folder
        self._bucket = bucket
        self._prefix = archive_key(recording_id)
        self._recording_id = recording_id
        self._ships = ships

    def open(self) -> None:
        """See `ArchiveFiles`."""
        self._local.open()

    def segments(self) -> Sequence[int]:
        """See `ArchiveFiles`."""
        if self._folder.exists():  # a lesson that begins must not wait for the bucket
            return self._local.segments()
        with _away():
            names = self._bucket.objects(self._prefix)
        stems = (name.removesuffix(SEGMENT_SUFFIX) for name in names)
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def size(self, index: int) -> int | None:
        """See `ArchiveFiles`."""
        return self._local.size(index)

    def create(self, index: int) -> SegmentFile:
        """See `ArchiveFiles`."""
        return self._local.create(index)

    def drop(self, index: int) -> None:
        """See `ArchiveFiles`."""
        self._local.drop(index)

    def read(self, index: int, limit: int, start: int = 0) -> bytes:
        """See `ArchiveFiles`."""
        if self._folder.exists():
            return self._local.read(index, limit, start)
        with _away():
            key = f"{self._prefix}{index:06d}{SEGMENT_SUFFIX}"
            return self._bucket.read(key, start + limit)[start:]

    def pieces(self, *, soon: bool = False) -> Sequence[Piece]:
        """See `ArchiveFiles`."""
        if not self._ships:
            return ()
        with _away():
            return list_pieces(self._bucket, self._recording_id, soon=soon)

    def ship(self, piece: Piece, data: bytes) -> None:
        """See `ArchiveFiles`."""
        self._bucket.put(pieces_key(self._recording_id, piece.name), data)


@contextmanager
def _away() -> Iterator[None]:
    """Tell errors of the bucket from those of this machine's disk."""
    try:
        yield
    except OSError as error:
        raise StorageAway(error.errno, error.strerror or str(error)) from error
