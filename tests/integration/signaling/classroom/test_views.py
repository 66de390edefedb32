"""Who sees and hears whom in a live room, and what its publishers learn of it, with real peers."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from load_tests.sdp import AudioOffer, publish_offer
from load_tests.transport import MediaTransport
from signaling.command.seed import RECEIVE_ROOMS
from tests.integration.signaling.media.by_hand import ROOM_A, ROOM_B, live, media_request
from tests.support.control import command, read, until
from tests.support.server import TongkeServer
from tests.support.small_media import publishing, watching

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_views_fill_slots_and_rooms_off_stage_stay_unseen_by_other_rooms(
    server: TongkeServer,
) -> None:
    teacher, lesson, lead = await live(server)
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


async def test_a_publisher_learns_which_of_its_layers_anybody_takes(server: TongkeServer) -> None:
    teacher, lesson, access = await live(server)
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
    teacher, lesson, _ = await live(server)
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
    teacher, lesson, _ = await live(server)
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
        status, _, headers = await media_request(
            room, "POST", camera["url"], token=token, body=offer
        )
        assert status == 201
        path = headers["Location"].removeprefix(server.url)
        status, _, _ = await media_request(room, "DELETE", path, token=token, body=None, kind=None)
        assert status == 200
        await command(lead, "stage_invite", participant_id=ROOM_A)
        assert (await until(ws, "layers_wanted"))["sound"]
