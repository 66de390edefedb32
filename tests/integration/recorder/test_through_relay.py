"""From a publisher's encoder over real sockets, relay, tap and archive to a file that plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from load_tests.impairment import Impairment
from load_tests.media import LayerSpec, LiveAudio, LiveVideo, MediaClock
from load_tests.peer import Endpoint
from load_tests.picture import CameraScene, CoursewareScene, MarkPlan, Scene
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.sound import Babble
from load_tests.verify import FileReport, verify_file
from recorder.api import RecordingState
from relay.config import RelayConfig
from relay.node import RelayNode
from tests.support.recording import FACTS, service

ROOM = "room"
MARKS = MarkPlan(first_s=1.0, interval_s=1.0)
LAYERS = (LayerSpec("l", 160, 90, 80_000), LayerSpec("h", 320, 180, 250_000))
TAUGHT_S = 5.0


@asynccontextmanager
async def whip(relay: RelayNode) -> AsyncIterator[str]:
    """The least of a WHIP server: whoever posts to /<source id> publishes it."""

    async def publish(request: web.Request) -> web.Response:
        answer = relay.publish(
            await request.text(), room_id=ROOM, source_id=request.match_info["source"]
        )
        location = {"Location": f"/sessions/{answer.session_id}", "ETag": f'"{answer.etag}"'}
        return web.Response(status=201, text=answer.sdp, headers=location)

    async def end(request: web.Request) -> web.Response:
        relay.close(request.match_info["session"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/{source}", publish)
    app.router.add_delete("/sessions/{session}", end)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


class Lesson:
    """A relay, a WHIP server, and a publisher's clock."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.clock = MediaClock()
        self._http = http
        self._base = base

    @asynccontextmanager
    async def source(
        self, source_id: str, scene: Scene, codec: str, *, sound: bool, loss: float = 0.0
    ) -> AsyncIterator[PublishingPeer]:
        """Publish a scene for as long as the context lasts."""
        layers = LAYERS if sound else LAYERS[1:]
        rids = tuple(layer.rid for layer in layers) if len(layers) > 1 else ()
        peer = PublishingPeer(
            self._http,
            Endpoint(f"{self._base}/{source_id}", "token"),
            self.clock,
            video=VideoPlan(codec, rids),
            audio=sound,
            send_impairment=Impairment(loss, 3),
        )
        await peer.start()
        video = LiveVideo(scene, layers, self.clock, peer.send_frame, fps=20, codec=codec)
        audio = LiveAudio(Babble(marks=MARKS), self.clock, peer.send_audio)
        peer.on_key_frame_request = video.request_key_frame
        video.start()
        if sound:
            audio.start()
        yield peer
        await video.stop()
        await audio.stop()
        await peer.close()


@asynccontextmanager
async def lesson() -> AsyncIterator[tuple[RelayNode, Lesson]]:
    async with AsyncExitStack() as stack:
        relay = RelayNode(RelayConfig(hosts=("127.0.0.1",)))
        await relay.start()
        stack.push_async_callback(relay.stop)
        base = await stack.enter_async_context(whip(relay))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield relay, Lesson(http, base)


def in_sync(report: FileReport) -> bool:
    return report.av_offset_s is not None and abs(report.av_offset_s) <= 0.04


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_what_is_published_is_what_is_recorded(tmp_path: Path, codec: str) -> None:
    recorder, watcher = service(tmp_path)
    await recorder.start()
    async with lesson() as (relay, taught):
        recording_id = await recorder.begin(relay, ROOM, FACTS)
        camera = CameraScene(320, 180, marks=MARKS)
        slides = CoursewareScene(320, 180, marks=MARKS)
        async with (
            taught.source("lead.camera", camera, codec, sound=True, loss=0.03),
            taught.source("lead.courseware", slides, codec, sound=False),
        ):
            await asyncio.sleep(TAUGHT_S)  # real encoders in real time: a lesson takes its time
        await recorder.end(ROOM)
    await watcher.reached(recording_id, RecordingState.READY)

    manifest = await recorder.manifest(recording_id)
    reports, skews = {}, {}
    for source in manifest.sources:
        (file,) = source.files
        found = await recorder.file(recording_id, file.name)
        assert found.local is not None
        report = verify_file(Path(found.local))
        assert report.video is not None
        assert report.video.decode_errors == 0
        assert report.video.readable == 1.0
        reports[source.source_id] = report
        assert report.video.skew_s is not None
        skews[source.source_id] = report.video.skew_s + file.offset_s
    lead = reports["lead.camera"]
    assert in_sync(lead)
    assert lead.video is not None
    # 3% loss is repaired by retransmission: hardly a picture may be missing.
    pictures = lead.video.pictures
    assert lead.video.missing <= 0.05 * len(pictures)
    first, last = pictures[0].capture_ms, pictures[-1].capture_ms
    assert first is not None
    assert last is not None
    assert lead.video.duration_s == pytest.approx((last - first) / 1000 + 0.05, abs=0.1)
    assert abs(skews["lead.camera"] - skews["lead.courseware"]) <= 0.08
    await recorder.stop()
