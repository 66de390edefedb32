"""The recorder as signaling uses it, with real files, processes and databases."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.api import (
    RecordingFailure,
    RecordingNotFound,
    RecordingState,
)
from recorder.config import RecorderConfig
from recorder.service import RecorderService
from tests.integration.recorder.service_acts import ROOM, local, teach
from tests.support.recording import FACTS, START, HandRelay, Watcher, service
from tests.support.rtp_media import TrackFeed, decode, encode_audio, encode_video, feed
from tests.support.waiting import PATIENCE_S


async def test_a_lesson_becomes_a_recording(
    running: tuple[RecorderService, Watcher],
) -> None:
    recorder, watcher = running
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    assert await recorder.begin(relay, ROOM, FACTS) == recording_id
    assert await recorder.recording_of("lesson-1") == recording_id
    assert (await recorder.manifest(recording_id)).entry.state is RecordingState.RECORDING
    teach(relay)
    recorder.name_source(ROOM, "room-7.camera", "青山教学点")
    recorder.mark_stage(ROOM, "room-7", "青山教学点", True)
    await recorder.end(ROOM)
    assert relay.taps[ROOM].closed
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s == pytest.approx(6.0, abs=0.1)
    assert entry.started_at.timestamp() == pytest.approx(START, abs=0.1)
    assert (entry.title, entry.progress, entry.failure) == (FACTS.title, 1.0, None)
    assert watcher.states(recording_id) == [
        RecordingState.RECORDING,
        RecordingState.FINISHING,
        RecordingState.READY,
    ]
    manifest = await recorder.manifest(recording_id)
    (source,) = manifest.sources
    assert (source.name, source.lead) == ("王老师", True)
    file = await recorder.file(recording_id, source.files[0].name)
    assert len(decode(local(file)).picture_times) == 150
    thumbnail = await recorder.file(recording_id, "thumbnail.jpg")
    assert b"".join([piece async for piece in thumbnail.read(0, 2)]) == b"\xff\xd8"


async def test_until_the_last_moments_arrived_nobody_is_told_that_recording_ended(
    tmp_path: Path,
) -> None:
    recorder, watcher = service(tmp_path, tail_s=0.1)
    await recorder.start()
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    ends = [asyncio.create_task(recorder.end(ROOM)) for _ in range(2)]  # as reconciling does
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    assert relay.taps[ROOM].closed
    await asyncio.gather(*ends)
    await watcher.reached(recording_id, RecordingState.READY)
    await recorder.stop()


async def test_the_end_is_when_it_was_called_though_another_recording_is_just_beginning(
    running: tuple[RecorderService, Watcher],
) -> None:
    recorder, watcher = running
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    sound = TrackFeed(1, "lead.camera", "opus", encode_audio(4.0), START, end_reason=None)
    happenings = sorted(sound.happenings())
    half = len(happenings) // 2
    feed(relay.taps[ROOM], happenings[:half])
    other = replace(FACTS, lesson_id="lesson-2")
    beginning = asyncio.create_task(recorder.begin(relay, "room-b", other))
    await asyncio.sleep(0)  # it is at work
    ending = asyncio.create_task(recorder.end(ROOM))
    await asyncio.sleep(0)
    assert not beginning.done()
    feed(relay.taps[ROOM], happenings[half:])
    await asyncio.gather(beginning, ending)
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s == pytest.approx(2.0, abs=0.1)


async def test_a_tap_that_cannot_be_closed_holds_up_no_later_end(
    running: tuple[RecorderService, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, watcher = running
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)

    def fail() -> None:
        raise RuntimeError("the relay is in trouble")

    monkeypatch.setattr(relay.taps[ROOM], "close", fail)
    async with asyncio.timeout(PATIENCE_S):
        await recorder.end(ROOM)
        await recorder.end(ROOM)
    await watcher.reached(recording_id, RecordingState.READY)


async def test_only_files_of_the_manifest_are_given_out(
    running: tuple[RecorderService, Watcher],
) -> None:
    recorder, watcher = running
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    with pytest.raises(RecordingNotFound):
        await recorder.file(recording_id, "manifest.json")
    teach(relay, seconds=2.0)
    await recorder.end(ROOM)
    await watcher.reached(recording_id, RecordingState.READY)
    for name in ("manifest.json", "archive/000001.tka", "../../tongke.db", "/etc/passwd", ""):
        with pytest.raises(RecordingNotFound):
            await recorder.file(recording_id, name)
    for unknown in ("../..", "", "none"):
        with pytest.raises(RecordingNotFound):
            await recorder.file(unknown, "thumbnail.jpg")
        with pytest.raises(RecordingNotFound):
            await recorder.manifest(unknown)


async def test_a_lesson_without_media_fails_with_a_reason(
    running: tuple[RecorderService, Watcher],
) -> None:
    recorder, watcher = running
    recording_id = await recorder.begin(HandRelay(), ROOM, FACTS)
    await recorder.end(ROOM)
    await recorder.end("unknown room")
    entry = await watcher.reached(recording_id, RecordingState.FAILED)
    assert (entry.failure, entry.retrying) == (RecordingFailure.NOTHING_RECORDED, False)


async def test_key_frames_are_asked_for_again_and_again(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/t.db"
    config = RecorderConfig(tmp_path, url, key_frame_interval_s=0.1, min_free_bytes=0)
    recorder = RecorderService(config)
    await recorder.start()
    relay = HandRelay()
    await recorder.begin(relay, ROOM, FACTS)
    async with asyncio.timeout(60):
        for _ in range(2):
            await relay.taps[ROOM].key_frames_asked.get()
    await recorder.stop()


async def test_a_key_frame_is_asked_for_after_a_loss(
    running: tuple[RecorderService, Watcher],
) -> None:
    recorder, _ = running
    relay = HandRelay()
    await recorder.begin(relay, ROOM, FACTS)
    video = encode_video("VP8", 2.0)
    lossy = TrackFeed(1, "lead.camera", "VP8", video, START, drop=frozenset({30}))
    happenings = list(lossy.happenings())
    feed(relay.taps[ROOM], [item for item in happenings if item.at < START + 1.8])
    async with asyncio.timeout(60):
        await relay.taps[ROOM].key_frames_asked.get()
