"""A process that stops, with a lesson that is live: it says nothing of errors."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recorder.recordings import unfinished
from tests.support.one_process import one_process
from tests.support.waiting import until


async def test_a_worker_stops_without_errors_while_a_recording_may_go_on(
    folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "LOOK_EVERY_S", 0.0)  # so that the stop meets a look
    with capture_logs() as logs:
        async with one_process(folder, redis_url) as installation:
            teacher = await installation.sign_in("wang")
            lesson = await teacher.live_lesson()
            room = installation.nodes[installation.holder(lesson["lesson_id"])].services.hub.room(
                lesson["lesson_id"]
            )
            assert room is not None
            await until(lambda: room.state.snapshot("lead", None).recording == "recording")
    assert [one for one in logs if one["log_level"] in {"error", "critical"}] == []
