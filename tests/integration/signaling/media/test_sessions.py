"""Media sessions over a lesson's life, with real peers: from POST to DELETE, and what ends them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from load_tests import sdp
from load_tests.media import MediaClock
from load_tests.peer import PeerRefused
from load_tests.publish import PublishingPeer, VideoPlan
from signaling.command.seed import RECEIVE_ROOMS
from tests.integration.signaling.media.by_hand import (
    FRAGMENT,
    OFFER,
    ROOM_A,
    SDP,
    live,
    media_request,
    poll,
)
from tests.support.control import read, until
from tests.support.server import ProblemError, TongkeServer
from tests.support.small_media import endpoint_of, publishing, watching
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_lives_from_post_to_delete(server: TongkeServer) -> None:
    teacher, lesson, access = await live(server)
    async with teacher.channel(lesson["lesson_id"]) as ws, AsyncExitStack() as stack:
        await read(ws)
        peer = await stack.enter_async_context(publishing(teacher, access["camera"]))
        source = (await until(ws, "source_changed"))["source"]
        assert source["source_id"] == "lead.camera"
        assert (source["participant_id"], source["kind"]) == ("lead", "camera")
        assert (source["has_audio"], source["has_video"]) == (True, True)
        assert peer.location is not None
        session = peer.location.removeprefix(server.url)
        token = access["camera"]["token"]

        async def patch(**request: Any) -> tuple[int, str]:
            request = {"token": token, "kind": FRAGMENT, "body": b"", **request}
            status, problem, _ = await media_request(teacher, "PATCH", session, **request)
            return status, problem.get("code", "")

        assert await patch() == (428, "precondition_required")
        assert await patch(If_Match='"stale"') == (412, "stale_session")
        assert await patch(If_Match=f"W/{peer.etag}") == (412, "stale_session")
        assert await patch(If_Match="stale") == (400, "malformed")
        assert await patch(If_Match=peer.etag, kind=SDP) == (415, "unsupported_media_type")
        assert await patch(If_Match=peer.etag, token=None) == (401, "invalid_token")
        wrong = access["courseware"]["token"]
        assert await patch(If_Match=peer.etag, token=wrong) == (403, "forbidden")
        trickled = sdp.ice_fragment(peer.transport.identity).encode()
        listed = f'"stale", {peer.etag}'
        status, _, headers = await media_request(
            teacher, "PATCH", session, token=token, kind=FRAGMENT, body=trickled, If_Match=listed
        )
        assert (status, "ETag" in headers) == (204, False)  # RFC 9725 §4.3.2
        before = peer.etag
        await peer.restart_ice()
        assert peer.etag != before

        renewed = await teacher.media_access(lesson["lesson_id"])
        status, _, _ = await media_request(
            teacher, "DELETE", session, token=renewed["camera"]["token"], body=None, kind=None
        )
        assert status == 200
        assert (await until(ws, "source_removed"))["source_id"] == "lead.camera"
        status, problem, _ = await media_request(
            teacher, "DELETE", session, token=token, body=None, kind=None
        )
        assert (status, problem["code"]) == (404, "not_found")


async def test_signing_out_ends_channel_and_media_and_voids_tokens(server: TongkeServer) -> None:
    teacher, lesson, access = await live(server)
    lesson_id = lesson["lesson_id"]
    kiosk = await server.terminal(lesson, RECEIVE_ROOMS[0])
    unused = (await kiosk.media_access(lesson_id))["watch"]
    async with AsyncExitStack() as stack:
        lead = await stack.enter_async_context(teacher.channel(lesson_id))
        ws = await stack.enter_async_context(kiosk.channel(lesson_id))
        for channel in (lead, ws):
            await until(channel, "snapshot")  # else a source may stand in it already
        own = (await kiosk.media_access(lesson_id))["camera"]
        await stack.enter_async_context(publishing(kiosk, own))
        mine = await stack.enter_async_context(publishing(teacher, access["camera"]))
        wanted = {f"{ROOM_A}.camera", "lead.camera"}
        while wanted:
            wanted -= {(await until(lead, "source_changed"))["source"]["source_id"]}
        await kiosk.call("POST", "/api/logout")
        assert (await until(ws, "bye"))["reason"] == "forbidden"
        assert (await until(lead, "source_removed"))["source_id"] == f"{ROOM_A}.camera"
        status, problem, _ = await media_request(
            kiosk, "POST", unused["url"], token=unused["token"], kind=SDP, body=OFFER.encode()
        )
        assert (status, problem["code"]) == (401, "invalid_token")
        # Somebody else's session is untouched.
        assert mine.location is not None
        status, _, _ = await media_request(
            teacher,
            "DELETE",
            mine.location.removeprefix(server.url),
            token=access["camera"]["token"],
            body=None,
            kind=None,
        )
        assert status == 200


async def test_a_room_that_is_shut_out_is_out_at_once(server: TongkeServer) -> None:
    teacher, lesson, _ = await live(server)
    kiosk = await server.terminal(lesson, RECEIVE_ROOMS[1])
    path = f"/api/rooms/{RECEIVE_ROOMS[1]}/device-tokens"
    with pytest.raises(ProblemError) as refused:
        await teacher.call("DELETE", path)
    assert refused.value.status == 403
    async with kiosk.channel(lesson["lesson_id"]) as ws:
        await read(ws)
        admin = await server.sign_in("xianguan")
        assert await admin.call("DELETE", path) is None
        assert (await until(ws, "bye"))["reason"] == "forbidden"
    for resume in ("/api/terminal/resume", "/api/logout"):
        with pytest.raises(ProblemError) as out:
            await kiosk.call("POST", resume)
        assert out.value.status == 401


async def test_a_plain_player_sees_the_programme(server: TongkeServer) -> None:
    teacher, lesson, _ = await live(server)
    external = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/external-access")
    async with AsyncExitStack() as stack:
        # OBS publishes the camera with the external token, players watch without a channel.
        await stack.enter_async_context(publishing(teacher, external["camera"]))
        players = [
            await stack.enter_async_context(watching(teacher, external["programme"]))
            for _ in range(2)
        ]
        await poll(lambda: all(player.video(0).frames > 2 for player in players))


async def test_a_device_that_sends_b_frames_is_refused_and_the_teacher_is_told_why(
    server: TongkeServer,
) -> None:
    teacher, lesson, _ = await live(server)
    path = f"/api/lessons/{lesson['lesson_id']}/external-access"
    endpoint = (await teacher.call("POST", path))["camera"]
    clock = MediaClock()
    host = PublishingPeer(
        teacher.http, endpoint_of(teacher, endpoint), clock, video=VideoPlan("H264", rids=())
    )
    async with teacher.channel(lesson["lesson_id"]) as ws:
        await read(ws)
        await host.start()
        for _ in range(4):
            host.send_payloads("h", [b"\x01\xa8" + bytes(40)], clock.now())
            await asyncio.sleep(0.02)
        told = await until(ws, "source_refused")
        assert (told["source_id"], told["reason"]) == ("lead.camera", "b_frames")
        async with asyncio.timeout(PATIENCE_S):
            await host.lost.wait()
    await host.close()


async def test_the_end_of_the_lesson_ends_its_media(server: TongkeServer) -> None:
    teacher, lesson, access = await live(server)
    async with publishing(teacher, access["camera"]) as peer:
        await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
        async with asyncio.timeout(PATIENCE_S):
            await peer.lost.wait()
        late = PublishingPeer(
            teacher.http, endpoint_of(teacher, access["camera"]), MediaClock(), video=None
        )
        with pytest.raises(PeerRefused) as refused:
            await late.start()
        await late.transport.close()
        assert refused.value.status == 409
