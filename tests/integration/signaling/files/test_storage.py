"""The folder of files: what is safe on the disk, and what nobody else may touch meanwhile."""

import asyncio
import hashlib
import os
import stat
from pathlib import Path

import pytest

from signaling.files.core.sniffing import EDGE_BYTES
from signaling.files.errors import UploadInUse
from signaling.files.storage import FolderFiles, _FolderPart

DATA = bytes(range(256)) * 1024  # four edges long


@pytest.fixture
def storage(tmp_path: Path) -> FolderFiles:
    return FolderFiles(tmp_path / "files")


async def _write(
    storage: FolderFiles, data: bytes, offset: int = 0, keep: int | None = None
) -> None:
    async with storage.growing("abcd", offset) as part:
        await part.write(data)
        await part.settle(offset + (len(data) if keep is None else keep))


async def _whole(storage: FolderFiles) -> bytes:
    return b"".join([piece async for piece in storage.read("abcd")])


async def test_a_file_grows_and_is_completed_once_and_again(storage: FolderFiles) -> None:
    await _write(storage, DATA[:1000])
    await _write(storage, DATA[1000:], 1000)
    inspection = await storage.inspect("abcd")
    assert (inspection.size, inspection.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert (inspection.head, inspection.tail) == (DATA[:EDGE_BYTES], DATA[-EDGE_BYTES:])
    with pytest.raises(FileNotFoundError):
        await _whole(storage)
    for _ in range(2):  # the server stopped before it could write the row
        await storage.complete("abcd")
        assert await _whole(storage) == DATA
        assert await storage.inspect("abcd") == inspection
    local = storage.local("abcd")
    assert local is not None
    assert local.read_bytes() == DATA


async def test_bytes_beyond_those_that_count_are_cut_off(storage: FolderFiles) -> None:
    await _write(storage, b"12345678", keep=4)
    await _write(storage, b"abc", 2)
    await storage.complete("abcd")
    assert await _whole(storage) == b"12abc"


async def test_a_part_that_lacks_bytes_is_not_continued(storage: FolderFiles) -> None:
    await _write(storage, b"1234")
    with pytest.raises(FileNotFoundError):
        await _write(storage, b"5678", 5)


async def test_one_writes_at_a_time(storage: FolderFiles) -> None:
    async with storage.growing("abcd", 0):
        with pytest.raises(UploadInUse):
            await _write(storage, b"1")
    await _write(storage, b"1")


@pytest.mark.parametrize("whole", [False, True])
async def test_a_file_is_deleted_and_may_be_again(storage: FolderFiles, whole: bool) -> None:
    await _write(storage, DATA)
    if whole:
        await storage.complete("abcd")
    for _ in range(2):
        await storage.delete("abcd")
    for attempt in (storage.inspect, storage.complete):
        with pytest.raises(FileNotFoundError):
            await attempt("abcd")


async def test_files_are_their_owners_alone(storage: FolderFiles) -> None:
    await _write(storage, DATA)
    await storage.complete("abcd")
    path = storage.local("abcd")
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_link_in_the_folder_is_not_followed(storage: FolderFiles, tmp_path: Path) -> None:
    target = tmp_path / "other"
    target.write_bytes(b"precious")
    parts = tmp_path / "files" / "parts"
    parts.mkdir(parents=True)
    (parts / "abcd").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        await _write(storage, b"1")
    assert target.read_bytes() == b"precious"


async def test_a_write_that_nobody_waits_for_ends_before_its_file_is_closed() -> None:
    """Else its thread would write to whatever file has that number next."""
    reader, writer = os.pipe()
    part, data = _FolderPart(writer), bytes(1 << 20)  # more than a pipe holds
    writing = asyncio.create_task(part.write(data))
    first = await asyncio.to_thread(os.read, reader, 1)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    closing = asyncio.create_task(asyncio.to_thread(part.close))
    await asyncio.wait([closing], timeout=0.5)
    try:
        os.fstat(writer)  # it is still open
    finally:
        with os.fdopen(reader, "rb") as rest:  # until the other end is closed
            came = first + await asyncio.to_thread(rest.read)
    assert came == data
    await closing
    with pytest.raises(OSError, match="Bad file descriptor"):
        await part.write(b"x")
