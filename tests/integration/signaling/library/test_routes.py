"""A recording in the library over HTTP: who may see it, and its files in ranges."""

import asyncio

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.integration.signaling.media.by_hand import (
    live,
    poll,
)
from tests.support.server import TongkeServer
from tests.support.small_media import publishing

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_recording_reaches_the_library_for_those_who_may_see_it(
    server: TongkeServer,
) -> None:
    teacher, lesson, access = await live(server)
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    async with publishing(teacher, access["camera"]) as peer:
        await poll(lambda: peer.stats.frames.get("h", 0) >= 20)
    ended = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
    recording_id = ended["recording_id"]
    detail = await teacher.call("GET", f"/api/recordings/{recording_id}")
    async with asyncio.timeout(60):
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
