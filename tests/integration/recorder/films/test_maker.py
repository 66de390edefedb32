"""Films of a recorded lesson, decoded by FFmpeg: what is seen and heard when, and what never is."""

from __future__ import annotations

import asyncio
import errno
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import structlog

from recorder.api import (
    Film,
    FilmNotFound,
    FilmOrder,
    NothingLeft,
    RecordingNotFound,
    Span,
    StageSpan,
)
from recorder.core.manifest import decode_manifest, encode_manifest
from recorder.films import fonts
from recorder.films.maker import FilmStudio
from recorder.films.service import FilmService, film_place
from recorder.storage.folder import FolderStorage
from tests.support.coloured_lesson import BRIGHT, CUT, LENGTH_S, coloured_lesson
from tests.support.rtp_media import flash_on

# Two seconds before the cut, and four behind it. The room is on stage in the last two.
KEEP = (Span(CUT[0] - 2, CUT[0]), Span(CUT[1], CUT[1] + 4))
STAGE = (CUT[1] + 2, CUT[1] + 4)
LENGTH_KEPT_S = 6.0
ROOM = "room-1.camera"
ORDER = FilmOrder(
    "r1", KEEP, (ROOM,), title="浮力", author="王老师", chapters=((CUT[1], "实验"), (8.0, "剪掉的"))
)
SYNC_S = 0.06  # a picture of 25 a second lasts 0.04 s
CORNER = (slice(540, 700), slice(960, 1250))  # rows and columns of the small picture


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage with one recording, in which the room is on stage for a while."""
    root = tmp_path_factory.mktemp("recordings")
    coloured_lesson(root / "r1")
    path = root / "r1" / "manifest.json"
    manifest = decode_manifest(path.read_bytes())
    stage = (StageSpan("room-1", "一小", *STAGE),)
    path.write_bytes(encode_manifest(replace(manifest, stage=stage)))
    return root


@dataclass(frozen=True)
class Made:
    film: Film
    path: Path


def made_of(root: Path, order: FilmOrder) -> Made:
    film = asyncio.run(studio(root).make(order, _nothing))
    return Made(film, root / film_place("r1", film.film_id) / "film.mp4")


@pytest.fixture(scope="module")
def made(lesson: Path) -> Made:
    return made_of(lesson, ORDER)


@pytest.fixture
def storage(lesson: Path, tmp_path: Path) -> Path:
    """A storage of the test's own."""
    shutil.copytree(lesson / "r1", tmp_path / "r1", ignore=shutil.ignore_patterns("films"))
    return tmp_path


def studio(root: Path) -> FilmStudio:
    return FilmStudio(FolderStorage(root), reserve_bytes=0)


def _nothing(done: int, total: int) -> None:
    pass


def planes(path: Path) -> Iterator[tuple[float, np.ndarray, np.ndarray, np.ndarray]]:
    """Time, Y, U and V of each picture; U and V as large as Y."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rows = frame.to_ndarray().astype(float)
            chroma = rows[720:].reshape(2, 360, 640).repeat(2, axis=1).repeat(2, axis=2)
            yield frame.time or 0.0, rows[:720], *chroma


def test_a_film_is_one_mp4_that_plays_while_it_comes(made: Made) -> None:
    with av.open(str(made.path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (1280, 720, 25)
        assert video.frames == round(LENGTH_KEPT_S * 25)
        assert len(container.streams.video) == len(container.streams.audio) == 1
        assert float(container.duration / 1e6) == pytest.approx(LENGTH_KEPT_S, abs=0.1)
        assert (container.metadata["title"], container.metadata["artist"]) == ("浮力", "王老师")
        chapters = [(one["start"], one["metadata"]["title"]) for one in container.chapters()]
        assert chapters == [(0, "浮力"), (2000, "实验")]
    head = made.path.read_bytes()[:4096]
    assert b"moov" in head
    assert made.film.size == made.path.stat().st_size
    assert made.film.duration_s == LENGTH_KEPT_S
    assert {path.name for path in made.path.parent.iterdir()} == {"film.mp4", "manifest.json"}


def test_nothing_that_is_hidden_or_cut_out_is_in_any_picture(made: Made) -> None:
    count = 0
    for time, _, blue, red in planes(made.path):
        count += 1
        assert blue.mean() < 140, time  # the cut is blue, the room red
        assert red.mean() < 140, time
        assert red[CORNER].mean() < 140, time
    assert count == round(LENGTH_KEPT_S * 25)


def test_courseware_is_large_the_teacher_is_in_the_corner_and_both_keep_their_time(
    made: Made,
) -> None:
    large, small = [], []
    for time, light, _, _ in planes(made.path):
        large.append((time, light[:500, :900].mean() > BRIGHT))
        small.append((time, light[CORNER].mean() > BRIGHT))
    wanted = []
    for span, at_s in zip(KEEP, (0.0, 2.0), strict=True):
        wanted += [
            at_s + number / 100 - span.start_s
            for number in range(round(span.start_s * 100), round(span.end_s * 100))
            if flash_on(number / 100) and not flash_on((number - 1) / 100)
        ]
    for shown in (large, small):
        begins = [time for (_, before), (time, now) in pairwise(shown) if now and not before]
        assert begins == pytest.approx(wanted, abs=SYNC_S)


def _loud(path: Path) -> list[float]:
    """The begins of the beeps."""
    found, loud = [], False
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()).max(axis=0)
            for start in range(0, frame.samples, 128):
                now = bool(samples[start : start + 128].max() > 0.2)
                if now and not loud:
                    found.append((frame.time or 0.0) + start / frame.sample_rate)
                loud = now
    return found


def test_the_sound_keeps_its_time_without_what_was_cut(made: Made) -> None:
    # Beeps at 5 and 13 and 15 s of the recording; those from 7 to 11 s are cut out.
    wanted = [5 - KEEP[0].start_s, *(2 + second - CUT[1] for second in (13, 15))]
    assert _loud(made.path) == pytest.approx(wanted, abs=SYNC_S)


def test_a_room_stands_beside_the_teacher_while_it_is_on_stage(lesson: Path) -> None:
    order = FilmOrder("r1", (Span(STAGE[0] - 1, STAGE[1]),), ("lead.courseware",))
    for time, light, _, red in planes(made_of(lesson, order).path):
        if 0.9 < time < 1.1:
            continue  # about the change itself
        on_stage = time >= 1
        assert (red[200:500, 660:1260].mean() > 200) == on_stage, time
        assert red[200:500, 20:600].mean() < 140, time
        assert (light[:160].mean() < 45) == on_stage or light.mean() > BRIGHT, time


def test_of_hidden_pictures_the_sound_is_heard_over_a_calm_card(lesson: Path) -> None:
    hidden = ("lead.camera", "lead.courseware", ROOM)
    path = made_of(lesson, FilmOrder("r1", (Span(4.5, 6.0),), hidden_pictures=hidden)).path
    for time, light, _, _ in planes(path):
        assert light.max() - light.min() < 8, time
        assert 30 < light.mean() < 50, time
    assert _loud(path) == pytest.approx([0.5], abs=SYNC_S)


CARD = ("浮力的秘密", "王老师", "丰乐县第一小学", "物理 八年级")
OF_SOUND = FilmOrder(
    "r1",
    (Span(4.5, 6.0),),
    hidden_pictures=("lead.camera", "lead.courseware", ROOM),
    card=CARD,
)


def test_the_card_has_its_texts_in_the_middle_and_in_rows(storage: Path) -> None:
    count = 0
    for time, light, blue, red in planes(made_of(storage, OF_SOUND).path):
        count += 1
        letters = light > 120
        assert 0.005 < letters.mean() < 0.1, time
        rows, columns = letters.any(axis=1), letters.any(axis=0)
        assert not rows[:120].any() and not rows[600:].any(), time
        assert not columns[:120].any() and not columns[1160:].any(), time
        middle = np.flatnonzero(columns).mean()
        assert abs(middle - 640) < 20, time
        begins = np.flatnonzero(rows[1:] & ~rows[:-1])
        ends = np.flatnonzero(~rows[1:] & rows[:-1])
        heights = [int(height) for height in ends - begins if height >= 20]
        assert len(heights) == len(CARD), (time, heights)
        assert heights[0] > max(heights[1:]) * 1.3  # the title
        assert abs(blue[letters].mean() - 128) < 10  # white
        assert abs(red[letters].mean() - 128) < 10
    assert count == 38


def test_a_card_stands_only_while_nobody_is_seen(lesson: Path) -> None:
    whole = replace(OF_SOUND, hidden_pictures=())
    named, plain = (
        [light for _, light, _, _ in planes(made_of(lesson, order).path)]
        for order in (whole, replace(whole, card=()))
    )
    assert all(np.array_equal(one, other) for one, other in zip(named, plain, strict=True))


async def test_without_a_chinese_font_the_card_is_plain_and_the_log_says_so_once(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_told", set())
    monkeypatch.setattr(fonts, "_PROGRAM", "no-such-program")
    with structlog.testing.capture_logs() as logs:
        for card in (CARD, CARD[:1]):
            order = replace(OF_SOUND, card=card)
            film = await studio(storage).make(order, _nothing)
            path = storage / film_place("r1", film.film_id) / "film.mp4"
            for time, light, _, _ in planes(path):
                assert light.max() - light.min() < 8, time
    told = [one for one in logs if one["event"] == "no_chinese_font"]
    assert [one["log_level"] for one in told] == ["warning"]


@pytest.mark.parametrize("data", [None, b"not a font" * 1000], ids=["gone", "no font"])
async def test_a_font_that_cannot_be_used_leaves_the_card_plain_and_the_log_names_it(
    storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes | None
) -> None:
    path = tmp_path / "card.ttf"
    if data is not None:
        path.write_bytes(data)

    async def found() -> fonts.Font:
        return fonts.Font(path, 0)

    monkeypatch.setattr(fonts, "_told", set())
    with structlog.testing.capture_logs() as logs:
        maker = FilmStudio(FolderStorage(storage), reserve_bytes=0, font=found)
        film = await maker.make(OF_SOUND, _nothing)
    for time, light, _, _ in planes(storage / film_place("r1", film.film_id) / "film.mp4"):
        assert light.max() - light.min() < 8, time
    told = [(one["path"], one["log_level"]) for one in logs if one["event"] == "font_unusable"]
    assert told == [(str(path), "warning")]


async def test_the_same_order_is_made_once_found_and_deleted(storage: Path) -> None:
    order = FilmOrder("r1", (Span(0.0, 1.0),), (ROOM,))
    told: list[tuple[int, int]] = []
    first = await studio(storage).make(order, lambda *now: told.append(now))
    assert told == sorted(told)
    assert told[0] == (0, 1)
    told.clear()
    assert await studio(storage).make(order, lambda *now: told.append(now)) == first
    assert not told
    films = FilmService(FolderStorage(storage))
    assert films.film_id(order) == first.film_id
    file = await films.file("r1", first.film_id)
    assert file.size == first.size
    for wrong in ("0" * 32, "../..", first.film_id[:-1]):
        with pytest.raises(FilmNotFound):
            await films.file("r1", wrong)
    await films.delete("r1", first.film_id)
    with pytest.raises(FilmNotFound):
        await films.file("r1", first.film_id)
    assert (storage / "r1" / "manifest.json").exists()


async def test_what_cannot_be_made(storage: Path) -> None:
    with pytest.raises(NothingLeft):
        await studio(storage).make(FilmOrder("r1", (Span(90.0, 95.0),)), _nothing)
    with pytest.raises(RecordingNotFound):
        await studio(storage).make(FilmOrder("none"), _nothing)
    full = FilmStudio(FolderStorage(storage), reserve_bytes=1 << 60)
    with pytest.raises(OSError) as refused:
        await full.make(FilmOrder("r1"), _nothing)
    assert refused.value.errno == errno.ENOSPC
    assert not (storage / "r1" / "films").exists()


async def test_a_cancelled_one_leaves_nothing(storage: Path) -> None:
    class Unwanted(Exception):
        pass

    def refuse(done: int, total: int) -> None:
        if done:
            raise Unwanted

    with pytest.raises(Unwanted):
        await studio(storage).make(FilmOrder("r1", (Span(0.0, LENGTH_S),), (ROOM,)), refuse)
    assert not list((storage / "r1" / "films").iterdir())


KILLED = """
import asyncio, sys
from pathlib import Path
from recorder.api import FilmOrder, Span
from recorder.films.maker import FilmStudio
from recorder.storage.folder import FolderStorage
def report(done, total):
    print(done, flush=True)
order = FilmOrder("r1", (Span(0.0, 4.0),), ("room-1.camera",))
asyncio.run(FilmStudio(FolderStorage(Path(sys.argv[1])), reserve_bytes=0).make(order, report))
"""


async def test_one_that_was_killed_is_made_again_and_leaves_no_remains(storage: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(storage), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if int(line) >= 1:
            break
    process.send_signal(signal.SIGKILL)
    await process.wait()
    (place,) = (storage / "r1" / "films").iterdir()
    assert not (place / "film.mp4").exists()
    order = FilmOrder("r1", (Span(0.0, 4.0),), (ROOM,))
    film = await studio(storage).make(order, _nothing)
    assert {path.name for path in place.iterdir()} == {"film.mp4", "manifest.json"}
    with av.open(str(place / "film.mp4")) as container:
        assert container.streams.video[0].frames == 100
    assert film.size == (place / "film.mp4").stat().st_size
