"""What pages ask about live lessons, when those are in another process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from signaling.base.errors import LiveStateUnknown, NotFound, WrongLessonState
from signaling.classroom.api import LiveNotice
from signaling.command.seed import RECEIVE_ROOMS
from tests.integration.signaling.media.by_hand import poll
from tests.support.control import Closed, command, read, until
from tests.support.web_and_cell import Cluster, web_and_cell

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOM = f"room-{RECEIVE_ROOMS[0]}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    async with web_and_cell(folder) as running:
        yield running


async def test_a_web_process_knows_the_rooms_and_logins_of_its_cells(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    async with (
        teacher.channel(lesson["lesson_id"]) as lead,
        room.channel(lesson["lesson_id"]) as far,
    ):
        await until(lead, "snapshot")
        await until(far, "snapshot")
        assert await cluster.web.live.rooms() == await cluster.cell.live.rooms()
        (live,) = [r for r in await cluster.web.live.rooms() if r.lesson_id == lesson["lesson_id"]]
        assert live.is_live
        assert set(live.present) == {"lead", ROOM}
        in_use = await cluster.web.live.logins_in_use()
        assert in_use == await cluster.cell.live.logins_in_use()
        assert len(in_use) == 2


async def test_signing_out_at_the_web_process_closes_the_channel_at_once(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    async with teacher.channel(lesson["lesson_id"]) as ws:
        await until(ws, "snapshot")
        await teacher.call("POST", "/api/logout")
        assert (await until(ws, "bye"))["reason"] == "forbidden"
        with pytest.raises(Closed):
            await read(ws)


async def test_a_notice_from_a_web_process_is_on_the_screen(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    lesson_id = lesson["lesson_id"]
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    notice = LiveNotice("请打开摄像头", "李管理员", datetime.now(UTC), ROOM)
    async with room.channel(lesson_id) as ws:
        await until(ws, "snapshot")
        await cluster.web.live.notify(lesson_id, notice)
        shown = await until(ws, "notices_changed")
        assert [one["text"] for one in shown["notices"]] == ["请打开摄像头"]
    nobody = LiveNotice("x", "y", datetime.now(UTC), "room-none")
    with pytest.raises(NotFound):
        await cluster.web.live.notify(lesson_id, nobody)
    await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
    with pytest.raises(WrongLessonState):
        await cluster.web.live.notify(lesson_id, notice)


async def test_a_room_follows_what_a_web_process_wrote(cluster: Cluster) -> None:
    """As after a change of the timetable, which any web process may make."""
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.new_lesson())["lesson_id"]
    async with teacher.channel(lesson_id) as ws:
        await until(ws, "snapshot")
        actor = (await cluster.web.people.person("teacher-wang")).actor(  # type: ignore[union-attr]
            cluster.web.clock.now()
        )
        await cluster.web.lessons.start(actor, lesson_id)
        assert (await until(ws, "lesson_changed"))["lesson"]["state"] == "live"
        assert (await command(ws, "mute_all", muted=True))["type"] == "ack"
        assert cluster.web.hub.rooms == ()
        await cluster.web.lessons.end(actor, lesson_id)
        assert (await until(ws, "bye"))["reason"] == "lesson_over"
    await poll(lambda: cluster.cell.hub.room(lesson_id) is None)


async def test_a_cell_that_is_away_leaves_the_state_unknown_and_ends_go_on(
    cluster: Cluster,
) -> None:
    await cluster.cell_down()
    try:
        with pytest.raises(LiveStateUnknown):
            await cluster.web.live.rooms()
        with pytest.raises(LiveStateUnknown):
            await cluster.web.live.logins_in_use()
        await cluster.web.live.end_logins({"a" * 64})
        await cluster.web.live.review_seats("teacher-wang")
    finally:
        await cluster.cell_up()
    assert await cluster.web.live.rooms() is not None


async def test_no_client_reaches_these_routes(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    for path in ("/inner/rooms", "/inner/logins"):
        async with teacher.http.get(f"{cluster.url}{path}") as got:
            assert got.content_type == "text/html"  # a path of the pages, like any other
