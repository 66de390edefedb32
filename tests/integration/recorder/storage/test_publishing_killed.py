"""A publication that is killed at any step is there as a whole, or not yet; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER
from recorder.storage.folder import FolderStorage, publish_results
from tests.support.deadly import killed_at

FILES = {"camera.mp4": b"camera", "thumbnail.jpg": b"picture", MANIFEST_NAME: b"{}"}


def main(arguments: list[str]) -> None:
    """Publish, in a process that will be killed."""
    publish_results(Path(arguments[0]))


def _found(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}


@pytest.mark.parametrize("recording_id", ["r1", "r1/editions/e1"])
@pytest.mark.parametrize(
    ("event", "count"), [*(("os.rename", n) for n in range(1, len(FILES) + 1)), ("os.rmdir", 1)]
)
async def test_what_is_published_is_whole(
    tmp_path: Path, recording_id: str, event: str, count: int
) -> None:
    place = tmp_path / recording_id
    results = place / RESULTS_FOLDER
    results.mkdir(parents=True)
    for name, content in FILES.items():
        (results / name).write_bytes(content)
    assert killed_at(event, count, __name__, str(place))
    storage = FolderStorage(tmp_path)
    if await storage.file(recording_id, MANIFEST_NAME) is None:
        assert event == "os.rename"
        assert _found(results) | _found(place) == FILES
        await storage.publish(recording_id)
    assert _found(place) == FILES
    assert [one.name for one in await storage.published(recording_id)] == sorted(FILES)


async def test_a_file_that_is_there_already_under_the_same_inode_is_published(
    tmp_path: Path,
) -> None:
    """A video is linked into the results. So a run that was killed leaves the link there."""
    results = tmp_path / "r1" / RESULTS_FOLDER
    results.mkdir(parents=True)
    (results / MANIFEST_NAME).write_bytes(b"{}")
    (results / "camera.mp4").write_bytes(b"camera")
    (tmp_path / "r1" / "camera.mp4").hardlink_to(results / "camera.mp4")
    await FolderStorage(tmp_path).publish("r1")
    assert not results.exists()
    assert (tmp_path / "r1" / "camera.mp4").read_bytes() == b"camera"
