"""Uploading stills of the courseware, by those who may and by those who may not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from relay.api import Layer, SourceInfo
from signaling.classroom.stills.rules import MAX_STILL_BYTES
from signaling.command import seed
from signaling.wiring import Services
from tests.support.control import until
from tests.support.server import Client, TongkeServer
from tests.support.services import ManualClock, served
from tests.support.small_media import publishing, watching

SOURCE = "lead.courseware"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(1000)
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)


async def _put(
    client: Client,
    lesson_id: str,
    body: Any = WEBP,
    *,
    source_id: str = SOURCE,
    kind: str = "image/webp",
    csrf: str | None = None,
) -> tuple[int, str | None, str | None]:
    """Status, code and field of an upload."""
    token = client.identity.get("csrf_token", "") if csrf is None else csrf
    async with client.http.put(
        f"{client.base}/api/lessons/{lesson_id}/stills/{source_id}",
        data=body,
        headers={"Content-Type": kind, "X-CSRF-Token": token},
    ) as response:
        if response.status == 204:
            return 204, None, None
        problem = await response.json(content_type="application/problem+json")
        if response.status == 429:
            assert int(response.headers["Retry-After"]) >= 1
        return response.status, problem["code"], problem.get("field")


@dataclass
class _Lesson:
    """A live lesson whose courseware is published, and a clock that only a test moves."""

    services: Services
    clock: ManualClock
    teacher: Client
    lesson_id: str
    held: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def terminal(self) -> Client:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        client = Client(self.teacher.base, await self.held.enter_async_context(session))
        record = await self.services.lesson_store.lesson(self.lesson_id)
        assert record is not None
        await client.terminal_login(join_code=record.join_code, room_id=seed.RECEIVE_ROOMS[0])
        return client

    def publish(self) -> None:
        source = SourceInfo(SOURCE, "s1", False, True, "VP8", (Layer.HIGH,))
        self.services.hub.relay_news.on_source_changed(self.lesson_id, source)

    async def put(self, body: Any = WEBP, **how: Any) -> tuple[int, str | None, str | None]:
        """The teacher's upload, ten seconds after whatever was before."""
        self.clock.advance(seconds=10)
        return await _put(self.teacher, self.lesson_id, body, **how)


@pytest.fixture
async def lesson(tmp_path: Path) -> AsyncIterator[_Lesson]:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
        made = _Lesson(services, clock, teacher, lesson_id)
        async with made.held:
            made.publish()
            yield made


async def test_a_page_is_taken_as_webp_or_jpeg(lesson: _Lesson) -> None:
    assert await lesson.put() == (204, None, None)
    assert await lesson.put(JPEG, kind="image/jpeg") == (204, None, None)
    largest = WEBP.ljust(MAX_STILL_BYTES, b"x")
    assert await lesson.put(largest) == (204, None, None)
    assert lesson.services.stills.taken == 3


async def test_what_is_no_such_picture_is_refused_by_its_field(lesson: _Lesson) -> None:
    unsupported = (415, "unsupported_media_type")
    assert await lesson.put(PNG, kind="image/png") == (*unsupported, "Content-Type")
    assert await lesson.put(b"{}", kind="application/json") == (*unsupported, "Content-Type")
    assert await lesson.put(PNG) == (*unsupported, "body")
    assert await lesson.put(JPEG) == (*unsupported, "body")  # declared as WebP
    assert await lesson.put(b"<script>alert(1)</script>") == (*unsupported, "body")
    assert await lesson.put(b"") == (*unsupported, "body")
    assert (lesson.services.stills.taken, lesson.services.stills.refused) == (0, 6)


async def test_what_is_too_large_is_refused_by_its_length_and_in_the_stream(
    lesson: _Lesson,
) -> None:
    too_large = WEBP.ljust(MAX_STILL_BYTES + 1, b"x")
    assert await lesson.put(too_large) == (413, "too_large", "body")

    async def endless() -> AsyncIterator[bytes]:
        yield WEBP
        for _ in range(MAX_STILL_BYTES // 1024 + 1):
            yield bytes(1024)

    assert await lesson.put(endless()) == (413, "too_large", "body")
    assert lesson.services.stills.taken == 0


async def test_only_the_publisher_of_a_courseware_uploads_its_pages(lesson: _Lesson) -> None:
    forbidden = (403, "forbidden", "source_id")
    room = await lesson.terminal()
    own = f"room-{seed.RECEIVE_ROOMS[0]}"
    for source_id in (SOURCE, f"{own}.courseware", f"{own}.camera", "nonsense"):
        assert await _put(room, lesson.lesson_id, source_id=source_id) == forbidden
    for source_id in ("lead.camera", f"{own}.courseware", "person-1.courseware"):
        assert await lesson.put(source_id=source_id) == forbidden
    assert (await lesson.put(csrf="wrong"))[:2] == (403, "csrf")
    lesson.services.hub.relay_news.on_source_removed(lesson.lesson_id, SOURCE)
    assert await lesson.put() == (404, "not_found", "source_id")
    await lesson.teacher.call("POST", f"/api/lessons/{lesson.lesson_id}/end")
    assert (await lesson.put())[:2] == (409, "wrong_state")
    await lesson.teacher.call("POST", "/api/logout")
    assert (await lesson.put())[:2] == (401, "not_signed_in")


async def test_a_flood_is_held_to_one_a_second_good_or_bad(lesson: _Lesson) -> None:
    async def burst(body: bytes) -> list[int]:
        answers = await asyncio.gather(
            *(_put(lesson.teacher, lesson.lesson_id, body) for _ in range(20))
        )
        return sorted(status for status, _, _ in answers)

    lesson.clock.advance(seconds=10)
    assert await burst(WEBP) == [204] * 2 + [429] * 18
    lesson.clock.advance(seconds=1)
    assert await burst(PNG) == [415] + [429] * 19
    lesson.clock.advance(seconds=1)
    assert await burst(WEBP) == [204] + [429] * 19


@pytest.mark.asyncio(loop_scope="module")
async def test_who_says_that_his_link_carries_nothing_gets_the_page_as_a_picture(
    server: TongkeServer,
) -> None:
    """Over the real relay: a viewer that reports a REMB of 20 kbit/s."""
    teacher, lesson, (room,) = await server.live_lesson(seed.RECEIVE_ROOMS[0])
    lesson_id = lesson["lesson_id"]
    access = await teacher.media_access(lesson_id)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ws, lead = await enter(room.channel(lesson_id)), await enter(teacher.channel(lesson_id))
        await until(ws, "snapshot")  # else the source may stand in it already
        await enter(publishing(teacher, access["courseware"]))
        await until(ws, "source_changed")
        assert await _put(teacher, lesson_id) == (204, None, None)
        mine = (await room.media_access(lesson_id))["watch"]
        viewer = await enter(watching(room, mine, transport_cc=False))
        view = [{"slot": 0, "source_id": SOURCE, "max_layer": None, "max_height": None}]
        await ws.send_json({"type": "view", "id": 1, "slots": view})

        async def complain() -> None:
            while True:
                viewer.transport.send_rtcp(_remb(20_000))
                await asyncio.sleep(0.1)

        complaining = asyncio.create_task(complain())
        stack.callback(complaining.cancel)
        await until(ws, "slots", _held_back)
        still = await until(ws, "still")
        assert (still["source_id"], still["mime"], still["parts"]) == (SOURCE, "image/webp", 1)
        await until(lead, "participant_changed", _gets_stills_for_its_rate)


def _held_back(told: dict[str, Any]) -> bool:
    """Whether the courseware could come whole, and does not: both, for a slot begins empty."""
    slot = told["slots"][0]
    return slot["layer"] is None and slot["ideal"] == "h"


def _gets_stills_for_its_rate(told: dict[str, Any]) -> bool:
    """Two news may tell it, in either order: the stills of the room, and the limit of the relay."""
    link = told["participant"]["link"]
    return link["stills"] and link["limit"] == "rate"


def _remb(bitrate_bps: int) -> bytes:
    """A REMB (draft-alvestrand-rmcat-remb-03 §2.2) behind the report that must come first."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    value = (1 << 24) | (exponent << 18) | (bitrate_bps >> exponent)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x01"
    return report + (
        b"\x8f\xce\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00REMB"
        + value.to_bytes(4, "big")
        + b"\x00\x00\x00\x02"
    )
