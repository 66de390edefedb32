"""Storage of the bytes of files: the port, and the adapter for a folder.

Of each file there is a growing part, and later the whole. Names are ids of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from signaling.files.core.sniffing import EDGE_BYTES
from signaling.files.errors import UploadInUse

PIECE_BYTES = 256 * 1024  # of one read or write
_MODE = 0o600
_CLOSED = -1  # no descriptor: whoever uses it gets EBADF


@dataclass(frozen=True, slots=True)
class Inspection:
    """Facts told by the bytes of a file. `head` and `tail` are its edges, `EDGE_BYTES` at most."""

    size: int
    sha256: str
    head: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class Edges:
    """The first and the last bytes of a file, `EDGE_BYTES` of each at most."""

    head: bytes
    tail: bytes


class GrowingPart(Protocol):
    """The part of a file that is there so far, open for writing."""

    async def write(self, piece: bytes) -> None:
        """Put bytes to its end."""

    async def settle(self, size: int) -> None:
        """Cut it to a size, and see it safe on the disk."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Paths of a check: the uploaded bytes, and a folder for what is made of them."""

    source: Path
    place: Path


class FileStorage(Protocol):
    """Keeps the bytes of files."""

    def free_bytes(self) -> int:
        """Return the space that is left."""

    def growing(self, file_id: str, size: int) -> AbstractAsyncContextManager[GrowingPart]:
        """Open the part of a file, whose first `size` bytes count.

        Raises:
            UploadInUse: somebody else has it open.
            FileNotFoundError: it has fewer bytes.
        """

    async def inspect(self, file_id: str) -> Inspection:
        """Look at all bytes of a file, whether it is whole yet. Raises FileNotFoundError."""

    async def edges(self, file_id: str) -> Edges:
        """Look at the edges of a part. Raises FileNotFoundError."""

    async def complete(self, file_id: str) -> None:
        """Make the part the whole; may be repeated. Raises FileNotFoundError."""

    def bench(self, file_id: str) -> Bench:
        """Return the paths with which a job checks a part."""

    async def put(self, file_id: str, made: Path) -> None:
        """Make a file from the bench the whole; the part stays until `tidy`."""

    async def tidy(self, file_id: str) -> None:
        """Delete the part and the bench of a file; may be repeated."""

    async def unfinished(self) -> Sequence[str]:
        """List the files that have a part or a bench."""

    def local(self, file_id: str) -> Path | None:
        """Return the path of a whole file that lies on this machine."""

    def read(self, file_id: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Read a whole file, from one byte up to another. Raises FileNotFoundError."""

    async def delete(self, file_id: str) -> None:
        """Delete the file, whether part or whole; may be repeated."""


class FolderFiles:
    """Implements `FileStorage` in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._parts = root / "parts"
        self._benches = root / "checks"

    def free_bytes(self) -> int:
        """See `FileStorage`."""
        self._root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free

    @asynccontextmanager
    async def growing(self, file_id: str, size: int) -> AsyncIterator[GrowingPart]:
        """See `FileStorage`."""
        part = await asyncio.to_thread(_FolderPart.open, self._parts / file_id, size)
        try:
            yield part
        finally:
            await asyncio.to_thread(part.close)

    async def inspect(self, file_id: str) -> Inspection:
        """See `FileStorage`."""
        return await asyncio.to_thread(self._inspect, file_id)

    async def edges(self, file_id: str) -> Edges:
        """See `FileStorage`."""
        return await asyncio.to_thread(self._edges, file_id)

    async def complete(self, file_id: str) -> None:
        """See `FileStorage`."""
        await asyncio.to_thread(self._complete, file_id, self._parts / file_id)

    def bench(self, file_id: str) -> Bench:
        """See `FileStorage`."""
        return Bench(self._parts / file_id, self._benches / file_id)

    async def put(self, file_id: str, made: Path) -> None:
        """See `FileStorage`."""
        await asyncio.to_thread(made.chmod, _MODE)
        await asyncio.to_thread(self._complete, file_id, made)

    async def tidy(self, file_id: str) -> None:
        """See `FileStorage`."""
        await asyncio.to_thread(self._tidy, file_id)

    async def unfinished(self) -> Sequence[str]:
        """See `FileStorage`."""
        return await asyncio.to_thread(self._unfinished)

    def local(self, file_id: str) -> Path | None:
        """See `FileStorage`."""
        return self._whole(file_id)

    async def read(
        self, file_id: str, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """See `FileStorage`."""
        with await asyncio.to_thread(self._whole(file_id).open, "rb") as file:
            await asyncio.to_thread(file.seek, start)
            while stop is None or start < stop:
                most = PIECE_BYTES if stop is None else min(PIECE_BYTES, stop - start)
                piece = await asyncio.to_thread(file.read, most)
                if not piece:
                    return
                start += len(piece)
                yield piece

    async def delete(self, file_id: str) -> None:
        """See `FileStorage`."""
        await asyncio.to_thread(self._delete, file_id)

    def _whole(self, file_id: str) -> Path:
        return self._root / file_id[:2] / file_id

    def _inspect(self, file_id: str) -> Inspection:
        path = self._parts / file_id
        digest, head, tail = hashlib.sha256(), b"", b""
        with (path if path.is_file() else self._whole(file_id)).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
                head += piece[: EDGE_BYTES - len(head)]
                tail = (tail + piece)[-EDGE_BYTES:]
            return Inspection(file.tell(), digest.hexdigest(), head, tail)

    def _edges(self, file_id: str) -> Edges:
        with (self._parts / file_id).open("rb") as file:
            head = file.read(EDGE_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - EDGE_BYTES))
            return Edges(head, file.read(EDGE_BYTES))

    def _complete(self, file_id: str, part: Path) -> None:
        whole = self._whole(file_id)
        if not whole.parent.is_dir():
            whole.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(self._root)
        try:
            part.replace(whole)
        except FileNotFoundError:
            if not whole.is_file():
                raise
        _sync_folder(whole.parent)

    def _delete(self, file_id: str) -> None:
        self._whole(file_id).unlink(missing_ok=True)
        self._tidy(file_id)

    def _tidy(self, file_id: str) -> None:
        (self._parts / file_id).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._benches / file_id)

    def _unfinished(self) -> list[str]:
        folders = [one for one in (self._parts, self._benches) if one.is_dir()]
        return sorted({path.name for folder in folders for path in folder.iterdir()})


class _FolderPart:
    """Implements `GrowingPart`; nobody else has the file locked meanwhile.

    A request that ends leaves the thread behind that writes for it. So the descriptor is closed
    after that alone: its number may be another file's, such as the database's.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, size: int) -> _FolderPart:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        with _closed_on_failure(descriptor):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UploadInUse() from None
            if os.fstat(descriptor).st_size < size:
                raise FileNotFoundError(path)
            os.ftruncate(descriptor, size)
            os.lseek(descriptor, size, os.SEEK_SET)
            if is_new:
                _sync_folder(path.parent)
        return cls(descriptor)

    async def write(self, piece: bytes) -> None:
        await asyncio.to_thread(self._write, piece)

    async def settle(self, size: int) -> None:
        await asyncio.to_thread(self._settle, size)

    def close(self) -> None:
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = _CLOSED

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        with self._lock:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def _settle(self, size: int) -> None:
        with self._lock:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)


@contextlib.contextmanager
def _closed_on_failure(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
