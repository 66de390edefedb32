"""A server that stops in the middle of a lesson: properly, and as in a power cut."""

import asyncio
import contextlib
import json
import sqlite3

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.control import Closed, command, read, until
from tests.support.server import TongkeServer
from tests.support.waiting import PATIENCE_S

ROOM_A, ROOM_B = (f"room-{room}" for room in RECEIVE_ROOMS[:2])


@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_a_lesson_goes_on_after_a_restart(how: str) -> None:
    async with TongkeServer.start() as server:
        teacher, lesson, rooms = await server.live_lesson(*RECEIVE_ROOMS[:2])
        lesson_id = lesson["lesson_id"]
        async with (
            teacher.channel(lesson_id) as lead,
            rooms[0].channel(lesson_id) as a,
            rooms[1].channel(lesson_id) as b,
        ):
            before = await read(lead)
            for ws in (a, b):
                await read(ws)
            await command(b, "raise_hand")
            await until(lead, "hands_changed")
            await command(lead, "stage_invite", participant_id=ROOM_A)
            await command(lead, "mute_all", muted=True)
            if how == "stopped":
                await server.down()
                assert (await until(lead, "bye"))["reason"] == "shutdown"
            else:
                await _kept(server, lesson_id)
                await server.kill()
                with pytest.raises(Closed):
                    await until(lead, "never")
        await server.up()

        # The cookies of before still hold; the room knows its stage, hands and mute.
        hello = {"type": "hello", "instance": before["instance"], "seq": before["seq"]}
        async with teacher.channel(lesson_id, hello) as lead, rooms[0].channel(lesson_id) as a:
            after = await read(lead)
            assert after["type"] == "snapshot"
            assert after["instance"] != before["instance"]
            assert after["lesson"]["state"] == "live"
            assert after["on_stage"] == [ROOM_A]
            assert after["muted_all"] is True
            assert [hand["participant_id"] for hand in after["hands"]] == [ROOM_B]
            assert after["recording"] == "recording"
            await read(a)
            assert (await command(lead, "mute_all", muted=False))["type"] == "ack"
            await until(a, "mute_changed")
        ended = await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert ended["recording_id"]
        assert ended["held_from"] == lesson["held_from"]


async def _kept(server: TongkeServer, lesson_id: str) -> None:
    """Wait until the last command is on disk: it is acknowledged first, then written."""

    def muted() -> bool:
        with contextlib.closing(sqlite3.connect(server.data / "tongke.db")) as database:
            row = database.execute(
                "SELECT state FROM lesson_room_state WHERE lesson_id = ?", (lesson_id,)
            ).fetchone()
        return row is not None and json.loads(row[0])["muted_all"] is True

    async with asyncio.timeout(PATIENCE_S):
        while not muted():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
