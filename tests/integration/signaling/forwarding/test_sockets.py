"""The control channel through a web process: resumed, closed, held up as if it were direct."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from signaling.classroom.channel import Channel
from signaling.classroom.parts.published import Source
from signaling.command.seed import RECEIVE_ROOMS
from signaling.forwarding import sockets
from signaling.forwarding.places import StaticPlaces
from signaling.forwarding.sockets import CELL_GONE
from signaling.http_face import http_server
from signaling.lessons.sources import SourceKind
from tests.integration.signaling.media.by_hand import poll
from tests.support.control import Closed, command, read, until
from tests.support.server import Client
from tests.support.web_and_cell import Cluster, forwarder_to, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


def channel_of(cluster: Cluster, lesson_id: str, participant_id: str = "lead") -> Channel:
    """The cell's end of a participant's channel."""
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    (channel,) = [c for c in room.channels if c.seat.participant_id == participant_id]
    return channel


async def test_commands_and_events_go_both_ways(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    async with (
        teacher.channel(lesson["lesson_id"]) as lead,
        room.channel(lesson["lesson_id"]) as far,
    ):
        await until(lead, "snapshot")
        await until(far, "snapshot")
        assert (await command(far, "raise_hand"))["type"] == "ack"
        raised = await until(lead, "hands_changed")
        assert [hand["participant_id"] for hand in raised["hands"]] == [f"room-{RECEIVE_ROOMS[0]}"]
        assert (await command(far, "mute_all", muted=True))["type"] == "error"
        assert (await command(lead, "mute_all", muted=True))["type"] == "ack"
        assert (await until(far, "mute_changed"))["muted_all"] is True
        await lead.send_str("{")
        assert (await until(lead, "error"))["code"] == "bad_message"
        await lead.send_bytes(b"binary")
        assert (await until(lead, "error"))["detail"] == "text messages only"


async def test_headers_that_a_browser_leaves_out_are_not_made_up(cluster: Cluster) -> None:
    """Chromium opens a WebSocket without Accept; what is added on the way has no signature."""
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    bare = aiohttp.ClientSession(
        cookie_jar=teacher.http.cookie_jar,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
    )
    async with bare, Client(cluster.url, bare).channel(lesson_id) as ws:
        assert (await read(ws))["type"] == "snapshot"


async def test_a_page_that_comes_back_gets_what_it_missed(cluster: Cluster) -> None:
    """Also after the way between web process and cell broke: the room is the same."""
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    async with teacher.channel(lesson_id) as ws:
        snapshot = await until(ws, "snapshot")
        await cluster.cell_down()
        try:
            with pytest.raises(Closed):
                while True:
                    await read(ws)
        finally:
            await cluster.cell_up()
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    room.state.published.put(Source("lead.camera", "lead", SourceKind.CAMERA, True, True, ("h",)))
    room.flush()
    hello = {"type": "hello", "instance": snapshot["instance"], "seq": snapshot["seq"]}
    async with teacher.channel(lesson_id, hello) as ws:
        resumed = await read(ws)
        assert resumed["type"] == "resumed"
        assert (await until(ws, "source_changed"))["seq"] > snapshot["seq"]


async def test_a_page_that_comes_back_by_another_web_process_gets_what_it_missed_only(
    cluster: Cluster,
) -> None:
    """The room is in the cell, so its numbers hold at every web process."""
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    async with another_web_process(cluster) as url:
        other = Client(url, teacher.http, teacher.identity)
        async with teacher.channel(lesson_id) as ws:
            snapshot = await until(ws, "snapshot")
            cluster.forwarder.say_goodbye()
            with pytest.raises(Closed):
                while True:
                    await read(ws)
        seen = {"instance": snapshot["instance"], "seq": snapshot["seq"]}
        hello = json.dumps({"type": "hello", "version": 1, **seen})
        address = f"{url}/ws/lessons/{lesson_id}"
        async with teacher.http.ws_connect(address, params={"hello": hello}) as ws:
            assert await read(ws) == {"type": "resumed", "seq": snapshot["seq"]}
            assert (await command(ws, "mute_all", muted=True))["type"] == "ack"
            # The cell has not heard yet that this one is gone, say.
            async with other.channel(lesson_id, {"type": "hello", **seen}) as again:
                assert (await read(again))["type"] == "resumed"
                assert (await until(again, "mute_changed"))["seq"] > snapshot["seq"]


@asynccontextmanager
async def another_web_process(cluster: Cluster) -> AsyncIterator[str]:
    """The address of one more web process before the same cell."""
    sender = sender_of(cluster.web)
    places = StaticPlaces((cluster.address,))
    server = http_server(cluster.web, forwarder_to(places, cluster.web, sender))
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()
        await sender.clients.close()


async def test_hello_in_the_address_is_handed_on(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    url = f"{cluster.url}/ws/lessons/{lesson_id}"
    for hello in ('{"type": "hello"}', '{"type":"hello","instance":"a-b_c","seq":1}'):
        params = {"hello": hello, "as": "person"}
        async with teacher.http.ws_connect(url, params=params) as ws:
            assert (await read(ws))["type"] == "snapshot"


async def test_who_may_not_enter_is_told_so(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    uninvited = await teacher.new_lesson(rooms=RECEIVE_ROOMS[1:2])
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    over = await teacher.live_lesson()
    await teacher.call("POST", f"/api/lessons/{over['lesson_id']}/end")
    for client, lesson_id, reason in (
        (cluster.client(), lesson["lesson_id"], "forbidden"),  # said by the web process
        (room, uninvited["lesson_id"], "forbidden"),  # said by the cell
        (teacher, "none-such", "forbidden"),
        (teacher, over["lesson_id"], "lesson_over"),
    ):
        async with client.channel(lesson_id) as ws:
            assert await read(ws) == {"type": "bye", "reason": reason}
            with pytest.raises(Closed) as closed:
                await read(ws)
            assert closed.value.code == (1008 if reason == "forbidden" else 1000)
    headers = {"Origin": "https://elsewhere.example"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        url = f"{cluster.url}/ws/lessons/{lesson['lesson_id']}"
        await teacher.http.ws_connect(url, headers=headers)
    assert refused.value.status == 403


async def test_a_page_that_closes_is_gone_in_the_room(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    async with teacher.channel(lesson["lesson_id"]) as lead:
        await until(lead, "snapshot")
        async with room.channel(lesson["lesson_id"]) as far:
            await until(far, "snapshot")
        gone = await until(lead, "participant_changed", lambda m: not m["participant"]["online"])
        assert gone["participant"]["participant_id"] == f"room-{RECEIVE_ROOMS[0]}"


async def test_signing_out_ends_the_channel(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    async with teacher.channel(lesson["lesson_id"]) as ws:
        await until(ws, "snapshot")
        await teacher.call("POST", "/api/logout")
        await cluster.cell.classroom.session_watch.sweep()  # the cell's upkeep, every 5 s
        assert (await until(ws, "bye"))["reason"] == "forbidden"
        with pytest.raises(Closed) as closed:
            await read(ws)
        assert closed.value.code == 1008


async def test_a_message_that_is_too_large_closes_both_ends(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    async with teacher.channel(lesson_id) as ws:
        await until(ws, "snapshot")
        await ws.send_str("x" * 20_000)
        with pytest.raises(Closed) as closed:
            while True:
                await read(ws)
        assert closed.value.code == 1009
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    await poll(lambda: not room.channels)


async def test_a_cell_that_is_cut_off_closes_the_page_with_its_own_code(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    async with teacher.channel(lesson_id) as ws:
        await until(ws, "snapshot")
        await cluster._server._gate.close()  # as when its process is killed
        with pytest.raises(Closed) as closed:
            while True:
                await read(ws)
        assert closed.value.code == CELL_GONE
    async with teacher.channel(lesson_id) as ws:
        await until(ws, "snapshot")


def small_window(address: Any) -> socket.socket:
    """A socket whose kernel takes little before its reader does."""
    sock = socket.socket(address[0], address[1], address[2])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return sock


@asynccontextmanager
async def slow_page(
    cluster: Cluster, client: Client, lesson_id: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A second page of a signed-in client, over a socket that takes little."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({c.key: c.value for c in client.http.cookie_jar})
    connector = aiohttp.TCPConnector(socket_factory=small_window)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=jar) as narrow,
        Client(cluster.url, narrow).channel(lesson_id) as page,
    ):
        yield page


async def test_a_page_that_takes_nothing_is_cut_off_by_the_web_process(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cell, held up, could not even tell it goodbye."""
    monkeypatch.setattr(sockets, "DEAF_S", 0.5)
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    lesson_id = lesson["lesson_id"]
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    kiosk = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    async with slow_page(cluster, kiosk, lesson_id) as slow:
        await until(slow, "snapshot")
        channel = channel_of(cluster, lesson_id, f"room-{RECEIVE_ROOMS[0]}")
        transport = slow._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        number = 0
        while channel.backlog_bytes < 8 * 1024 and room.channels:
            number += 1
            layers = ("h" * 4000, str(number))
            room.state.published.put(
                Source("lead.camera", "lead", SourceKind.CAMERA, True, True, layers)
            )
            room.flush()
            await asyncio.sleep(0.01)  # the page stays behind, but not by enough to be dropped
        await poll(lambda: not room.channels)
        assert channel.bye is None  # it was not the cell that ended it


async def test_a_slow_page_is_seen_by_the_cell_and_dropped(cluster: Cluster) -> None:
    """The web process keeps little for it; the others get everything."""
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    lesson_id = lesson["lesson_id"]
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    kiosk = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    async with (
        slow_page(cluster, kiosk, lesson_id) as slow,
        teacher.channel(lesson_id) as good,
    ):
        await until(slow, "snapshot")
        seq = (await until(good, "snapshot"))["seq"]
        channel = channel_of(cluster, lesson_id, f"room-{RECEIVE_ROOMS[0]}")
        transport = slow._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        posted = seen_after = 0
        for number in range(2_000):
            source = Source(
                "lead.camera", "lead", SourceKind.CAMERA, True, True, ("h" * 4000, str(number))
            )
            room.state.published.put(source)
            room.flush()
            posted += 4000
            event = await until(good, "source_changed", lambda m, last=seq: m["seq"] > last)
            seq = event["seq"]
            if not seen_after and channel.backlog_bytes > 8 * 1024:
                seen_after = posted
            if channel.bye is not None:
                break
        assert channel.bye == "too_slow"
        assert seen_after < 200_000  # of a client that reads nothing, two sockets take that much
        assert posted < 1_000_000
        await poll(lambda: all(c.seat.participant_id == "lead" for c in room.channels))
        transport.resume_reading()  # type: ignore[union-attr]
        with pytest.raises(Closed):
            while True:
                await read(slow)


async def test_a_web_process_that_stops_says_goodbye(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson_id = (await teacher.live_lesson())["lesson_id"]
    async with teacher.channel(lesson_id) as ws:
        await until(ws, "snapshot")
        cluster.forwarder.say_goodbye()
        with pytest.raises(Closed) as closed:
            while True:
                await read(ws)
        assert closed.value.code == 1001
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    async with asyncio.timeout(20):
        await poll(lambda: not room.channels)
