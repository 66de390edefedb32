"""Editions of a recorded lesson, decoded by FFmpeg through their playlists."""

from __future__ import annotations

import asyncio
import errno
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.api import (
    Edition,
    EditionNotFound,
    EditionOrder,
    NothingLeft,
    RecordingNotFound,
    Span,
)
from recorder.editions.maker import Maker
from recorder.editions.service import EditionService, edition_place
from recorder.storage.folder import FolderStorage
from tests.support.coloured_lesson import (
    BRIGHT,
    CUT,
    FPS,
    LENGTH_S,
    coloured_lesson,
    room_heard,
)
from tests.support.rtp_media import flash_on

KEEP = (Span(0.0, CUT[0]), Span(CUT[1], LENGTH_S))
HIDDEN = ("room-1.camera",)
EDITED_S = LENGTH_S - (CUT[1] - CUT[0])
SYNC_S = 0.045  # ITU-R BT.1359
ORDER = EditionOrder("r1", KEEP, HIDDEN, cover_s=13.5)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage with one recording, which no test changes."""
    root = tmp_path_factory.mktemp("recordings")
    coloured_lesson(root / "r1")
    return root


@dataclass(frozen=True)
class Made:
    edition: Edition
    folder: Path

    def playlist(self, source_id: str) -> Path:
        (found,) = [one for one in self.edition.sources if one.source_id == source_id]
        return self.folder / found.playlist


@pytest.fixture(scope="module")
def made(lesson: Path) -> Made:
    edition = asyncio.run(maker(lesson).make(ORDER, lambda done, total: None))
    return Made(edition, lesson / edition_place("r1", edition.edition_id))


@pytest.fixture
def storage(lesson: Path, tmp_path: Path) -> Path:
    """A storage of the test's own."""
    shutil.copytree(lesson / "r1", tmp_path / "r1", ignore=shutil.ignore_patterns("editions"))
    return tmp_path


def maker(root: Path) -> Maker:
    return Maker(FolderStorage(root), reserve_bytes=0)


def edited(recorded_s: float) -> float | None:
    """Return where a moment of the recording lies in the edition."""
    if CUT[0] <= recorded_s < CUT[1]:
        return None
    return recorded_s if recorded_s < CUT[0] else recorded_s - (CUT[1] - CUT[0])


def planes(path: Path) -> Iterator[tuple[float, float, float, float]]:
    """Time, brightness, U and V of each picture."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rows = frame.reformat(format="yuv420p").to_ndarray().astype(float)
            chroma = rows[frame.height :].reshape(2, -1)
            yield frame.time or 0.0, rows[: frame.height].mean(), *chroma.mean(axis=1)


def onsets(loud: list[tuple[float, bool]]) -> list[float]:
    """The moments at which something begins."""
    return [time for (_, before), (time, now) in pairwise(loud) if now and not before]


def beeps(path: Path, codec: str) -> list[float]:
    """The begins of the beeps in a playlist of sound."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.codec.canonical_name == codec
        for frame in container.decode(stream):
            samples = np.abs(frame.to_ndarray().astype(float)).reshape(-1, frame.samples).max(0)
            full = 1.0 if frame.format.name.startswith("flt") else 32768.0
            block = max(1, frame.samples // 8)
            for start in range(0, frame.samples, block):
                time = (frame.time or 0.0) + start / frame.sample_rate
                found.append((time, bool(samples[start : start + block].max() > 0.2 * full)))
    return onsets(found)


def media_playlists(made: Made, source_id: str) -> dict[str, Path]:
    lines = made.playlist(source_id).read_text().splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    names += [line.split('URI="')[1].split('"')[0] for line in lines if 'URI="' in line]
    return {name.rpartition("-")[0]: made.folder / name for name in names}


def test_nothing_that_is_hidden_or_cut_out_is_in_any_picture(made: Made) -> None:
    assert [one.source_id for one in made.edition.sources] == ["lead.camera", "lead.courseware"]
    assert not list(made.folder.glob("*room*"))
    seen = 0
    for name in made.edition.files:
        if Path(name).suffix not in {".mp4", ".jpg"}:
            continue
        for time, _, blue, red in planes(made.folder / name):
            seen += 1
            assert blue < 150, (name, time)
            assert red < 150, (name, time)
    assert seen > 2 * (EDITED_S - 2) * FPS


def test_nothing_that_is_hidden_is_heard(made: Made, lesson: Path) -> None:
    (room,) = (lesson / "r1").glob("room-1.camera-*.webm")
    assert room_heard(room) > 0.9  # else nothing would be proved
    sounds = [name for name in made.edition.files if name.endswith(".m4a")]
    assert len(sounds) == 2
    for name in sounds:
        assert room_heard(made.folder / name) < 0.1, name


def test_no_file_of_an_edition_names_what_is_hidden(made: Made) -> None:
    """Playlists, storyboards and waveforms are text; the manifest is read by the server."""
    for path in made.folder.iterdir():
        assert b"room-1" not in path.read_bytes(), path.name


@pytest.mark.parametrize("source_id", ["lead.camera", "lead.courseware"])
def test_pictures_last_and_flash_as_they_were_recorded(made: Made, source_id: str) -> None:
    (path,) = [one for name, one in media_playlists(made, source_id).items() if "360p" in name]
    (source,) = [one for one in made.edition.sources if one.source_id == source_id]
    shown = [(time, light > BRIGHT) for time, light, _, _ in planes(path)]
    with av.open(str(path)) as container:
        assert float(container.duration / 1e6) == pytest.approx(source.duration_s, abs=0.1)
    begin = shown[0][0]
    assert begin == pytest.approx(0.0, abs=0.01)
    wanted = [
        at
        for number in range(round(LENGTH_S * FPS))
        if flash_on(number / FPS)
        and not flash_on((number - 1) / FPS)
        and (at := edited(number / FPS)) is not None
    ]
    found = [time + source.offset_s for time in onsets(shown)]
    assert found == pytest.approx(wanted, abs=SYNC_S)


def test_sound_in_both_codecs_keeps_its_time(made: Made) -> None:
    lists = media_playlists(made, "lead.camera")
    # The beep at 7, 9 and 11 s is cut out.
    wanted = [1.0, 3.0, 5.0, *(second - (CUT[1] - CUT[0]) for second in (13, 15, 17, 19, 21, 23))]
    for group, codec in (("aac", "aac"), ("opus", "opus")):
        found = beeps(lists[f"lead.camera-audio-{group}"], codec)
        assert found == pytest.approx(wanted, abs=SYNC_S), codec


def test_playlists_say_what_is_in_the_files(made: Made) -> None:
    text = made.playlist("lead.camera").read_text()
    assert 'CODECS="avc1.' in text
    assert ',opus"' in text
    assert ',mp4a.40.2"' in text
    for name in made.edition.files:
        if not name.endswith(".m3u8"):
            continue
        lines = (made.folder / name).read_text().splitlines()
        assert lines[0] == "#EXTM3U"
        uris = {line for line in lines if line and not line.startswith("#")}
        assert uris <= set(made.edition.files)
        ranges = [line.split(":")[1].split("@") for line in lines if "EXT-X-BYTERANGE:" in line]
        if not ranges:
            continue
        (media,) = uris
        longest = max(float(line[8:-1]) for line in lines if line.startswith("#EXTINF:"))
        (target,) = [int(line.split(":")[1]) for line in lines if "TARGETDURATION" in line]
        assert longest <= target
        data = (made.folder / media).read_bytes()
        for _, offset in ranges:
            assert data[int(offset) + 4 : int(offset) + 8] == b"moof"
        assert int(ranges[-1][0]) + int(ranges[-1][1]) == len(data)


def test_courseware_is_copied_from_the_first_key_frame_after_the_cut(made: Made) -> None:
    """From 15 s on. What comes before is coded anew, and so is the short piece before the cut."""
    (path,) = [p for n, p in media_playlists(made, "lead.courseware").items() if "360p" in n]
    text = path.read_text()
    assert text.count("#EXT-X-MAP") == 2
    last = text.rpartition("#EXT-X-MAP")[2].splitlines()
    lengths = [float(line[8:-1]) for line in last if line.startswith("#EXTINF:")]
    assert sum(lengths) == pytest.approx(9.0, abs=0.05)
    assert text.count("#EXT-X-DISCONTINUITY") == 0


async def test_h264_without_an_edit_is_copied_bit_by_bit(storage: Path) -> None:
    order = EditionOrder("r1", hidden_sources=("room-1.camera", "lead.camera"))
    edition = await maker(storage).make(order, lambda done, total: None)
    (source,) = edition.sources
    folder = storage / edition_place("r1", edition.edition_id)
    (name,) = [one for one in edition.files if one.endswith(".mp4")]

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(one) for one in container.demux(video=0) if one.size]

    assert packets(folder / name) == packets(storage / "r1" / "lead.courseware-1.mp4")
    assert not source.has_audio
    assert source.offset_s == pytest.approx(0.006, abs=0.02)


async def test_a_hidden_picture_is_in_no_file(storage: Path) -> None:
    order = EditionOrder(
        "r1", (Span(0.0, 4.0),), ("room-1.camera",), hidden_pictures=("lead.camera",)
    )
    edition = await maker(storage).make(order, lambda done, total: None)
    sound, board = edition.sources
    assert (sound.source_id, sound.has_audio, sound.has_video) == ("lead.camera", True, False)
    assert board.has_video
    folder = storage / edition_place("r1", edition.edition_id)
    of_camera = [name for name in edition.files if name.startswith("lead.camera")]
    assert {Path(name).suffix for name in of_camera} <= {".m3u8", ".m4a", ".json"}
    for name in of_camera:
        if name.endswith(".m4a"):
            with av.open(str(folder / name)) as container:
                assert not container.streams.video


async def test_the_same_order_is_made_once(storage: Path) -> None:
    order = EditionOrder("r1", (Span(0.0, 4.0),), ("room-1.camera", "lead.courseware"))
    told: list[tuple[int, int]] = []
    first = await maker(storage).make(order, lambda *told_now: told.append(told_now))
    assert told[0][0] == 0
    assert told == sorted(told)
    told.clear()
    again = EditionOrder("r1", (Span(0.0, 4.0),), ("lead.courseware", "room-1.camera"))
    assert await maker(storage).make(again, lambda *told_now: told.append(told_now)) == first
    assert not told
    editions = EditionService(FolderStorage(storage))
    assert await editions.edition("r1", first.edition_id) == first
    file = await editions.file("r1", first.edition_id, first.sources[0].playlist)
    assert b"".join([piece async for piece in file.read()]).startswith(b"#EXTM3U")
    await editions.delete("r1", first.edition_id)
    with pytest.raises(EditionNotFound):
        await editions.edition("r1", first.edition_id)


async def test_what_cannot_be_made(storage: Path) -> None:
    def nothing(done: int, total: int) -> None:
        pass

    with pytest.raises(NothingLeft):
        await maker(storage).make(EditionOrder("r1", (Span(90.0, 95.0),)), nothing)
    with pytest.raises(RecordingNotFound):
        await maker(storage).make(EditionOrder("none"), nothing)
    full = Maker(FolderStorage(storage), reserve_bytes=1 << 60)
    with pytest.raises(OSError) as refused:
        await full.make(EditionOrder("r1"), nothing)
    assert refused.value.errno == errno.ENOSPC


async def test_a_cancelled_one_leaves_nothing(storage: Path) -> None:
    class Unwanted(Exception):
        pass

    def refuse(done: int, total: int) -> None:
        if done:
            raise Unwanted

    order = EditionOrder("r1", (Span(0.0, 8.0),))
    with pytest.raises(Unwanted):
        await maker(storage).make(order, refuse)
    assert not list((storage / "r1" / "editions").iterdir())


KILLED = """
import asyncio, sys
from pathlib import Path
from recorder.api import EditionOrder, Span
from recorder.editions.maker import Maker
from recorder.storage.folder import FolderStorage
def report(done, total):
    print(done, flush=True)
order = EditionOrder("r1", (Span(0.0, 4.0),), ("room-1.camera",))
asyncio.run(Maker(FolderStorage(Path(sys.argv[1])), reserve_bytes=0).make(order, report))
"""


async def test_one_that_was_killed_goes_on_with_the_next_source(storage: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(storage), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if int(line) >= 4:  # the camera is made, the courseware is not
            break
    process.send_signal(signal.SIGKILL)
    await process.wait()
    (place,) = (storage / "r1" / "editions").iterdir()
    before = {path.name: path.stat().st_ino for path in (place / "finishing").glob("*.m4a")}
    assert len(before) == 2
    order = EditionOrder("r1", (Span(0.0, 4.0),), ("room-1.camera",))
    edition = await maker(storage).make(order, lambda done, total: None)
    assert {path.name: path.stat().st_ino for path in place.glob("*.m4a")} == before
    assert {path.name for path in place.iterdir()} == {
        *edition.files,
        "manifest.json",
        "lead.camera.made.json",
        "lead.courseware.made.json",
    }
