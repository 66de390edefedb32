"""FFmpeg's WHIP muxer as the teacher's camera: picture and sound arrive, and its DELETE ends it.

The binary comes with the wheel imageio-ffmpeg; Debian's own FFmpeg has no such muxer yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import imageio_ffmpeg

from load_tests.peer import Endpoint
from load_tests.watch import ViewingPeer
from tests.support.people import lesson_for_devices
from tests.support.recordings import ready_recording
from tests.support.server import TongkeServer

PICTURES, SOUNDS = 25, 50  # a second of each
WAIT_S = 60.0  # patience with a busy machine
PUBLISH_S = 120
SIZE = (640, 360)


@asynccontextmanager
async def publishing(url: str, token: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """FFmpeg, which publishes a test picture and a tone by WHIP until it is interrupted."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "info",
        "-re", "-f", "lavfi", "-i", f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate={PICTURES}",
        "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
        "-t", str(PUBLISH_S),
        "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-bf", "0",
        "-pix_fmt", "yuv420p", "-g", str(PICTURES), "-b:v", "400k",
        "-c:a", "libopus", "-ac", "2", "-ar", "48000", "-b:a", "48k",
        "-f", "whip", "-authorization", token, url,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def received(viewer: ViewingPeer, pictures: int, sounds: int) -> None:
    """Wait until so much has been decoded."""
    enough = asyncio.Event()

    def look(*_: object) -> None:
        video, audio = viewer.decoding("video"), viewer.decoding("audio")
        if video.decoded >= pictures and audio.decoded >= sounds:
            enough.set()

    viewer.on_picture = viewer.on_sound = look
    async with asyncio.timeout(WAIT_S):
        await enough.wait()


async def test_ffmpeg_is_the_camera(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, aiohttp.ClientSession() as http:
        api, lesson, access = await lesson_for_devices(server)
        camera, programme = access["camera"], access["programme"]
        log = tmp_path / "ffmpeg.log"
        async with publishing(api.base + camera["url"], camera["token"], log) as ffmpeg:
            watched = Endpoint(api.base + programme["url"], programme["token"])
            viewer = ViewingPeer(http, watched, decode_video=(0,), decode_audio=True)
            try:
                await viewer.start()
                await received(viewer, PICTURES, SOUNDS)
                seen = viewer.decoding("video")
                assert (seen.width, seen.height) == SIZE
            finally:
                await viewer.close()
            ffmpeg.send_signal(signal.SIGINT)  # as a person would end it
            async with asyncio.timeout(WAIT_S):
                await ffmpeg.wait()
        # FFmpeg says "Failed to read response from DELETE" to every server: it takes the header of
        # that answer for an endless body. The session ended by it all the same.
        path = "/whip/{lesson_id}/sessions/{session_id}"
        deleted = f'"method": "DELETE", "path": "{path}", "status": 200'
        assert deleted in server.log
        await api.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
        detail = await ready_recording(api, lesson["lesson_id"])
        [recorded] = _sources(detail, "lead.camera")
        assert [file["height"] for file in recorded["files"]] == [SIZE[1]]


def _sources(detail: dict[str, Any], source_id: str) -> list[dict[str, Any]]:
    return [one for one in detail["sources"] if one["source_id"] == source_id]
