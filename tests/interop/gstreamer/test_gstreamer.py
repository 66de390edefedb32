"""GStreamer as the teacher's camera and as a player: a WebRTC stack that is not a browser's.

Run by `make interop-gst`; needs the system's Python with GStreamer's bindings.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import browsers
from tests.support.capture import room_capture
from tests.support.people import ClassroomSeat, lesson_for_devices
from tests.support.recordings import ready_recording
from tests.support.server import Client, TongkeServer

pytestmark = pytest.mark.gstreamer
PYTHON = "/usr/bin/python3"
CLIENT = Path(__file__).with_name("client.py")
WATCH_S, PUBLISH_S = 3.0, 120.0
FPS, OPUS_PER_S = 25, 50
ROOM = "shanquan1"
END_TIMEOUT_S = 60.0


class GstClient:
    """One run of `client.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, role: str, endpoint: dict[str, Any], api: Client, *options: str
    ) -> GstClient:
        """Start it; returns when it is connected."""
        process = await asyncio.create_subprocess_exec(
            PYTHON, str(CLIENT), role, api.base + endpoint["url"], endpoint["token"], *options,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        heard = b""
        async with asyncio.timeout(END_TIMEOUT_S):
            while b"connected" not in (line := await process.stderr.readline()):
                heard += line
                assert line, heard.decode()
        return cls(process)

    async def ends(self) -> dict[str, Any]:
        """What it tells at its end."""
        async with asyncio.timeout(END_TIMEOUT_S):
            told, complained = await self._process.communicate()
        assert self._process.returncode == 0, (told, complained)
        result: dict[str, Any] = json.loads(told)
        return result

    async def stop(self) -> dict[str, Any]:
        """End it before its time, as a person would."""
        self._process.terminate()
        return await self.ends()

    async def kill(self) -> None:
        """Whatever happened, it does not stay."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def publishing(api: Client, endpoint: dict[str, Any], codec: str) -> AsyncIterator[GstClient]:
    client = await GstClient.start(
        "publish", endpoint, api, "--codec", codec, "--seconds", str(PUBLISH_S)
    )
    try:
        yield client
    finally:
        await client.kill()


@pytest.mark.parametrize("codec", ["vp8", "h264", "h264-sprop"])
async def test_gstreamer_is_the_camera_and_a_player(
    codec: str, tmp_path: Path, capture_folder: Path
) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as seats:
        api, lesson, access = await lesson_for_devices(server)
        async with publishing(api, access["camera"], codec) as camera:
            room = await ClassroomSeat.arrive(
                server, seats, lesson, ROOM, room_capture(capture_folder, 440)
            )
            await room.enter()
            await room.picture("lead-video", 360)
            player = await GstClient.start(
                "watch", access["programme"], api, "--seconds", str(WATCH_S)
            )
            try:
                seen = await player.ends()
            finally:
                await player.kill()
            assert seen["size"] == [640, 360]
            assert seen["video"] >= 0.5 * WATCH_S * FPS
            assert seen["audio"] >= 0.5 * WATCH_S * OPUS_PER_S
            rows = await room.inbound("video")
            assert sum(row["framesDecoded"] for row in rows) >= WATCH_S * FPS * 0.5
            sent = await camera.stop()
            assert sent["pli-count"] >= 1  # who came late asked for a picture and got one
            assert sent["sprop"] is (codec != "vp8")
        await api.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
        detail = await ready_recording(api, lesson["lesson_id"])
        [recorded] = [one for one in detail["sources"] if one["source_id"] == "lead.camera"]
        assert [file["height"] for file in recorded["files"]] == [360]
        assert recorded["files"][0]["duration_s"] >= WATCH_S
        assert "Traceback" not in server.log
