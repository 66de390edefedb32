"""The machine's clock is set between two runs of a lesson, or while it is recorded."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec import structs

from recorder.api import RecordingState
from recorder.archive.reader import read_archive
from recorder.core.archive_format import Begin, ClockSet, Stage, encode_record, segment_header
from recorder.core.run_times import UNKNOWN_PAUSE_S
from recorder.storage.api import ARCHIVE_FOLDER
from recorder.storage.folder import FolderArchive
from tests.support.recording import FACTS, HandRelay, archive_sink, finished, segment_paths, service
from tests.support.rtp_media import Happening, TrackFeed, decode, encode_audio, encode_video, feed

START = 1_700_000_000.0
DAY = 86_400.0
RUN_S = 6.0


def run(folder: Path, begin: float) -> None:
    """Record six seconds from `begin` on, as one process does."""
    with archive_sink(folder) as (sink, _):
        feed(sink, *streams(begin))


def streams(begin: float) -> list[list[Happening]]:
    sound, video = encode_audio(RUN_S), encode_video("VP8", RUN_S)
    feeds = (
        TrackFeed(1, "lead.camera", "VP8", video, begin),
        TrackFeed(2, "lead.camera", "opus", sound, begin),
    )
    return [list(one.happenings()) for one in feeds]


def test_a_lesson_of_several_segments_is_as_long_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No clock is set: what each segment repeats at its beginning is not a clock that went back."""
    monkeypatch.setattr("recorder.archive.segment.MAX_SEGMENT_BYTES", 50_000)
    monkeypatch.setattr("recorder.archive.writer._MAX_CHUNK_BYTES", 50_000)
    length = 100.0
    with archive_sink(tmp_path) as (sink, _):
        sound = TrackFeed(1, "lead.camera", "opus", encode_audio(length), START)
        feed(sink, list(sound.happenings()))
    assert len(segment_paths(tmp_path)) >= 3
    manifest = finished(tmp_path)
    assert manifest.cuts == ()
    assert manifest.entry.duration_s == pytest.approx(length, abs=0.3)


@pytest.mark.parametrize("second", [DAY, 30 * DAY, -10.0, -DAY, 3 * 3600.0])
def test_a_clock_that_was_set_between_two_runs(tmp_path: Path, second: float) -> None:
    run(tmp_path, START)
    run(tmp_path, START + second)
    manifest = finished(tmp_path)
    (source,) = manifest.sources
    (file,) = source.files
    media = decode(tmp_path / file.name)
    assert len(media.picture_times) == 2 * RUN_S * 25  # nothing is left out
    assert media.duration == pytest.approx(2 * RUN_S + UNKNOWN_PAUSE_S, abs=0.3)
    assert media.sound_seconds == pytest.approx(media.duration, abs=0.3)
    for flash in media.flashes:
        assert min(abs(flash - beep) for beep in media.beeps) <= 0.04
    (cut,) = manifest.cuts
    assert cut.start_s == pytest.approx(RUN_S, abs=0.3)
    assert cut.end_s - cut.start_s == pytest.approx(UNKNOWN_PAUSE_S, abs=0.01)
    assert any(gap.start_s < cut.end_s and gap.end_s > cut.start_s for gap in source.gaps)
    assert manifest.entry.started_at.timestamp() == pytest.approx(START, abs=0.1)


def test_a_pause_that_can_be_is_kept(tmp_path: Path) -> None:
    run(tmp_path, START)
    run(tmp_path, START + 60.0)
    manifest = finished(tmp_path)
    assert manifest.cuts == ()
    assert manifest.entry.duration_s == pytest.approx(66.0, abs=0.2)


def test_a_third_run_goes_by_the_clock_of_the_second(tmp_path: Path) -> None:
    for begin in (START, START + DAY, START + DAY + 20.0):
        run(tmp_path, begin)
    manifest = finished(tmp_path)
    assert len(manifest.cuts) == 1
    assert manifest.entry.duration_s == pytest.approx(
        RUN_S + UNKNOWN_PAUSE_S + 20.0 + RUN_S, abs=0.5
    )


@pytest.mark.parametrize("by", [2 * 3600.0, -2 * 3600.0])
def test_times_that_leap_inside_a_run_make_no_silence(tmp_path: Path, by: float) -> None:
    """Such as an archive of another program would have; no recorder writes it."""
    with archive_sink(tmp_path) as (sink, _):
        happenings = sorted(one for stream in streams(START) for one in stream)
        for one in happenings:
            leapt = one.at + by if one.at > START + 3.0 else one.at
            one.action(sink, leapt)
    manifest = finished(tmp_path)
    assert manifest.entry.duration_s == pytest.approx(RUN_S, abs=0.5)
    assert len(manifest.cuts) == 1


def as_landed_before(folder: Path) -> None:
    """Rewrite an archive as a recorder left it that knew nothing of runs."""
    archive = FolderArchive(folder / ARCHIVE_FOLDER)
    (number,) = archive.segments()
    path = archive.path(number)
    records = [
        structs.replace(record, run=0) if isinstance(record, Begin) else record
        for record in read_archive(archive)
    ]
    path.write_bytes(segment_header(number, START) + b"".join(map(encode_record, records)))


def test_a_stage_event_in_a_pause_of_the_media_keeps_its_time(tmp_path: Path) -> None:
    with archive_sink(tmp_path) as (sink, writer):
        for stream in streams(START):
            feed(sink, stream)
        writer.put(Stage("room-1", "青山教学点", True, START + 20.0))
        feed(sink, *(iter(stream) for stream in streams(START + 30.0)))
    (span,) = finished(tmp_path).stage
    assert span.start_s == pytest.approx(20.0, abs=0.1)


def test_stage_events_of_another_clock_are_dated_by_their_place(tmp_path: Path) -> None:
    """Landed archives hold stage events three hours off, where the clock was set after start."""
    with archive_sink(tmp_path) as (sink, writer):
        happenings = sorted(one for stream in streams(START) for one in stream)
        feed(sink, [one for one in happenings if one.at < START + 2.0])
        writer.put(Stage("room-1", "青山教学点", True, START + 3 * 3600.0))
        feed(sink, [one for one in happenings if START + 2.0 <= one.at < START + 4.0])
        writer.put(Stage("room-1", "青山教学点", False, START + 3 * 3600.0 + 2.0))
        feed(sink, [one for one in happenings if one.at >= START + 4.0])
    as_landed_before(tmp_path)
    (span,) = finished(tmp_path).stage
    assert span.start_s == pytest.approx(2.0, abs=0.1)
    assert span.end_s == pytest.approx(4.0, abs=0.1)


async def test_the_stage_is_marked_by_the_media_and_not_by_a_clock_that_was_set(
    tmp_path: Path,
) -> None:
    set_by = 0.0
    recorder, watcher = service(tmp_path, clock=lambda: time.time() + set_by)
    await recorder.start()
    try:
        relay = HandRelay()
        recording_id = await recorder.begin(relay, "room", FACTS)
        happenings = sorted(one for stream in streams(START) for one in stream)
        feed(relay.taps["room"], [one for one in happenings if one.at < START + 2.0])
        set_by = 3 * 3600.0
        recorder.mark_stage("room", "room-7", "青山教学点", True)
        feed(relay.taps["room"], [one for one in happenings if one.at >= START + 2.0])
        await recorder.end("room")
        await watcher.reached(recording_id, RecordingState.READY)
        manifest = await recorder.manifest(recording_id)
    finally:
        await recorder.stop()
    (span,) = manifest.stage
    assert span.start_s == pytest.approx(0.0, abs=1.0)  # as the tap's clock says
    assert span.end_s == pytest.approx(RUN_S, abs=0.2)
    assert manifest.entry.duration_s == pytest.approx(RUN_S, abs=0.2)


async def test_what_a_running_recording_lasts_does_not_jump_with_the_clock(tmp_path: Path) -> None:
    set_by = 0.0
    recorder, _ = service(tmp_path, clock=lambda: time.time() + set_by)
    await recorder.start()
    try:
        await recorder.begin(HandRelay(), "room", FACTS)
        set_by = 50 * 365 * DAY  # booted without a battery, and now the network is there
        ((entry,), _) = await recorder.entries(limit=1, before=None)
    finally:
        await recorder.stop()
    assert 0.0 <= entry.duration_s < 60.0


def test_a_clock_set_while_it_records_dates_the_recording_anew(tmp_path: Path) -> None:
    with archive_sink(tmp_path) as (sink, writer):
        happenings = sorted(one for stream in streams(START) for one in stream)
        feed(sink, [one for one in happenings if one.at < START + 2.0])
        writer.put(ClockSet(START + 2.0, 3 * 3600.0))
        feed(sink, [one for one in happenings if one.at >= START + 2.0])
    manifest = finished(tmp_path)
    assert manifest.entry.duration_s == pytest.approx(RUN_S, abs=0.2)
    assert manifest.entry.started_at.timestamp() == pytest.approx(START + 3 * 3600.0, abs=0.1)
