"""A video that was taken becomes an item among the recordings, also one of a camera on its side."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from recorder.api import EditionOrder, RecordingNotFound, RecordingState
from recorder.editions.maker import Maker
from recorder.editions.service import edition_place
from recorder.intake.process import IntakeProcess
from recorder.intake.shelving import Shelf
from recorder.intake_api import ShelfOrder, ShelvedVideo
from recorder.storage.folder import FolderStorage
from tests.support.recording import service

WIDE, HIGH, RATE = 128, 64, 10
PLAIN = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]
QUARTER = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]  # clockwise (ISO/IEC 14496-12 §8.5.2)


def _film(path: Path) -> None:
    """2 s of which the left half is white, with a head that says: turn it clockwise."""
    planes = np.full((HIGH * 3 // 2, WIDE), 128, np.uint8)
    planes[:HIGH] = 20
    planes[:HIGH, : WIDE // 2] = 230
    with av.open(str(path), "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        for number in range(2 * RATE):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    data = path.read_bytes()
    plain, turned = (
        b"".join((value & 0xFFFFFFFF).to_bytes(4) for value in matrix)
        for matrix in (PLAIN, QUARTER)
    )
    at = data.index(plain, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + len(turned) :])


async def _shelved(tmp_path: Path) -> FolderStorage:
    source, place = tmp_path / "brought", tmp_path / "place"
    place.mkdir()
    _film(source)
    taken = await IntakeProcess().take(source, place, lambda share: None)
    video = ShelvedVideo(
        taken.media_type,
        taken.duration_s,
        taken.width,
        taken.height,
        taken.rotation,
        taken.audio_codec is not None,
    )
    order = ShelfOrder("u-1", "t1", "王老师", "浮力", "物理", "八年级", 1_700_000_000.0, video)
    storage = FolderStorage(tmp_path / "recordings")
    storage.open()
    for _ in range(2):  # it may be repeated
        await Shelf(storage, reserve_bytes=0).put(order, place / taken.name, lambda a, b: None)
    return storage


def _halves(path: Path) -> tuple[tuple[int, int], float, float]:
    """The size of a picture, and how bright its upper and its lower half are."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        rows = frame.reformat(format="gray").to_ndarray().astype(float)
    half = frame.height // 2
    return (frame.width, frame.height), rows[:half].mean(), rows[half:].mean()


async def test_a_video_is_listed_like_a_recording_and_stands_upright(tmp_path: Path) -> None:
    storage = await _shelved(tmp_path)
    recorder, _ = service(tmp_path)
    await recorder.start()
    try:
        with pytest.raises(RecordingNotFound):
            await recorder.adopt("none")
        for _ in range(2):
            entry = await recorder.adopt("u-1")
        assert (entry.state, entry.sealed, entry.title) == (RecordingState.READY, True, "浮力")
        assert entry.duration_s == pytest.approx(2.0, abs=0.1)
        assert (await recorder.seal("u-1")).has_thumbnail
        manifest = await recorder.manifest("u-1")
    finally:
        await recorder.stop()
    (source,) = manifest.sources
    (file,) = source.files
    assert (file.width, file.height, source.storyboard is not None) == (HIGH, WIDE, True)
    edition = await Maker(storage, reserve_bytes=0).make(EditionOrder("u-1"), lambda a, b: None)
    folder = tmp_path / "recordings" / edition_place("u-1", edition.edition_id)
    (made,) = folder.glob("*-360p-*.mp4")
    for path in (made, tmp_path / "recordings" / "u-1" / "thumbnail.jpg", *folder.glob("cover*")):
        (width, height), upper, lower = _halves(path)
        assert height == 2 * width, path
        assert upper > 150 > 60 > lower, path
