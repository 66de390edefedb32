"""`tongke serve --cells 2`: a web process and two cells of one machine."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.control import Closed, command, read, until
from tests.support.processes import Process, children_of
from tests.support.server import Client, TongkeServer
from tests.support.waiting import PATIENCE_S
from tests.support.waiting import until as true

ROOM_A, ROOM_B = (f"room-{room}" for room in RECEIVE_ROOMS[:2])


@asynccontextmanager
async def _installation(folder: Path, redis_url: str) -> AsyncIterator[TongkeServer]:
    arguments = ("--cells", "2", "--redis-url", redis_url, "--node-id", "it")
    async with TongkeServer.start(folder, arguments) as server:
        yield server


def _cell_of(server: TongkeServer, lesson_id: str) -> str:
    """The cell that has a lesson, by the database; empty if none has."""
    with closing(sqlite3.connect(server.data / "tongke.db")) as database:
        query = "SELECT cell_id FROM lesson_leases WHERE lesson_id = ?"
        row = database.execute(query, (lesson_id,)).fetchone()
    return (row and row[0]) or ""


def _process_of(server: TongkeServer, node_id: str) -> Process | None:
    """The child with a name, if it runs."""
    children = children_of(server.pid)
    return next((one for one in children if f"--node-id={node_id}" in one.words), None)


@asynccontextmanager
async def _back(client: Client, lesson_id: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """The control channel as soon as it can be had again, as pages do it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with client.channel(lesson_id) as channel:
                    yield channel
                return
            except aiohttp.WSServerHandshakeError as refused:
                assert refused.status == 503  # between two cells; a page comes back by itself
            await asyncio.sleep(0.1)


async def test_a_cell_is_killed_and_the_other_goes_on_with_its_lesson(
    folder: Path, redis_url: str
) -> None:
    async with _installation(folder, redis_url) as server:
        teacher, lesson, rooms = await server.live_lesson(*RECEIVE_ROOMS[:2])
        lesson_id = lesson["lesson_id"]
        former = _cell_of(server, lesson_id)
        async with teacher.channel(lesson_id) as lead, rooms[0].channel(lesson_id) as a:
            before = await read(lead)
            await read(a)
            await command(lead, "stage_invite", participant_id=ROOM_A)
            await true(lambda: '"on_stage":["' in _saved(server, lesson_id))
            dead = _process_of(server, former)
            assert dead is not None
            dead.kill()
            with pytest.raises(Closed):
                await until(lead, "never")

        async with _back(teacher, lesson_id) as lead:
            after = await read(lead)
            assert after["instance"] != before["instance"]
            assert after["lesson"]["state"] == "live"
            assert after["on_stage"] == [ROOM_A]
            if after["recording"] != "recording":  # the room is open, and recording begins
                assert (await until(lead, "recording_changed"))["recording"] == "recording"
            assert (await command(lead, "mute_all", muted=True))["type"] == "ack"
        assert _cell_of(server, lesson_id) not in {former, ""}
        # The supervisor has started the dead one again.
        await true(lambda: _process_of(server, former) not in {dead, None})

        ended = await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert ended["held_from"] == lesson["held_from"]
        recording = await teacher.call("GET", f"/api/recordings/{ended['recording_id']}")
        assert recording["summary"]["recording_id"] == ended["recording_id"]
        # The lesson is given back once all of it is written.
        await true(lambda: not _cell_of(server, lesson_id))


def _saved(server: TongkeServer, lesson_id: str) -> str:
    with closing(sqlite3.connect(server.data / "tongke.db")) as database:
        query = "SELECT state FROM lesson_room_state WHERE lesson_id = ?"
        row = database.execute(query, (lesson_id,)).fetchone()
    return "" if row is None else row[0].replace(" ", "")


async def test_a_stop_and_a_start_keep_the_lesson(folder: Path, redis_url: str) -> None:
    async with _installation(folder, redis_url) as server:
        teacher, lesson, rooms = await server.live_lesson(RECEIVE_ROOMS[0])
        lesson_id = lesson["lesson_id"]
        async with rooms[0].channel(lesson_id) as a:
            await read(a)
            await server.down()
            with pytest.raises(Closed):
                await until(a, "never")
        await server.up()
        async with _back(rooms[0], lesson_id) as a:
            assert (await read(a))["lesson"]["state"] == "live"
        assert (await teacher.call("POST", f"/api/lessons/{lesson_id}/end"))["state"] == "ended"


async def test_the_children_end_when_their_supervisor_is_killed(
    folder: Path, redis_url: str
) -> None:
    async with _installation(folder, redis_url) as server:
        children = children_of(server.pid)
        assert len(children) == 3
        await server.kill()
        await true(lambda: not any(one.runs for one in children))
        await server.up()  # the folder is free again


async def test_lessons_are_spread_over_the_cells(folder: Path, redis_url: str) -> None:
    async with _installation(folder, redis_url) as server:
        teacher = await server.sign_in("wang")
        lessons = [await teacher.new_lesson(rooms=[room]) for room in RECEIVE_ROOMS[:2]]
        for lesson in lessons:
            await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")
        cells = {_cell_of(server, lesson["lesson_id"]) for lesson in lessons}
        assert cells == {"it.cell-1", "it.cell-2"}


async def test_several_cells_need_redis(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling", "serve", "--cells", "2"),
        *("--data", str(folder)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await process.communicate()
    assert process.returncode == 78  # EX_CONFIG: no supervisor tries it again
    assert "redis_url" in told.decode()
