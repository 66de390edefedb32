"""A cell that is stopped by itself hands its lessons to the others before it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.by_hand import installation
from tests.support.control import command, read, until
from tests.support.server import Client, ProblemError
from tests.support.waiting import until as true

ROOM_A = f"room-{RECEIVE_ROOMS[0]}"


async def test_sigterm_moves_a_live_lesson_and_the_cell_ends(folder: Path, redis_url: str) -> None:
    async with installation(folder, redis_url, cells=2) as inst:
        teacher, lesson, rooms = await inst.web.live_lesson(RECEIVE_ROOMS[0])
        lesson_id = lesson["lesson_id"]
        former = inst.holder(lesson_id)
        async with teacher.channel(lesson_id) as lead, rooms[0].channel(lesson_id) as a:
            before = await read(lead)
            await read(a)
            await command(lead, "stage_invite", participant_id=ROOM_A)
            inst.cells[former].terminate()
            assert (await until(lead, "bye"))["reason"] == "moved"
            assert (await until(a, "bye"))["reason"] == "moved"
        # The other cell has it already: nobody is refused for a moment.
        async with teacher.channel(lesson_id) as lead:
            after = await read(lead)
            assert after["instance"] != before["instance"]
            assert after["lesson"]["state"] == "live"
            assert after["on_stage"] == [ROOM_A]
            assert after["recording"] == "recording"
            assert (await command(lead, "mute_all", muted=True))["type"] == "ack"
        assert inst.holder(lesson_id) not in {former, ""}
        assert await inst.cells[former].wait() == 0
        ended = await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert ended["held_from"] == lesson["held_from"]


async def test_a_room_that_waits_is_given_back_at_once(folder: Path, redis_url: str) -> None:
    async with installation(folder, redis_url, cells=2) as inst:
        teacher = await inst.web.sign_in("wang")
        lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
        lesson_id = lesson["lesson_id"]
        async with teacher.channel(lesson_id) as lead:
            await read(lead)
            former = inst.holder(lesson_id)
            inst.cells[former].terminate()
            assert (await until(lead, "bye"))["reason"] == "moved"
        async with teacher.channel(lesson_id) as lead:
            assert (await read(lead))["type"] == "snapshot"
        assert inst.holder(lesson_id) not in {former, ""}
        assert await inst.cells[former].wait() == 0


async def test_a_lesson_that_nobody_takes_stays_until_the_deadline(
    folder: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGKE_DRAIN_S", "3")
    async with installation(folder, redis_url, cells=1) as inst:
        teacher, lesson, _ = await inst.web.live_lesson()
        lesson_id = lesson["lesson_id"]
        cell = inst.cells["cell-1"]
        async with teacher.channel(lesson_id) as lead:
            await read(lead)
            cell.terminate()
            await true(lambda: _told(cell.log, "nobody_takes_lesson"))
            assert (await command(lead, "mute_all", muted=True))["type"] == "ack"
            assert (await until(lead, "bye"))["reason"] == "shutdown"
        assert await cell.wait() == 0
        assert _told(cell.log, "drain_incomplete")
        await cell.start()  # as systemd does after an upgrade
        ended = await true(lambda: _answered(teacher, f"/api/lessons/{lesson_id}/end"))
        assert ended["held_from"] == lesson["held_from"]


async def _answered(client: Client, path: str) -> Any:
    """The answer of a cell; None while no cell has the lesson."""
    try:
        return await client.call("POST", path)
    except ProblemError as refused:
        assert refused.status == 503
        return None


def _told(log: str, event: str) -> bool:
    lines = (line for line in log.splitlines() if line.startswith("{"))
    return any(json.loads(line).get("event") == event for line in lines)
