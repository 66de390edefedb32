"""Storage in a folder: one folder for each recording, with its archive and its published files.

The recording's own folder is its working place, so publishing is a rename.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from recorder.api import PublishedFile
from recorder.storage.api import ARCHIVE_FOLDER, MANIFEST_NAME, RESULTS_FOLDER
from recorder.storage.pieces import Piece

SEGMENT_SUFFIX = ".tka"
_READ_BYTES = 256 * 1024  # of one read for a player


class FolderStorage:
    """Implements `Storage` in `root`, which holds one folder for each recording."""

    def __init__(self, root: Path, internal: str | None = None) -> None:
        """Make it; `internal` is the path below which the reverse proxy finds `root`."""
        self._root = root
        self._internal = internal

    @property
    def ships(self) -> bool:
        """See `Storage`."""
        return False

    def open(self) -> None:
        """See `Storage`."""
        self._root.mkdir(parents=True, exist_ok=True)

    def free_bytes(self) -> int:
        """See `Storage`."""
        return shutil.disk_usage(self._root).free

    def folder(self, recording_id: str) -> Path:
        """Tell where a recording's files lie: for other adapters, and for tests."""
        return self._root / recording_id

    def archive(self, recording_id: str) -> FolderArchive:
        """See `Storage`."""
        return FolderArchive(self._root / recording_id / ARCHIVE_FOLDER)

    def archived(self) -> Sequence[str]:
        """See `Storage`."""
        return [name for name in self.kept() if _has_archive(self._root / name)]

    def kept(self) -> Sequence[str]:
        """List the recordings that have a folder: for other adapters. Raises OSError."""
        return sorted(path.name for path in self._root.iterdir() if path.is_dir())

    async def distant(self) -> Sequence[str]:
        """See `Storage`."""
        return ()

    def waiting(self) -> Sequence[str]:
        """See `Storage`."""
        return ()

    async def put_away(self, recording_id: str, *, sealed: bool) -> float | None:
        """See `Storage`."""
        return None

    async def drop_copy(self, recording_id: str) -> bool:
        """See `Storage`."""
        return False

    async def tidy(self) -> None:
        """See `Storage`."""

    async def gather(self, recording_id: str) -> None:
        """See `Storage`."""

    @asynccontextmanager
    async def working_place(self, recording_id: str) -> AsyncIterator[Path]:
        """See `Storage`."""
        yield self._root / recording_id

    async def publish(self, recording_id: str) -> None:
        """See `Storage`."""
        await asyncio.to_thread(publish_results, self._root / recording_id)

    async def published(self, recording_id: str) -> Sequence[PublishedFile]:
        """See `Storage`."""
        return await asyncio.to_thread(self._published, recording_id)

    async def file(self, recording_id: str, name: str) -> PublishedFile | None:
        """See `Storage`."""
        if not name or Path(name).name != name:
            return None  # names come from a job's manifest, and a job reads what strangers sent
        return await asyncio.to_thread(self._find, self._root / recording_id / name)

    def close(self) -> None:
        """See `Storage`."""

    async def delete(self, recording_id: str) -> None:
        """See `Storage`."""
        await asyncio.to_thread(self._delete, recording_id)

    def _published(self, recording_id: str) -> list[PublishedFile]:
        try:
            paths = sorted((self._root / recording_id).iterdir())
        except FileNotFoundError:
            return []
        return [found for path in paths if (found := self._find(path)) is not None]

    def _find(self, path: Path) -> FolderFile | None:
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not path.is_file():
            return None
        inner = None
        if self._internal is not None:
            inner = f"{self._internal}/{quote(str(path.relative_to(self._root)))}"
        return FolderFile(path.name, status.st_size, status.st_mtime_ns, str(path), internal=inner)

    def _delete(self, recording_id: str) -> None:
        folder = self._root / recording_id
        (folder / MANIFEST_NAME).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        sync_folder(self._root)


@dataclass(frozen=True, slots=True)
class FolderFile:
    """Implements `PublishedFile`."""

    name: str
    size: int
    modified_ns: int
    local: str
    url: None = None
    internal: str | None = None

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """See `PublishedFile`."""
        end = self.size if stop is None else min(stop, self.size)
        with await asyncio.to_thread(Path(self.local).open, "rb") as file:
            await asyncio.to_thread(file.seek, start)
            while start < end:
                piece = await asyncio.to_thread(file.read, min(_READ_BYTES, end - start))
                if not piece:
                    return
                start += len(piece)
                yield piece


class FolderArchive:
    """Implements `ArchiveFiles` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """See `ArchiveFiles`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sync_folder(self._folder.parent)

    def segments(self) -> Sequence[int]:
        """See `ArchiveFiles`."""
        return sorted(number_of_segment(path.name) for path in segment_files(self._folder))

    def path(self, index: int) -> Path:
        """Tell where a segment lies: for the adapter's own use, and for tests."""
        return self._folder / f"{index:06d}{SEGMENT_SUFFIX}"

    def size(self, index: int) -> int | None:
        """See `ArchiveFiles`."""
        try:
            return self.path(index).stat().st_size
        except FileNotFoundError:
            return None

    def create(self, index: int) -> SegmentFile:
        """See `ArchiveFiles`."""
        descriptor = os.open(self.path(index), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        file = SegmentFile(descriptor)
        try:
            sync_folder(self._folder)
        except OSError:
            file.close()
            self.drop(index)
            raise
        return file

    def drop(self, index: int) -> None:
        """See `ArchiveFiles`."""
        self.path(index).unlink(missing_ok=True)

    def read(self, index: int, limit: int, start: int = 0) -> bytes:
        """See `ArchiveFiles`."""
        with self.path(index).open("rb") as file:
            file.seek(start)
            return file.read(limit)

    def pieces(self, *, soon: bool = False) -> Sequence[Piece]:
        """See `ArchiveFiles`."""
        return ()

    def ship(self, piece: Piece, data: bytes) -> None:
        """See `ArchiveFiles`."""


class SegmentFile:
    """Implements `GrowingFile` on a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = 0

    def append(self, data: bytes) -> None:
        """See `GrowingFile`."""
        view, size = memoryview(data), self._size
        try:
            while view:
                written = os.write(self._descriptor, view)
                view = view[written:]
                size += written
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            raise
        self._size = size

    def sync(self) -> None:
        """See `GrowingFile`."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """See `GrowingFile`."""
        os.close(self._descriptor)


def _has_archive(folder: Path) -> bool:
    """Tell whether a recording has an archive; one that is hidden by its rights may have one."""
    try:
        return (folder / ARCHIVE_FOLDER).is_dir()
    except PermissionError:
        return True


def segment_files(folder: Path) -> list[Path]:
    """List the segments in a folder by name; none if there is no such folder. Raises OSError.

    `Path.glob` would not do: it takes a folder that it may not read for an empty one.
    """
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    return [path for path in found if path.suffix == SEGMENT_SUFFIX and path.stem.isdigit()]


def number_of_segment(name: str) -> int:
    """Return the number in a segment's name."""
    return int(name.removesuffix(SEGMENT_SUFFIX))


def publish_results(folder: Path) -> None:
    """Move the results in a recording's folder beside its archive, the manifest last.

    Raises:
        OSError: see `Storage.publish`.
    """
    with locked(folder, wait=False):
        results = folder / RESULTS_FOLDER
        names = sorted(path.name for path in results.iterdir() if path.name != MANIFEST_NAME)
        for name in [*names, MANIFEST_NAME]:
            descriptor = os.open(results / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            (results / name).replace(folder / name)
            # Of two links to one file, which a killed run leaves, rename(2) removes none.
            (results / name).unlink(missing_ok=True)
        sync_folder(folder)
        results.rmdir()


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep others out of a recording's folder; the kernel ends it with the process.

    Raises:
        BlockingIOError: another holds the lock, and `wait` is false.
        OSError: there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries (new files, renames) survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
