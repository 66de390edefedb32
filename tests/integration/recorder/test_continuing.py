"""Recordings over restarts, crashes and a lost database."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from recorder.api import (
    RecordingNotFound,
    RecordingNotReady,
    RecordingState,
)
from tests.integration.recorder.crash_child import CRASH_AT_S
from tests.integration.recorder.service_acts import ROOM, local, teach
from tests.support.recording import FACTS, HandRelay, service
from tests.support.rtp_media import decode


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
