"""WHIP and WHEP against a real server with real peers: tokens, statuses, slots, who sees whom."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from load_tests import sdp
from load_tests.media import MediaClock
from load_tests.peer import PeerRefused
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.sdp import AudioOffer, publish_offer
from load_tests.transport import MediaTransport
from signaling.seed import RECEIVE_ROOMS
from tests.support.control import command, read, until
from tests.support.server import Client, ProblemError, TongkeServer
from tests.support.small_media import endpoint_of, publishing, watching

pytestmark = pytest.mark.asyncio(loop_scope="module")

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
ROOM_A, ROOM_B = (f"room-{room}" for room in RECEIVE_ROOMS[:2])
OFFER = "v=0\r\n"  # good enough where the answer must come before the offer is read


async def _request(
    client: Client,
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: bytes | None = OFFER.encode(),
    kind: str | None = SDP,
    **headers: str,
) -> tuple[int, dict[str, Any], Any]:
    """Status, problem and headers of a media request."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if kind is not None:
        sent["Content-Type"] = kind
    async with client.http.request(method, client.base + path, data=body, headers=sent) as response:
        problem = {}
        if response.content_type == "application/problem+json":
            problem = await response.json(content_type=None)
        return response.status, problem, response.headers


async def _poll(condition: Callable[[], bool]) -> None:
    """Wait for a figure that nobody announces."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a figure has no event to wait for
            await asyncio.sleep(0.02)


async def _live(server: TongkeServer) -> tuple[Client, dict[str, Any], dict[str, Any]]:
    teacher = await server.sign_in("wang")
    lesson = await teacher.live_lesson()
    return teacher, lesson, await teacher.media_access(lesson["lesson_id"])


async def test_media_access_says_exactly_what_each_seat_may(server: TongkeServer) -> None:
    teacher, lesson, lead = await _live(server)
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
    teacher, lesson, access = await _live(server)
    token, path = access["camera"]["token"], access["camera"]["url"]
    other = (await _live(server))[2]
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    rooms = await room.media_access(lesson["lesson_id"])
    too_large = b"v=0\r\n" + b"a=x\r\n" * 20_000

    async def status(**request: Any) -> tuple[int, str]:
        answer, problem, _ = await _request(teacher, "POST", **{"path": path, **request})
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


async def test_a_bad_offer_names_the_line(server: TongkeServer) -> None:
    teacher, _, access = await _live(server)
    transport = MediaTransport()
    offer = publish_offer(transport.identity, audio=AudioOffer(1234), video=None)
    await transport.close()
    lines = [line for line in offer.split("\r\n") if not line.startswith("a=fingerprint")]
    status, problem, _ = await _request(
        teacher,
        "POST",
        access["camera"]["url"],
        token=access["camera"]["token"],
        body="\r\n".join(lines).encode(),
    )
    assert (status, problem["code"], problem["field"]) == (400, "bad_offer", "a=fingerprint")


async def test_options_and_cors_are_open_on_media_paths_only(server: TongkeServer) -> None:
    teacher, _, access = await _live(server)
    for path in (access["camera"]["url"], access["watch"]["url"]):
        status, _, headers = await _request(teacher, "OPTIONS", path, body=None, kind=None)
        assert (status, headers["Accept-Post"]) == (200, SDP)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "If-Match" in headers["Access-Control-Allow-Headers"]
    status, problem, headers = await _request(teacher, "GET", "/whip/sessions/x", kind=None)
    assert (status, problem["code"]) == (405, "method_not_allowed")
    assert "PATCH" in headers["Allow"]
    _, _, headers = await _request(teacher, "GET", "/api/me", body=None, kind=None)
    assert "Access-Control-Allow-Origin" not in headers


async def test_signing_out_ends_channel_and_media_and_voids_tokens(server: TongkeServer) -> None:
    teacher, lesson, access = await _live(server)
    lesson_id = lesson["lesson_id"]
    kiosk = await server.terminal(lesson, RECEIVE_ROOMS[0])
    unused = (await kiosk.media_access(lesson_id))["watch"]
    async with AsyncExitStack() as stack:
        lead = await stack.enter_async_context(teacher.channel(lesson_id))
        ws = await stack.enter_async_context(kiosk.channel(lesson_id))
        own = (await kiosk.media_access(lesson_id))["camera"]
        await stack.enter_async_context(publishing(kiosk, own))
        mine = await stack.enter_async_context(publishing(teacher, access["camera"]))
        wanted = {f"{ROOM_A}.camera", "lead.camera"}
        while wanted:
            wanted -= {(await until(lead, "source_changed"))["source"]["source_id"]}
        await kiosk.call("POST", "/api/logout")
        assert (await until(ws, "bye"))["reason"] == "forbidden"
        assert (await until(lead, "source_removed"))["source_id"] == f"{ROOM_A}.camera"
        status, problem, _ = await _request(
            kiosk, "POST", unused["url"], token=unused["token"], kind=SDP, body=OFFER.encode()
        )
        assert (status, problem["code"]) == (401, "invalid_token")
        # Somebody else's session is untouched.
        assert mine.location is not None
        status, _, _ = await _request(
            teacher,
            "DELETE",
            mine.location.removeprefix(server.url),
            token=access["camera"]["token"],
            body=None,
            kind=None,
        )
        assert status == 200


async def test_a_room_that_is_shut_out_is_out_at_once(server: TongkeServer) -> None:
    teacher, lesson, _ = await _live(server)
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


async def test_a_session_lives_from_post_to_delete(server: TongkeServer) -> None:
    teacher, lesson, access = await _live(server)
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
            status, problem, _ = await _request(teacher, "PATCH", session, **request)
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
        status, _, headers = await _request(
            teacher, "PATCH", session, token=token, kind=FRAGMENT, body=trickled, If_Match=listed
        )
        assert (status, "ETag" in headers) == (204, False)  # RFC 9725 §4.3.2
        before = peer.etag
        await peer.restart_ice()
        assert peer.etag != before

        renewed = await teacher.media_access(lesson["lesson_id"])
        status, _, _ = await _request(
            teacher, "DELETE", session, token=renewed["camera"]["token"], body=None, kind=None
        )
        assert status == 200
        assert (await until(ws, "source_removed"))["source_id"] == "lead.camera"
        status, problem, _ = await _request(
            teacher, "DELETE", session, token=token, body=None, kind=None
        )
        assert (status, problem["code"]) == (404, "not_found")


async def test_views_fill_slots_and_rooms_off_stage_stay_unseen_by_other_rooms(
    server: TongkeServer,
) -> None:
    teacher, lesson, lead = await _live(server)
    lesson_id = lesson["lesson_id"]
    a = await server.terminal(lesson, RECEIVE_ROOMS[0])
    b = await server.terminal(lesson, RECEIVE_ROOMS[1])
    a_media, b_media = await a.media_access(lesson_id), await b.media_access(lesson_id)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lead_ws, a_ws = await enter(teacher.channel(lesson_id)), await enter(a.channel(lesson_id))
        b_ws = await enter(b.channel(lesson_id))
        for ws in (lead_ws, a_ws, b_ws):
            await read(ws)
        await enter(publishing(teacher, lead["camera"]))
        await enter(publishing(b, b_media["camera"]))
        slots = [
            {"slot": 0, "source_id": "lead.camera"},
            {"slot": 1, "source_id": f"{ROOM_B}.camera"},
        ]
        # A view may come before the session that it is for.
        assert (await command(a_ws, "view", slots=slots))["type"] == "ack"
        assert (await command(lead_ws, "view", slots=slots))["type"] == "ack"
        watching_a = await enter(watching(a, a_media["watch"]))
        await enter(watching(teacher, lead["watch"]))

        def shows(*sources: str | None) -> Any:
            def fits(message: dict[str, Any]) -> bool:
                video = [s for s in message["slots"] if s["kind"] == "video"]
                return [s["source_id"] for s in sorted(video, key=lambda s: s["slot"])] == list(
                    sources
                )

            return fits

        await until(lead_ws, "slots", shows("lead.camera", f"{ROOM_B}.camera"))
        await until(a_ws, "slots", shows("lead.camera", None))
        await command(lead_ws, "stage_invite", participant_id=ROOM_B)
        await until(a_ws, "slots", shows("lead.camera", f"{ROOM_B}.camera"))
        await command(lead_ws, "stage_remove", participant_id=ROOM_B)
        await until(a_ws, "slots", shows("lead.camera", None))
        assert watching_a.video(0).frames > 0
        beyond = await command(a_ws, "view", slots=[{"slot": 9, "source_id": "lead.camera"}])
        assert (beyond["code"], beyond["field"]) == ("bad_view", "slots")


async def test_a_plain_player_sees_the_programme(server: TongkeServer) -> None:
    teacher, lesson, _ = await _live(server)
    external = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/external-access")
    async with AsyncExitStack() as stack:
        # OBS publishes the camera with the external token, players watch without a channel.
        await stack.enter_async_context(publishing(teacher, external["camera"]))
        players = [
            await stack.enter_async_context(watching(teacher, external["programme"]))
            for _ in range(2)
        ]
        await _poll(lambda: all(player.video(0).frames > 2 for player in players))


async def test_a_device_that_sends_b_frames_is_refused_and_the_teacher_is_told_why(
    server: TongkeServer,
) -> None:
    teacher, lesson, _ = await _live(server)
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
        async with asyncio.timeout(10):
            await host.lost.wait()
    await host.close()


async def test_the_end_of_the_lesson_ends_its_media(server: TongkeServer) -> None:
    teacher, lesson, access = await _live(server)
    async with publishing(teacher, access["camera"]) as peer:
        await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
        async with asyncio.timeout(10):
            await peer.lost.wait()
        late = PublishingPeer(
            teacher.http, endpoint_of(teacher, access["camera"]), MediaClock(), video=None
        )
        with pytest.raises(PeerRefused) as refused:
            await late.start()
        await late.transport.close()
        assert refused.value.status == 409


async def test_a_recording_reaches_the_library_for_those_who_may_see_it(
    server: TongkeServer,
) -> None:
    teacher, lesson, access = await _live(server)
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    async with publishing(teacher, access["camera"]) as peer:
        await _poll(lambda: peer.stats.frames.get("h", 0) >= 20)
    ended = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
    recording_id = ended["recording_id"]
    detail = await teacher.call("GET", f"/api/recordings/{recording_id}")
    async with asyncio.timeout(20):
        while detail["summary"]["state"] != "ready":
            await asyncio.sleep(0.1)
            detail = await teacher.call("GET", f"/api/recordings/{recording_id}")
    file = detail["sources"][0]["files"][0]
    researcher = await server.sign_in("jiaoyan")
    for reader in (teacher, room, researcher):
        listed = await reader.call("GET", "/api/recordings?limit=100")
        assert recording_id in {entry["recording_id"] for entry in listed["recordings"]}
        headers = {"Range": "bytes=0-99"}
        async with reader.http.get(reader.base + file["url"], headers=headers) as response:
            assert (response.status, response.content_type) == (206, file["mime"].split(";")[0])
            assert len(await response.read()) == 100
            assert response.headers["Content-Range"].startswith("bytes 0-99/")
    admin = await server.sign_in("xianguan")
    issued = await admin.call("POST", "/api/rooms/leadroom1/device-token")
    stranger = server.client()
    await stranger.terminal_login(device_token=issued["device_token"])
    assert (await stranger.call("GET", "/api/recordings"))["recordings"] == []
    for path in (f"/api/recordings/{recording_id}", file["url"]):
        async with stranger.http.get(stranger.base + path) as response:
            assert response.status == 404
    for name in ("..%2f..%2ftongke.db", "%2e%2e", "manifest.json%00", "archive"):
        url = f"{teacher.base}/media/recordings/{recording_id}/{name}"
        async with teacher.http.get(url) as response:
            assert response.status in {400, 404}


async def test_a_publisher_learns_which_of_its_layers_anybody_takes(server: TongkeServer) -> None:
    teacher, lesson, access = await _live(server)
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    lesson_id = lesson["lesson_id"]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lead = await enter(teacher.channel(lesson_id))
        ws = await enter(room.channel(lesson_id))
        await enter(publishing(teacher, access["camera"], rids=("h", "m", "l")))
        await enter(watching(room, (await room.media_access(lesson_id))["watch"]))
        small = {"slot": 0, "source_id": "lead.camera", "max_layer": "l", "max_height": None}
        await command(ws, "view", slots=[small])
        wanted = await until(lead, "layers_wanted", lambda told: "m" not in told["layers"])
        assert wanted["source_id"] == "lead.camera"
        assert "l" in wanted["layers"]
        large = {**small, "max_layer": "m"}
        await command(ws, "view", slots=[large])
        await until(lead, "layers_wanted", lambda told: "m" in told["layers"])
        again = await enter(teacher.channel(lesson_id))
        assert "m" in (await until(again, "layers_wanted"))["layers"]


async def test_a_room_learns_whether_its_sound_may_be_heard(server: TongkeServer) -> None:
    teacher, lesson, _ = await _live(server)
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    lesson_id = lesson["lesson_id"]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lead = await enter(teacher.channel(lesson_id))
        ws = await enter(room.channel(lesson_id))
        await enter(publishing(room, (await room.media_access(lesson_id))["camera"]))
        assert not (await until(ws, "layers_wanted"))["sound"]
        await command(lead, "stage_invite", participant_id=ROOM_A)
        await until(ws, "stage_changed", lambda told: told["on_stage"] == [ROOM_A])
        assert (await until(ws, "layers_wanted"))["sound"]
        await command(lead, "mute_all", muted=True)
        again = await enter(room.channel(lesson_id))
        assert (await until(again, "layers_wanted"))["sound"]  # it goes on for a while
        assert not (await until(again, "layers_wanted"))["sound"]
        await command(lead, "mute_all", muted=False)
        assert (await until(again, "layers_wanted"))["sound"]


async def test_a_session_that_never_comes_up_leaves_the_one_that_runs_its_wishes(
    server: TongkeServer,
) -> None:
    teacher, lesson, _ = await _live(server)
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    lesson_id = lesson["lesson_id"]
    camera = (await room.media_access(lesson_id))["camera"]
    transport = MediaTransport()
    offer = publish_offer(transport.identity, audio=AudioOffer(1234), video=None).encode()
    await transport.close()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        lead = await enter(teacher.channel(lesson_id))
        ws = await enter(room.channel(lesson_id))
        await enter(publishing(room, camera))
        assert not (await until(ws, "layers_wanted"))["sound"]
        token = camera["token"]
        status, _, headers = await _request(room, "POST", camera["url"], token=token, body=offer)
        assert status == 201
        path = headers["Location"].removeprefix(server.url)
        status, _, _ = await _request(room, "DELETE", path, token=token, body=None, kind=None)
        assert status == 200
        await command(lead, "stage_invite", participant_id=ROOM_A)
        assert (await until(ws, "layers_wanted"))["sound"]
