"""Failures of the disk, the database and a finishing: said in words, tried again, bounded."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recorder.api import (
    RecordingFailure,
    RecordingState,
    StorageUnavailable,
)
from recorder.config import RecorderConfig
from recorder.finishing import queue as finish_queue
from recorder.service import RecorderService
from tests.integration.recorder.service_acts import ROOM, teach
from tests.support.recording import FACTS, HandRelay, Watcher, service


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
