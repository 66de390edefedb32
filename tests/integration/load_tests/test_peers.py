"""The synthetic peers against a foreign WebRTC stack: aiortc's peer connection, real sockets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from fractions import Fraction

import aiohttp
import av
import pytest
from aiohttp import web
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from load_tests.impairment import Impairment
from load_tests.media import LayerSpec, LiveAudio, LiveVideo, MediaClock
from load_tests.peer import Endpoint, PeerRefused
from load_tests.picture import CameraScene
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.sound import Babble
from load_tests.watch import ViewingPeer

TIMEOUT_S = 60


class FilmTrack(MediaStreamTrack):
    """aiortc's way of sending: the same scene, twenty pictures a second."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self._scene, self._number = CameraScene(320, 180), 0

    async def recv(self):
        await asyncio.sleep(0.05)
        self._number += 1
        picture = self._scene.draw(self._number / 20, self._number)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = self._number * 4500, Fraction(1, 90_000)
        return frame


class Foreign:
    """An aiortc peer connection behind a minimal WHIP/WHEP resource."""

    def __init__(self):
        self.connection = RTCPeerConnection()
        self.deleted = asyncio.Event()
        self.received: dict[str, int] = {}
        self.changed = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.connection.on("track", self._on_track)

    def _on_track(self, track):
        async def count():
            while True:
                await track.recv()
                self.received[track.kind] = self.received.get(track.kind, 0) + 1
                self.changed.set()

        self.tasks.append(asyncio.create_task(count()))

    async def answer(self, request):
        if request.headers["Authorization"] != "Bearer token":
            return web.json_response({"code": "unauthorized"}, status=401)
        offer = RTCSessionDescription(await request.text(), "offer")
        await self.connection.setRemoteDescription(offer)
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return web.Response(
            status=201,
            text=self.connection.localDescription.sdp,
            headers={"Location": "/session", "ETag": '"1"'},
        )

    async def delete(self, _request):
        self.deleted.set()
        return web.Response()

    async def close(self):
        await self.connection.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def foreign():
    async with AsyncExitStack() as stack:
        peer = Foreign()
        stack.push_async_callback(peer.close)
        app = web.Application()
        app.router.add_post("/media", peer.answer)
        app.router.add_delete("/session", peer.delete)
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield peer, http, f"http://127.0.0.1:{port}/media"


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_foreign_stack_decodes_what_we_publish(foreign, codec):
    peer, http, url = foreign
    clock = MediaClock()
    publisher = PublishingPeer(http, Endpoint(url, "token"), clock, video=VideoPlan(codec, ()))
    await publisher.start()
    layer = LayerSpec("h", 320, 180, 200_000)
    video = LiveVideo(CameraScene(320, 180), (layer,), clock, publisher.send_frame, codec=codec)
    audio = LiveAudio(Babble(), clock, publisher.send_audio)
    publisher.on_key_frame_request = video.request_key_frame
    video.start()
    audio.start()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while min(peer.received.get(kind, 0) for kind in ("audio", "video")) < 10:
                await peer.changed.wait()
                peer.changed.clear()
    finally:
        await video.stop()
        await audio.stop()
        await publisher.close()
    assert peer.deleted.is_set()
    assert publisher.stats.frames["h"] >= 10


async def test_we_decode_what_a_foreign_stack_sends(foreign):
    peer, http, url = foreign
    peer.connection.addTrack(FilmTrack())
    viewer = ViewingPeer(
        http, Endpoint(url, "token"), audio_slots=0, codecs=("VP8",), decode_video=(0,),
        receive_impairment=Impairment(0.05, 4),
    )  # fmt: skip
    numbers = []
    enough = asyncio.Event()

    def see(picture):
        assert picture.marks is not None
        numbers.append(picture.marks.number)
        if len(numbers) >= 20:
            enough.set()

    viewer.on_picture = see
    await viewer.start()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await enough.wait()
    finally:
        await viewer.close()
    assert numbers == sorted(set(numbers))
    assert viewer.decoding("video").errors == 0
    assert viewer.video().first_frame_at is not None


async def test_a_refusal_says_why(foreign):
    _peer, http, url = foreign
    viewer = ViewingPeer(http, Endpoint(url, "wrong"))
    with pytest.raises(PeerRefused, match="unauthorized"):
        await viewer.start()
    await viewer.close()
