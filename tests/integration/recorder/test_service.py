"""The recorder as signaling uses it, with real files, processes and databases."""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recorder.api import (
    PublishedFile,
    RecordingFailure,
    RecordingNotFound,
    RecordingNotReady,
    RecordingState,
    StorageUnavailable,
)
from recorder.config import RecorderConfig
from recorder.finishing import queue as finish_queue
from recorder.service import RecorderService
from tests.integration.recorder.crash_child import CRASH_AT_S
from tests.support.recording import FACTS, START, HandRelay, Watcher, service
from tests.support.rtp_media import TrackFeed, decode, encode_audio, encode_video, feed
from tests.support.waiting import PATIENCE_S

ROOM = "room-a"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[RecorderService, Watcher]]:
    recorder, watcher = service(tmp_path)
    await recorder.start()
    yield recorder, watcher
    await recorder.stop()


def teach(relay: HandRelay, *, seconds: float = 6.0, begin_s: float = 0.0, first: int = 1) -> None:
    """A lesson's media, told to the recorder's tap."""
    video, sound = encode_video("VP8", seconds), encode_audio(seconds)
    feed(
        relay.taps[ROOM],
        TrackFeed(
            first, "lead.camera", "VP8", video, START, begin_s=begin_s, end_reason=None
        ).happenings(),
        TrackFeed(
            first + 1, "lead.camera", "opus", sound, START, begin_s=begin_s, end_reason=None
        ).happenings(),
    )


def local(file: PublishedFile) -> Path:
    """A file of the folder, for a decoder."""
    assert file.local is not None
    return Path(file.local)


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


async def test_a_restart_during_a_lesson_continues_one_recording(tmp_path: Path) -> None:
    relay = HandRelay()
    first, _ = service(tmp_path)
    await first.start()
    recording_id = await first.begin(relay, ROOM, FACTS)
    teach(relay, seconds=6.0)
    await first.stop()

    second, watcher = service(tmp_path, continue_within_s=600)
    await second.start()
    assert await second.begin(relay, ROOM, FACTS) == recording_id
    teach(relay, seconds=6.0, begin_s=10.0)
    await second.end(ROOM)
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s == pytest.approx(16.0, abs=0.1)
    (source,) = (await second.manifest(recording_id)).sources
    (gap,) = source.gaps
    assert (gap.start_s, gap.end_s) == (pytest.approx(6.0, abs=0.1), pytest.approx(10.0, abs=0.1))
    media = decode(local(await second.file(recording_id, source.files[0].name)))
    assert len(media.picture_times) == 300
    await second.stop()


async def test_a_lesson_that_goes_on_after_its_recording_was_finished_continues_it(
    tmp_path: Path,
) -> None:
    relay = HandRelay()
    first, _ = service(tmp_path)
    await first.start()
    recording_id = await first.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    await first.stop()

    second, watcher = service(tmp_path)
    await second.start()
    await watcher.reached(recording_id, RecordingState.READY)
    assert await second.begin(relay, ROOM, FACTS) == recording_id
    teach(relay, seconds=2.0, begin_s=4.0)
    await second.end(ROOM)
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s == pytest.approx(6.0, abs=0.1)
    # Ended in order: another lesson of the same id is another recording.
    assert await second.begin(relay, ROOM, FACTS) != recording_id
    await second.stop()


async def test_a_sealed_recording_does_not_go_on_with_its_lesson(tmp_path: Path) -> None:
    relay = HandRelay()
    first, _ = service(tmp_path)
    await first.start()
    recording_id = await first.begin(relay, ROOM, FACTS)
    with pytest.raises(RecordingNotReady):
        await first.seal(recording_id)
    with pytest.raises(RecordingNotFound):
        await first.seal("none")
    teach(relay, seconds=2.0)
    await first.stop()  # the lesson was interrupted

    second, watcher = service(tmp_path)
    await second.start()
    ready = await watcher.reached(recording_id, RecordingState.READY)
    assert not ready.sealed
    assert (await second.seal(recording_id)).sealed
    before = await second.manifest(recording_id)
    other = await second.begin(relay, ROOM, FACTS)
    assert other != recording_id
    teach(relay, seconds=2.0, begin_s=4.0)
    await second.end(ROOM)
    await watcher.reached(other, RecordingState.READY)
    assert await second.manifest(recording_id) == before
    found = await second.entries_of([recording_id, other, "none"])
    assert {key: entry.sealed for key, entry in found.items()} == {recording_id: True, other: True}
    await second.stop()


async def test_kill_9_costs_at_most_two_seconds(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.recorder.crash_child",
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(120):
            async for line in child.stdout:
                if line == b"crash me\n":
                    break
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()

    recorder, watcher = service(tmp_path)
    await recorder.start()
    recording_id = await recorder.recording_of(FACTS.lesson_id)
    assert recording_id is not None
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s >= CRASH_AT_S - 2
    (source,) = (await recorder.manifest(recording_id)).sources
    media = decode(local(await recorder.file(recording_id, source.files[0].name)))
    assert len(media.picture_times) >= (CRASH_AT_S - 2) * 25
    assert max(min(abs(f - b) for b in media.beeps) for f in media.flashes) <= 0.04
    await recorder.stop()


def lose_database(data: Path) -> None:
    """As if a backup without it had been restored, with rubbish among the recordings."""
    for path in data.glob("tongke.db*"):
        path.unlink()
    (data / "recordings" / "not-a-recording" / "archive").mkdir(parents=True)


async def test_a_lost_database_is_rebuilt_from_the_archives(tmp_path: Path) -> None:
    relay = HandRelay()
    first, _ = service(tmp_path)
    await first.start()
    recording_id = await first.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    await first.stop()
    lose_database(tmp_path)

    second, watcher = service(tmp_path)
    await second.start()
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert (entry.title, entry.lead_teacher) == (FACTS.title, FACTS.lead_teacher)
    assert (await second.entries(limit=10, before=None))[0] == [entry]
    await second.stop()


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


async def test_a_disk_without_room_is_refused(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/t.db"
    recorder = RecorderService(RecorderConfig(tmp_path, url, min_free_bytes=10**18))
    await recorder.start()
    with pytest.raises(StorageUnavailable, match="free"):
        await recorder.begin(HandRelay(), ROOM, FACTS)
    await recorder.stop()


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    recorder, _ = service(tmp_path)
    await recorder.start()
    shutil.rmtree(tmp_path / "recordings")
    (tmp_path / "recordings").write_text("not a folder")
    with pytest.raises(StorageUnavailable):
        await recorder.begin(HandRelay(), ROOM, FACTS)
    assert await recorder.recording_of(FACTS.lesson_id) is None
    await recorder.stop()


async def test_a_finishing_that_crashes_is_tried_again_and_then_said_to_have_failed(
    tmp_path: Path,
) -> None:
    recorder, watcher = service(tmp_path)
    recorder._queue._retry_delay_s = 0.0
    await recorder.start()
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    # A file where the working folder must go: every attempt fails with an OSError.
    blocker = tmp_path / "recordings" / recording_id / "finishing"
    blocker.write_text("in the way")
    await recorder.end(ROOM)
    entry = await watcher.reached(recording_id, RecordingState.FAILED)
    assert (entry.failure, entry.retrying) == (RecordingFailure.FINISHING_FAILED, True)
    await recorder.stop()

    blocker.unlink()
    second, watcher = service(tmp_path)  # the next start tries once more
    await second.start()
    await watcher.reached(recording_id, RecordingState.READY)
    await second.stop()


async def test_a_failed_finishing_is_taken_up_again_while_the_server_runs(
    running: tuple[RecorderService, Watcher], tmp_path: Path
) -> None:
    recorder, watcher = running
    recorder._queue._retry_delay_s = recorder._queue._failed_delay_s = 0.0
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    blocker = tmp_path / "recordings" / recording_id / "finishing"
    blocker.write_text("in the way")
    await recorder.end(ROOM)
    await watcher.reached(recording_id, RecordingState.FAILED)
    blocker.unlink()
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.failure is None


async def test_a_full_disk_is_called_so_and_tries_are_bounded(
    running: tuple[RecorderService, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, watcher = running
    recorder._queue._retry_delay_s = recorder._queue._failed_delay_s = 0.0
    monkeypatch.setattr(finish_queue, "ATTEMPTS", 1)
    monkeypatch.setattr(finish_queue, "MAX_ROUNDS", 1)
    relay = HandRelay()
    await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    # Linux: a file that each write to fails as on a full disk, where the thumbnail must go.
    code = (
        "import sys, recorder.finishing.finish as f, recorder.finishing.worker as w; "
        "full = open('/dev/full', 'wb', 0); "  # before the process is shut off from it
        "f.make_thumbnail = lambda videos, target: full.write(b'x'); "
        "sys.exit(w.main(sys.argv[1:]))"
    )
    start = asyncio.create_subprocess_exec

    async def on_a_full_disk(*words: str, **options: Any) -> asyncio.subprocess.Process:
        return await start(words[0], "-c", code, words[-1], **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", on_a_full_disk)
    await recorder.end(ROOM)
    async with asyncio.timeout(60):
        while watcher.entries[-1].failure is None or watcher.entries[-1].retrying:
            await watcher.changed()
    failed = [e for e in watcher.entries if e.state is RecordingState.FAILED]
    assert [(e.failure, e.retrying) for e in failed] == [
        (RecordingFailure.DISK_FULL, True),
        (RecordingFailure.DISK_FULL, False),
    ]


async def test_a_database_that_is_away_at_the_end_costs_no_recording(
    running: tuple[RecorderService, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, watcher = running
    recorder._queue._broken_off_delay_s = 0.0
    relay = HandRelay()
    recording_id = await recorder.begin(relay, ROOM, FACTS)
    teach(relay, seconds=2.0)
    failures = {"set_ended": 1, "set_state": 2, "set_ready": 1}
    for name in failures:
        monkeypatch.setattr(
            recorder._store, name, _away(failures, name, getattr(recorder._store, name))
        )
    with pytest.raises(sqlite3.OperationalError):
        await recorder.end(ROOM)
    assert relay.taps[ROOM].closed
    entry = await watcher.reached(recording_id, RecordingState.READY)
    assert entry.duration_s == pytest.approx(2.0, abs=0.1)
    assert set(failures.values()) == {0}


def _away(
    failures: dict[str, int], name: str, really: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    """A call to the database that fails as often as `failures` says, and then works."""

    async def call(*arguments: Any, **options: Any) -> Any:
        if failures[name]:
            failures[name] -= 1
            raise sqlite3.OperationalError("database is locked")
        return await really(*arguments, **options)

    return call


async def test_a_recording_that_cannot_be_closed_does_not_keep_the_others_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, _ = service(tmp_path)
    await recorder.start()
    relay = HandRelay()
    for number in range(3):
        await recorder.begin(relay, f"room-{number}", replace(FACTS, lesson_id=f"lesson-{number}"))

    def refuse() -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(relay.taps["room-0"], "close", refuse)
    await recorder.stop()
    assert [relay.taps[f"room-{number}"].closed for number in (1, 2)] == [True, True]
    again, watcher = service(tmp_path)
    await again.start()  # the library was closed in order, and can be opened anew
    assert await again.recording_of("lesson-1") is not None
    await again.stop()
    del watcher
