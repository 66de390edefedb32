"""A video that is put on the shelf, by a process that is killed in the middle of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recorder.api import Manifest
from recorder.core.manifest import decode_manifest, named_files
from recorder.intake.shelving import Shelf
from recorder.intake_api import ShelfOrder, ShelvedVideo
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER
from recorder.storage.folder import FolderStorage
from tests.support.deadly import killed_at
from tests.support.videos import video

VIDEO = ShelvedVideo("video/mp4", 2.0, 64, 64, 0, True)
ORDER = ShelfOrder("u-1", "t1", "王老师", "浮力", "物理", "八年级", 1_700_000_000.0, VIDEO)


def main(arguments: list[str]) -> None:
    """Put it there, in a process that will be killed."""
    asyncio.run(_put(Path(arguments[0])))


async def _put(folder: Path) -> None:
    storage = FolderStorage(folder / "recordings")
    await Shelf(storage, reserve_bytes=0).put(ORDER, folder / "brought", lambda a, b: None)


async def _manifest(storage: FolderStorage) -> Manifest | None:
    file = await storage.file("u-1", MANIFEST_NAME)
    if file is None:
        return None
    return decode_manifest(b"".join([piece async for piece in file.read()]))


# Before the video is there; before its previews are; with some of it published; with all of it.
@pytest.mark.parametrize(
    ("event", "count"), [("os.link", 1), ("open", 1), ("os.rename", 2), ("os.rmdir", 1)]
)
async def test_the_next_run_makes_it_whole(tmp_path: Path, event: str, count: int) -> None:
    film = video()
    (tmp_path / "brought").write_bytes(film)
    storage = FolderStorage(tmp_path / "recordings")
    storage.open()
    assert killed_at(event, count, __name__, str(tmp_path))
    if await _manifest(storage) is None:
        assert event != "os.rmdir"
        await _put(tmp_path)
        assert not (tmp_path / "recordings" / "u-1" / RESULTS_FOLDER).exists()
    manifest = await _manifest(storage)
    assert manifest is not None
    assert manifest.entry.has_thumbnail
    names = {one.name for one in await storage.published("u-1")}
    assert names == named_files(manifest) | {MANIFEST_NAME, "thumbnail.jpg"}
    assert (tmp_path / "recordings" / "u-1" / "lead.camera-1.mp4").read_bytes() == film
    assert (tmp_path / "brought").read_bytes() == film  # its owner deletes it, once it is listed
