"""WHIP and WHEP against a real server: tokens, statuses, bounds."""

from typing import Any

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from signaling.media.service import OPENINGS, PATCHES
from tests.integration.signaling.media.by_hand import (
    FRAGMENT,
    OFFER,
    ROOM_A,
    SDP,
    live,
    media_request,
    some_offer,
)
from tests.support.control import until
from tests.support.server import ProblemError, TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_media_access_says_exactly_what_each_seat_may(server: TongkeServer) -> None:
    teacher, lesson, lead = await live(server)
    lesson_id = lesson["lesson_id"]
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    researcher = await server.sign_in("jiaoyan")
    assert lead["camera"]["url"] == f"/whip/{lesson_id}/lead.camera"
    assert lead["courseware"]["url"] == f"/whip/{lesson_id}/lead.courseware"
    mine = await room.media_access(lesson_id)
    assert mine["camera"]["url"] == f"/whip/{lesson_id}/{ROOM_A}.camera"
    assert mine["courseware"] is None
    seen = await researcher.media_access(lesson_id)
    assert (seen["camera"], seen["courseware"]) == (None, None)
    assert seen["watch"]["url"] == f"/whep/{lesson_id}"
    waiting = await teacher.new_lesson()
    with pytest.raises(ProblemError) as early:
        await teacher.media_access(waiting["lesson_id"])
    assert (early.value.status, early.value.code) == (409, "wrong_state")
    with pytest.raises(ProblemError) as forbidden:
        await room.call("POST", f"/api/lessons/{lesson_id}/external-access")
    assert forbidden.value.status == 403


async def test_every_wrong_request_gets_its_status(server: TongkeServer) -> None:
    teacher, lesson, access = await live(server)
    token, path = access["camera"]["token"], access["camera"]["url"]
    other = (await live(server))[2]
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    rooms = await room.media_access(lesson["lesson_id"])
    too_large = b"v=0\r\n" + b"a=x\r\n" * 20_000

    async def status(**request: Any) -> tuple[int, str]:
        answer, problem, _ = await media_request(teacher, "POST", **{"path": path, **request})
        return answer, problem.get("code", "")

    assert await status() == (401, "invalid_token")
    assert await status(token="v1.x.y") == (401, "invalid_token")
    assert await status(token=teacher.identity["csrf_token"]) == (401, "invalid_token")
    for foreign in (
        other["camera"]["token"],  # another lesson's
        rooms["camera"]["token"],  # another source's
        access["courseware"]["token"],
        access["watch"]["token"],  # another deed's
    ):
        assert await status(token=foreign) == (403, "forbidden")
    assert await status(token=token, kind="text/plain") == (415, "unsupported_media_type")
    assert await status(token=token, Accept="text/html") == (406, "not_acceptable")
    assert await status(token=token, body=too_large) == (413, "too_large")
    assert await status(token=token, body=b"\xff\xfe") == (400, "malformed")
    assert await status(token=token, body=b"") == (400, "bad_offer")
    assert await status(token=token, body=b"v=0\r\n" + b"a=x\r\n" * 10_000) == (400, "bad_offer")


async def test_one_right_opens_few_sessions_whatever_its_tokens(server: TongkeServer) -> None:
    """It has to wait, and is told why; its other right, and other people, do not."""
    teacher, lesson, access = await live(server)
    lesson_id = lesson["lesson_id"]
    kiosk = await server.terminal(lesson, RECEIVE_ROOMS[0])
    offer = await some_offer()
    async with teacher.channel(lesson_id) as lead, kiosk.channel(lesson_id):
        await until(lead, "snapshot")  # what comes after it is an event
        answers = []
        for attempt in range(OPENINGS.burst + 8):
            own = (await kiosk.media_access(lesson_id))["camera"]  # another token each time
            body = OFFER.encode() if attempt % 2 else offer
            answers.append(
                await media_request(kiosk, "POST", own["url"], token=own["token"], body=body)
            )
        statuses = [status for status, _, _ in answers]
        refused = [answer for answer in answers if answer[0] == 429]
        assert set(statuses[:12]) == {201, 400}
        assert 5 <= len(refused) <= 8
        _, problem, headers = refused[-1]
        assert problem["code"] == "too_many_requests"
        assert 1 <= int(headers["Retry-After"]) <= 2
        watch = (await kiosk.media_access(lesson_id))["watch"]
        for free in (watch, access["camera"]):
            client = kiosk if free is watch else teacher
            status, *_ = await media_request(client, "POST", free["url"], token=free["token"])
            assert status == 400  # read, and found wanting
        while True:
            told = (await until(lead, "participant_changed"))["participant"]
            if (told["participant_id"], told["link"]["excess"]) == (ROOM_A, "sessions"):
                break


async def test_a_session_is_patched_so_often_and_no_more(server: TongkeServer) -> None:
    teacher, _, access = await live(server)
    camera = access["camera"]
    offer = await some_offer()
    _, _, headers = await media_request(
        teacher, "POST", camera["url"], token=camera["token"], body=offer
    )
    restart = b"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    statuses = []
    for _ in range(PATCHES.burst + 10):
        status, *_ = await media_request(
            teacher,
            "PATCH",
            headers["Location"],
            token=camera["token"],
            body=restart,
            kind=FRAGMENT,
            If_Match="*",
        )
        statuses.append(status)
    assert statuses[0] == 200
    assert statuses.count(429) >= 5


async def test_a_bad_offer_names_the_line(server: TongkeServer) -> None:
    teacher, _, access = await live(server)
    offer = (await some_offer()).decode()
    lines = [line for line in offer.split("\r\n") if not line.startswith("a=fingerprint")]
    status, problem, _ = await media_request(
        teacher,
        "POST",
        access["camera"]["url"],
        token=access["camera"]["token"],
        body="\r\n".join(lines).encode(),
    )
    assert (status, problem["code"], problem["field"]) == (400, "bad_offer", "a=fingerprint")


async def test_options_and_cors_are_open_on_media_paths_only(server: TongkeServer) -> None:
    teacher, _, access = await live(server)
    for path in (access["camera"]["url"], access["watch"]["url"]):
        status, _, headers = await media_request(teacher, "OPTIONS", path, body=None, kind=None)
        assert (status, headers["Accept-Post"]) == (200, SDP)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "If-Match" in headers["Access-Control-Allow-Headers"]
    status, problem, headers = await media_request(teacher, "GET", "/whip/x/sessions/x", kind=None)
    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert "PATCH" in headers["Allow"]
    _, _, headers = await media_request(teacher, "GET", "/api/me", body=None, kind=None)
    assert "Access-Control-Allow-Origin" not in headers
