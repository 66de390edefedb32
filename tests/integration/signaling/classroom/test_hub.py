"""The open rooms: silent channels, idle rooms, failing disks and databases."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from recorder.api import RecordingTrouble, StorageUnavailable
from signaling.audit.log import SYSTEM
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel
from signaling.classroom.hub import IDLE_ROOM_S
from signaling.classroom.parts.mute import MuteAll, MutePiece
from signaling.classroom.parts.published import Source
from signaling.classroom.parts.recording import RecordingState
from signaling.command import seed
from signaling.identity.accounts.changes import set_active
from signaling.identity.login_throttle import Caller
from signaling.identity.wire import LoginRequest
from signaling.lessons.members import member_of
from signaling.lessons.sources import SourceKind
from signaling.lessons.wire import LessonState
from tests.support.services import ManualClock, join, lead_teacher, new_lesson, running_services

HERE = Caller("192.0.2.1")


async def test_a_silent_channel_is_closed_and_an_idle_room_too(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await new_lesson(services)
        channel = await join(services, lesson_id)
        clock.advance(seconds=15)
        services.hub.tick()
        assert channel.bye is None
        clock.advance(seconds=1)
        services.hub.tick()
        assert channel.bye is m.ByeReason.TOO_SLOW
        room = services.hub.room(lesson_id)
        assert room is not None
        room.detach(channel)
        last_seq = room.state.seq
        clock.advance(seconds=IDLE_ROOM_S + 1)
        services.hub.tick()
        assert services.hub.room(lesson_id) is None
        again = await services.hub.enter(lesson_id)
        assert again.state.seq > last_seq


@pytest.mark.parametrize(("changes", "welcome"), [(20, "resumed"), (400, "snapshot")])
async def test_who_missed_too_much_gets_a_snapshot_and_is_not_called_slow(
    tmp_path: Path, changes: int, welcome: str
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await new_lesson(services)
        channel = await join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        seen = room.state.seq
        room.detach(channel)
        for number in range(changes):
            layers = ("h", "m") if number % 2 else ("h",)
            room.state.published.put(
                Source("lead.camera", "lead", SourceKind.CAMERA, True, True, layers)
            )
        room.flush()
        again = Channel(channel.seat, services.clock.monotonic())
        hello = m.Hello(instance=services.hub.instance, seq=seen)
        room.attach(again, member_of(channel.seat, None), hello)
        assert again.bye is None
        got: list[dict[str, Any]] = []

        async def take(text: str) -> None:
            got.append(json.loads(text))

        again.close(m.ByeReason.SHUTDOWN)
        await again.pump(take)
        assert got[0]["type"] == welcome


async def test_a_disk_that_is_full_fails_the_recording_not_the_lesson(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await new_lesson(services)
        begin = services.recorder.begin

        async def full(*_arguments: Any) -> str:
            raise StorageUnavailable("no space left on device")

        monkeypatch.setattr(services.recorder, "begin", full)
        started = await services.lessons.start(await lead_teacher(services), lesson_id)
        assert started.state is LessonState.LIVE
        room = services.hub.room(lesson_id)
        assert room is not None
        assert room.state.recording.shown.recording is RecordingState.FAILED
        monkeypatch.setattr(services.recorder, "begin", begin)
        await services.hub.retry_recordings()
        assert room.state.recording.shown.recording is RecordingState.RECORDING
        services.hub.recordings.on_recording_trouble(lesson_id, RecordingTrouble.IO_ERROR)
        assert room.state.recording.shown.recording is RecordingState.FAILED
        services.hub.recordings.on_recording_recovered(lesson_id)
        assert room.state.recording.shown.recording is RecordingState.RECORDING


async def test_a_recovery_is_no_recording_where_none_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:

        async def full(*_arguments: Any) -> str:
            raise StorageUnavailable("no space left on device")

        monkeypatch.setattr(services.recorder, "begin", full)
        lesson_id = await new_lesson(services)
        await services.lessons.start(await lead_teacher(services), lesson_id)
        services.hub.recordings.on_recording_recovered(lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        assert room.state.recording.shown.recording is RecordingState.FAILED


async def test_a_database_that_fails_for_a_moment_loses_no_room_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await new_lesson(services)
        await services.lessons.start(await lead_teacher(services), lesson_id)
        channel = await join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        save = services.classroom.rooms.save

        async def locked(*_arguments: Any) -> None:
            raise sqlite3.OperationalError("database is locked")

        monkeypatch.setattr(services.classroom.rooms, "save", locked)
        room.command(channel, MuteAll(1, True))
        assert not await services.hub.saver.save(lesson_id)
        monkeypatch.setattr(services.classroom.rooms, "save", save)
        assert await services.hub.saver.save(lesson_id)
        assert (await services.classroom.rooms.saved(lesson_id)).of(MutePiece).muted_all is True


async def test_a_login_that_ends_takes_its_channel_along_and_one_grown_old_does_not(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock, session_hours=1) as services:
        lesson_id = await new_lesson(services)
        _, seat = await services.lessons.seat(await lead_teacher(services), lesson_id)
        login = LoginRequest("wang", seed.DEMO_PASSWORD)
        ours = (await services.identity.login(login, HERE)).signed_in
        room = await services.hub.enter(lesson_id)
        channel = Channel(seat, clock.monotonic(), ours.session_hash)
        room.attach(channel, member_of(seat, None), m.Hello())
        clock.advance(hours=2)
        await services.identity.forget_expired()
        await services.classroom.session_watch.sweep()
        assert channel.bye is None  # nobody is thrown out of a lesson by a date
        async with services.audit.work(SYSTEM, "account_close") as work:
            await set_active(work, seed.LEAD_TEACHER, False)
        await services.classroom.session_watch.sweep()
        assert channel.bye is m.ByeReason.FORBIDDEN
