"""The rooms are brought to what the database says, whatever came between the two."""

from pathlib import Path
from typing import Any

import pytest

from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.base.errors import Busy
from signaling.classroom.parts.recording import RecordingState
from signaling.lessons.records import LessonRecord
from signaling.lessons.store import LessonChange
from signaling.lessons.wire import LessonState
from signaling.wiring import Services
from tests.support.services import join, new_lesson, running_services


async def _write(
    services: Services, lesson_id: str, was: LessonState, change: LessonChange
) -> None:
    """Write a lesson's state as if the event that follows the commit were still on its way."""
    async with services.audit.work(SYSTEM, AuditAction.LESSON_START) as work:
        assert await services.lesson_store.change(work, lesson_id, was, change)


async def test_a_room_that_a_page_opens_before_the_event_comes_is_recorded(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        lesson_id = await new_lesson(services)
        live = LessonChange(LessonState.LIVE, held_from=services.clock.now())
        await _write(services, lesson_id, LessonState.SCHEDULED, live)
        await join(services, lesson_id)  # the row says live, so the room opens live
        room = services.hub.room(lesson_id)
        assert room is not None and room.state.is_live
        await services.live.follow(lesson_id)
        assert room.state.recording.shown.recording is RecordingState.RECORDING
        assert await services.recorder.recording_of(lesson_id) is not None


async def test_one_room_that_cannot_follow_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        first, second = await new_lesson(services), await new_lesson(services, hours=2)
        for lesson_id in (first, second):
            live = LessonChange(LessonState.LIVE, held_from=services.clock.now())
            await _write(services, lesson_id, LessonState.SCHEDULED, live)
        follow = services.hub.follow
        failed: list[str] = []

        async def fails_once(record: LessonRecord, *more: Any) -> None:
            if not failed:
                failed.append(record.lesson_id)
                raise Busy("too many rooms are open")
            await follow(record, *more)

        monkeypatch.setattr(services.hub, "follow", fails_once)
        await services.classroom.lesson_watch.reconcile()
        opened = {room.lesson_id for room in services.hub.rooms}
        assert opened == {first, second} - set(failed)
