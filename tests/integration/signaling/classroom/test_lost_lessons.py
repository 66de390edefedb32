"""Those who write by themselves, or are asked by a page, while their process loses a lesson."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from signaling.classroom.channel import Channel
from signaling.classroom.parts.mute import MutePiece
from signaling.classroom.parts.recording import RecordingState
from signaling.lessons.store import LessonChange
from signaling.lessons.wire import LessonState
from tests.integration.signaling.stores import changed
from tests.support.fences import FakeFences, running_cell
from tests.support.server import ProblemError
from tests.support.services import join, new_lesson, served
from tests.support.waiting import until


async def test_a_page_is_told_that_the_lesson_has_moved(tmp_path: Path) -> None:
    fences = FakeFences()
    async with served(tmp_path, fences=fences) as (_, client, lesson_id):
        fences.lost = {lesson_id}
        with pytest.raises(ProblemError) as refused:
            await client.call("POST", f"/api/lessons/{lesson_id}/start")
        assert (refused.value.status, refused.value.code) == (503, "lesson_moved")
        assert (await client.call("GET", f"/api/lessons/{lesson_id}"))["state"] == "scheduled"


async def test_writers_drop_a_lost_lesson_once_and_go_on_with_the_others(tmp_path: Path) -> None:
    async with running_cell(tmp_path) as cell:
        services = cell.services
        lost, own = await new_lesson(services), await new_lesson(services, hours=2)
        channels: list[Channel] = []
        for lesson_id in (lost, own):
            await cell.start(lesson_id)
            channels.append(await join(services, lesson_id))
        await until(lambda: not services.hub.saver._unsaved)
        cell.fences.lost = {lost}
        with capture_logs() as logs:
            for _ in range(2):
                for channel in channels:
                    cell.act(channel)
                await services.fact_keeper.beat()
                await services.link_history.write()
                await until(lambda: not services.hub.saver._unsaved)
                await until(lambda: not services.fact_keeper._unwritten)
            services.link_history.close_all()
            await services.link_history.write()
        assert sorted(_losses(logs)) == [
            ("facts_dropped", lost),
            ("link_samples_dropped", lost),
            ("room_state_dropped", lost),
        ]
        assert not [one for one in logs if one["log_level"] == "error"]
        for lesson_id, written in ((lost, False), (own, True)):
            saved = await services.classroom.rooms.saved(lesson_id)
            assert saved.of(MutePiece).muted_all is written
            assert bool(await cell.counts(lesson_id)) is written
            samples = await services.link_history._store.recorded(lesson_id)
            assert (samples is not None) is written
        await cell.end(own)  # its last facts land, and the writers still run
        assert cell.kept == [own]
        assert not services.fact_keeper._logs


async def test_a_lesson_that_is_had_again_is_written_again(tmp_path: Path) -> None:
    async with running_cell(tmp_path) as cell:
        services, lesson_id = cell.services, await new_lesson(cell.services)
        await cell.start(lesson_id)
        channel = await join(services, lesson_id)
        cell.fences.lost = {lesson_id}
        with capture_logs() as logs:
            for _ in range(2):
                cell.act(channel)
                assert await services.hub.saver.save(lesson_id)
                cell.fences.lost.clear()
                assert await services.hub.saver.save(lesson_id)
                cell.fences.lost = {lesson_id}
        assert [name for name, _ in _losses(logs) if name == "room_state_dropped"] == [
            "room_state_dropped",
            "room_state_dropped",
        ]
        assert (await services.classroom.rooms.saved(lesson_id)).of(MutePiece).muted_all


async def test_a_lost_lesson_is_not_ended_and_keeps_no_other_from_its_end(tmp_path: Path) -> None:
    async with running_cell(tmp_path) as cell:
        services = cell.services
        lost, own = await new_lesson(services), await new_lesson(services, hours=2)
        for lesson_id in (lost, own):
            await cell.start(lesson_id)
        cell.fences.lost = {lost}
        cell.clock.advance(hours=9)
        with capture_logs() as logs:
            for _ in range(2):
                await services.classroom.lesson_watch.end_forgotten()
        states = await services.lesson_store.lessons([lost, own])
        assert states[lost].state is LessonState.LIVE
        assert states[own].state is LessonState.ENDED
        assert _losses(logs) == [("forgotten_lesson_lost", lost)]


async def test_the_recording_of_a_lost_lesson_is_not_begun_again_and_again(tmp_path: Path) -> None:
    async with running_cell(tmp_path) as cell:
        services, lesson_id = cell.services, await new_lesson(cell.services)
        live = LessonChange(LessonState.LIVE, held_from=services.clock.now())
        assert await changed(services.lesson_store, lesson_id, LessonState.SCHEDULED, live)
        cell.fences.lost = {lesson_id}
        with capture_logs() as logs:
            await services.live.follow(lesson_id)
            await services.hub.retry_recordings()
        assert [name for name, _ in _losses(logs)] == ["recording_not_noted"]
        room = services.hub.room(lesson_id)
        assert room is not None
        assert room.state.recording.shown.recording is RecordingState.FAILED
        record = await services.lesson_store.lesson(lesson_id)
        assert record is not None and record.recording_id is None


def _losses(logs: Any) -> list[tuple[str, str]]:
    return [(one["event"], one["lesson_id"]) for one in logs if one["log_level"] == "warning"]
