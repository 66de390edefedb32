"""A page that stops reading: it is dropped within the bound, and its socket with it."""

import asyncio
from pathlib import Path

import aiohttp

from signaling.classroom import wire as m
from signaling.classroom.channel import MAX_WAITING_BYTES
from signaling.classroom.parts.published import Source
from signaling.command import seed
from signaling.identity.login_throttle import Caller
from signaling.identity.service import LoginRequest
from signaling.identity.session_cookies import PERSON_COOKIE, TERMINAL_COOKIE
from signaling.lessons.sources import SourceKind
from tests.support.control import read
from tests.support.services import ADMIN, new_lesson, running_services, serving
from tests.support.waiting import PATIENCE_S

HERE = Caller("192.0.2.1")


async def test_a_page_that_stops_reading_is_dropped_and_the_others_get_everything(
    tmp_path: Path,
) -> None:
    async with (
        running_services(tmp_path, http_host="127.0.0.1", http_port=0) as services,
        serving(services) as http,
    ):
        teacher = await services.identity.login(LoginRequest("wang", seed.DEMO_PASSWORD), HERE)
        lesson_id = await new_lesson(services)
        device = await services.terminals.issue_device(ADMIN, seed.RECEIVE_ROOMS[0])
        room_session = await services.terminals.resume(device, HERE)
        url = f"{http.url}/ws/lessons/{lesson_id}"

        def page(name: str, cookie: str) -> aiohttp.ClientSession:
            return aiohttp.ClientSession(headers={"Cookie": f"{name}={cookie}"})

        async with (
            page(TERMINAL_COOKIE, room_session.cookie) as slow_page,
            page(PERSON_COOKIE, teacher.cookie) as good_page,
            slow_page.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=0.1)) as slow,
            good_page.ws_connect(url) as good,
        ):
            for ws in (slow, good):
                await ws.send_json({"type": "hello"})
                snapshot = await read(ws)
            room = services.hub.room(lesson_id)
            assert room is not None
            (channel,) = [c for c in room.channels if c.seat.participant_id != "lead"]
            slow_transport = slow._response.connection.transport  # type: ignore[union-attr]
            slow_transport.pause_reading()  # type: ignore[union-attr]

            expected = snapshot["seq"]
            for number in range(200_000):
                layers = ("h" * 4000, str(number))  # large events fill the socket sooner
                room.state.published.put(
                    Source("lead.camera", "lead", SourceKind.CAMERA, True, True, layers)
                )
                room.flush()
                assert channel.waiting_bytes <= MAX_WAITING_BYTES
                assert (await read(good))["seq"] == (expected := expected + 1)
                if channel.bye is not None:
                    break
            assert channel.bye is m.ByeReason.TOO_SLOW
            gone = await read(good)
            assert gone["participant"]["online"] is False
            assert [c.seat.participant_id for c in room.channels] == ["lead"]
            # Its socket is cut, not left waiting for it to read.
            async with asyncio.timeout(PATIENCE_S):
                while len(http.connections) > 1:  # noqa: ASYNC110 - nobody announces it
                    await asyncio.sleep(0.02)
