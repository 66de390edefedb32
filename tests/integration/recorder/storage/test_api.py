"""What the storage port promises, over each adapter: a folder, and a bucket before and after.

After means: the recording was put away, and its copy on this machine is gone.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from recorder.api import PublishedFile
from recorder.storage.api import ARCHIVE_FOLDER, RESULTS_FOLDER, Storage
from recorder.storage.folder import FolderStorage, locked
from recorder.storage.s3 import S3Storage
from recorder.storage.sums import PART_BYTES
from tests.support.s3_server import S3Server

KINDS = ("folder", "bucket, here", "bucket, away")


@dataclass
class Place:
    """A storage, and how a finished recording settles there."""

    storage: Storage
    local: FolderStorage
    goes_away: bool
    contents: Callable[[], dict[str, bytes]]

    async def settle(self, recording_id: str = "r1") -> None:
        if self.goes_away:
            assert await self.storage.put_away(recording_id, sealed=True) is None
            assert not self.local.folder(recording_id).exists()

    async def publish(self, recording_id: str = "r1", **files: bytes) -> None:
        """Do what a job does in its working place, and publish it."""
        async with self.storage.working_place(recording_id) as place:
            (place / RESULTS_FOLDER).mkdir(parents=True)
            for name, data in files.items():
                (place / RESULTS_FOLDER / name.replace("_", ".")).write_bytes(data)
            await self.storage.publish(recording_id)

    def record(self, recording_id: str = "r1", *segments: bytes) -> None:
        archive = self.storage.archive(recording_id)
        archive.open()
        for index, data in enumerate(segments, 1):
            file = archive.create(index)
            file.append(data)
            file.sync()
            file.close()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    local = FolderStorage(tmp_path / "data" / "recordings")
    if request.param == "folder":
        local.open()
        root = tmp_path / "data" / "recordings"
        return Place(local, local, False, lambda: {str(p): b"" for p in root.rglob("*")})
    s3: S3Server = request.getfixturevalue("s3")
    storage = S3Storage(local, s3.bucket(tmp_path.name))
    storage.open()
    away = request.param == KINDS[2]
    return Place(storage, local, away, lambda: s3.stored(tmp_path.name))


async def content(file: PublishedFile | None, start: int = 0, stop: int | None = None) -> bytes:
    assert file is not None
    return b"".join([piece async for piece in file.read(start, stop)])


async def test_an_archive_is_read_back_in_its_order(place: Place) -> None:
    archive = place.storage.archive("r1")
    assert archive.segments() == []
    place.record("r1", b"onetwo", b"three")
    await place.publish(manifest_json=b"{}")
    await place.settle()
    assert archive.segments() == [1, 2]
    assert archive.read(1, 100) == b"onetwo"
    assert archive.read(1, 4) == b"onet"
    with pytest.raises(OSError, match="000003"):
        archive.read(3, 10)
    here, elsewhere = place.storage.archived(), await place.storage.distant()
    assert [*here, *elsewhere] == ["r1"]
    assert bool(elsewhere) == place.goes_away
    assert place.storage.free_bytes() > 0


async def test_results_are_invisible_until_published_and_then_read_by_ranges(place: Place) -> None:
    picture = os.urandom(PART_BYTES + 4_000_000)
    async with place.storage.working_place("r1") as folder:
        (folder / RESULTS_FOLDER).mkdir(parents=True)
        (folder / RESULTS_FOLDER / "a.webm").write_bytes(picture)
        (folder / RESULTS_FOLDER / "manifest.json").write_bytes(b"{}")
        assert await place.storage.file("r1", "a.webm") is None
        assert await place.storage.published("r1") == []
        await place.storage.publish("r1")
    await place.settle()
    assert [file.name for file in await place.storage.published("r1")] == [
        "a.webm",
        "manifest.json",
    ]
    file = await place.storage.file("r1", "a.webm")
    assert file is not None
    assert (file.size, file.url, file.internal) == (len(picture), None, None)
    assert file.modified_ns > 1e18
    assert (file.local is None) == place.goes_away
    assert await content(file) == picture
    assert await content(file, 2, 4) == picture[2:4]
    assert await content(file, 5_000_000) == picture[5_000_000:]
    assert await content(file, len(picture) - 3, len(picture) + 100) == picture[-3:]
    assert await content(file, len(picture)) == b""


async def test_publishing_again_replaces(place: Place) -> None:
    await place.publish(a_webm=b"first", manifest_json=b"1")
    await place.settle()
    assert await content(await place.storage.file("r1", "a.webm")) == b"first"
    await place.publish(a_webm=b"second!", manifest_json=b"2")
    assert await content(await place.storage.file("r1", "a.webm")) == b"second!"
    await place.settle()
    assert await content(await place.storage.file("r1", "a.webm")) == b"second!"
    assert await content(await place.storage.file("r1", "manifest.json")) == b"2"


async def test_a_working_place_has_the_archive_wherever_it_lay(place: Place) -> None:
    place.record("r1", b"one", b"two")
    await place.publish(manifest_json=b"{}")
    await place.settle()
    async with place.storage.working_place("r1") as folder:
        assert sorted(p.read_bytes() for p in (folder / ARCHIVE_FOLDER).iterdir()) == [
            b"one",
            b"two",
        ]
    await place.publish(a_webm=b"made again", manifest_json=b"2")
    await place.settle()
    assert place.storage.archive("r1").segments() == [1, 2]
    assert await content(await place.storage.file("r1", "a.webm")) == b"made again"


async def test_without_results_or_beside_another_job_publishing_is_refused(place: Place) -> None:
    place.record("r1", b"one")
    with pytest.raises(OSError, match=RESULTS_FOLDER):
        await place.storage.publish("r1")
    async with place.storage.working_place("r1") as folder:
        (folder / RESULTS_FOLDER).mkdir(parents=True)
        (folder / RESULTS_FOLDER / "manifest.json").write_bytes(b"1")
        with locked(folder), pytest.raises(BlockingIOError):
            await place.storage.publish("r1")
        await place.storage.publish("r1")
    assert await content(await place.storage.file("r1", "manifest.json")) == b"1"


async def test_a_deleted_recording_leaves_nothing(place: Place) -> None:
    place.record("r1", b"one")
    place.record("r2", b"one")
    for recording_id in ("r1", "r2"):
        await place.publish(recording_id, a_webm=b"picture", manifest_json=b"{}")
        await place.settle(recording_id)
    for _ in range(2):
        await place.storage.delete("r1")
        assert await place.storage.published("r1") == []
        assert await place.storage.file("r1", "a.webm") is None
        assert place.storage.archive("r1").segments() == []
        assert [*place.storage.archived(), *await place.storage.distant()] == ["r2"]
    assert not [key for key in place.contents() if "r1" in key.split("/")]
    await place.storage.delete("r2")
    assert place.contents() == {}


async def test_no_name_leads_out_of_a_recording(place: Place, tmp_path: Path) -> None:
    for recording_id in ("r1", "r2"):
        place.record(recording_id, b"one")
        await place.publish(recording_id, a_webm=recording_id.encode(), manifest_json=b"{}")
        await place.settle(recording_id)
    assert await content(await place.storage.file("r1", "a.webm")) == b"r1"
    outside = tmp_path / "data" / "recordings" / "r2" / "a.webm"
    for name in ("../r2/a.webm", str(outside), "./a.webm", "..", ".", "", "archive", "none"):
        assert await place.storage.file("r1", name) is None
    assert await place.storage.file("none", "manifest.json") is None


async def test_a_recording_that_was_never_published_stays(place: Place) -> None:
    place.record("r1", b"one")
    assert await place.storage.put_away("r1", sealed=True) is None
    assert list(place.storage.archived()) == ["r1"]
    assert await place.storage.put_away("none", sealed=True) is None
    await place.storage.tidy()


async def test_a_place_within_a_recording_goes_where_the_recording_goes(place: Place) -> None:
    inner = "r1/editions/e1"
    place.record("r1", b"one")
    await place.publish(a_webm=b"whole", manifest_json=b"{}")
    await place.publish(inner, a_webm=b"cut", manifest_json=b"{}")
    await place.settle()
    assert await content(await place.storage.file("r1", "a.webm")) == b"whole"
    assert await content(await place.storage.file(inner, "a.webm")) == b"cut"
    for recording_id in ("r1", inner):
        names = [file.name for file in await place.storage.published(recording_id)]
        assert names == ["a.webm", "manifest.json"]
    assert await place.storage.file("r1/../r1/editions/e1", "b.webm") is None
    await place.publish("r1/editions/e2", a_webm=b"later", manifest_json=b"{}")
    await place.settle()
    await place.storage.delete(inner)
    assert await place.storage.file(inner, "a.webm") is None
    assert await content(await place.storage.file("r1/editions/e2", "a.webm")) == b"later"
    assert await content(await place.storage.file("r1", "a.webm")) == b"whole"
    await place.storage.delete("r1")
    assert await place.storage.file("r1/editions/e2", "a.webm") is None
    assert place.contents() == {}
