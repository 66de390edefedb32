"""The folder as the recorder's storage: what its port promises, on a real disk."""

import fcntl
import os
from pathlib import Path

import pytest

from recorder.api import PublishedFile
from recorder.storage.folder import FolderStorage, locked


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    made = FolderStorage(tmp_path / "data" / "recordings")
    made.open()
    made.open()  # a folder that is there is no error
    return made


async def content(file: PublishedFile | None, start: int = 0, stop: int | None = None) -> bytes:
    assert file is not None
    return b"".join([piece async for piece in file.read(start, stop)])


async def leave_results(storage: FolderStorage, **files: bytes) -> Path:
    """Do what a job does in its working place."""
    async with storage.working_place("r1") as place:
        (place / "finishing").mkdir(parents=True)
        for name, data in files.items():
            (place / "finishing" / name.replace("_", ".")).write_bytes(data)
    return place


async def test_a_growing_file_is_read_back_in_its_order(storage: FolderStorage) -> None:
    archive = storage.archive("r1")
    assert archive.segments() == []
    archive.open()
    for index in (2, 1):
        file = archive.create(index)
        file.append(b"one")
        file.append(b"two")
        file.sync()
        file.close()
    assert archive.segments() == [1, 2]
    assert archive.read(1, 100) == b"onetwo"
    assert archive.read(1, 4) == b"onet"
    with pytest.raises(FileExistsError):
        archive.create(1)
    archive.drop(2)
    archive.drop(2)
    assert archive.segments() == [1]
    assert storage.archived() == ["r1"]
    assert storage.free_bytes() > 0


async def test_what_a_job_left_is_invisible_until_it_is_published(storage: FolderStorage) -> None:
    await leave_results(storage, a_webm=b"picture", manifest_json=b"{}")
    assert await storage.file("r1", "a.webm") is None
    assert await storage.published("r1") == []
    await storage.publish("r1")
    assert [file.name for file in await storage.published("r1")] == ["a.webm", "manifest.json"]
    file = await storage.file("r1", "a.webm")
    assert file is not None
    assert (file.size, file.url) == (7, None)
    assert await content(file) == b"picture"
    assert await content(file, 2, 4) == b"ct"
    assert await content(file, 5, 100) == b"re"
    assert await content(file, 7) == b""


async def test_publishing_again_replaces_and_without_a_manifest_is_refused(
    storage: FolderStorage,
) -> None:
    await leave_results(storage, a_webm=b"first", manifest_json=b"1")
    await storage.publish("r1")
    with pytest.raises(OSError, match="finishing"):
        await storage.publish("r1")  # nothing new is there
    place = await leave_results(storage, a_webm=b"second", manifest_json=b"2")
    with locked(place), pytest.raises(BlockingIOError):
        await storage.publish("r1")  # another job works there
    assert await content(await storage.file("r1", "manifest.json")) == b"1"
    await storage.publish("r1")
    assert await content(await storage.file("r1", "manifest.json")) == b"2"
    await leave_results(storage, a_webm=b"third")
    with pytest.raises(FileNotFoundError):
        await storage.publish("r1")


async def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


async def test_a_deleted_recording_leaves_nothing(storage: FolderStorage) -> None:
    storage.archive("r1").open()
    storage.archive("r2").open()
    await leave_results(storage, a_webm=b"picture", manifest_json=b"{}")
    await storage.publish("r1")
    await storage.delete("r1")
    await storage.delete("r1")
    assert await storage.published("r1") == []
    assert storage.archived() == ["r2"]
    await storage.delete("r2")  # one that was never published
    assert storage.archived() == []


async def test_a_folder_or_a_missing_name_is_no_file(storage: FolderStorage) -> None:
    storage.archive("r1").open()
    assert await storage.file("r1", "archive") is None
    assert await storage.file("r1", "archive/x/y") is None
    assert await storage.file("none", "manifest.json") is None


async def test_no_name_leads_out_of_a_recording(storage: FolderStorage, tmp_path: Path) -> None:
    await leave_results(storage, a_webm=b"mine", manifest_json=b"{}")
    await storage.publish("r1")
    other = tmp_path / "data" / "recordings" / "r2"
    other.mkdir()
    (other / "a.webm").write_bytes(b"another's")
    assert await content(await storage.file("r1", "a.webm")) == b"mine"
    for name in ("../r2/a.webm", str(other / "a.webm"), "./a.webm", "..", "."):
        assert await storage.file("r1", name) is None
