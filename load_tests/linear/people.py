"""People of lessons in a process of their own: they publish and watch packets, without codecs.

A *whole* lesson has the rates, layers and pictures per second of `participants`. The teacher has a
camera in three layers with sound, courseware, and a wall of four points. A point has its camera
with sound, and sees camera and courseware. A *plain* one is that of `beside`: one camera, with its
sound 300 packets/s, and four points who only watch.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from load_tests.beside.bench import go_first
from load_tests.control import ApiClient
from load_tests.fanout import cancel
from load_tests.linear.county import PASSWORD, POINTS, ROOMS, TEACHER
from load_tests.media import (
    CAMERA_LAYERS,
    COURSEWARE_LAYERS,
    ROOM_LAYERS,
    EncodedAudio,
    LayerSpec,
    MediaClock,
)
from load_tests.packetize import packetize_vp8
from load_tests.participants import CAMERA_FPS, COURSEWARE_FPS, ROOM_FPS
from load_tests.peer import Endpoint
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.watch import ViewingPeer
from signaling.classroom.wire import SlotView

BEAT_S = 0.02  # a packet of Opus
OPUS_BYTES = 80  # 32 kbit/s
SPOKEN_DBOV, QUIET_DBOV = 30, 80  # levels: the teacher speaks, the points listen
AUDIO_SLOTS = 3  # of each viewer
PLAIN_LAYERS = (LayerSpec("h", 1280, 720, 2_250_000),)  # at 20 pictures/s 12 packets each
_KEY, _DELTA = b"\x10\x02\x00\x9d\x01\x2a", b"\x11\x02\x00"  # RFC 6386 §9.1, up to the size


class SourceFeeder:
    """Publishes pictures of a steady size in each layer, and sound; key frames when asked."""

    def __init__(
        self,
        peer: PublishingPeer,
        clock: MediaClock,
        layers: Sequence[LayerSpec],
        fps: int,
        level_dbov: int | None,
    ) -> None:
        self._peer = peer
        self._clock = clock
        self._layers = layers
        self._fps = fps
        self._level_dbov = level_dbov  # None: no sound
        self._key_due = {layer.rid for layer in layers}
        self._pictures = 0
        filler = random.Random(1)
        self._filler = {one.rid: filler.randbytes(frame_bytes(one, fps)) for one in layers}
        self._opus = filler.randbytes(OPUS_BYTES)
        peer.on_key_frame_request = self._key_due.add

    async def run(self) -> None:
        """Send until cancelled."""
        start = self._clock.now()
        beat = 0
        while True:
            at = start + beat * BEAT_S
            await asyncio.sleep(max(0.0, at - self._clock.now()))
            self.send(at - start, at)
            beat += 1

    def send(self, elapsed_s: float, capture_s: float) -> None:
        """Send what is due after some time."""
        if self._level_dbov is not None:
            self._peer.send_audio(EncodedAudio(capture_s, self._opus, self._level_dbov))
        while self._pictures <= elapsed_s * self._fps:
            for layer in self._layers:
                self._send_picture(layer, capture_s)
            self._pictures += 1

    def _send_picture(self, layer: LayerSpec, capture_s: float) -> None:
        head = _DELTA
        if layer.rid in self._key_due:
            self._key_due.discard(layer.rid)
            head = _KEY + struct.pack("<HH", layer.width, layer.height)
        frame = head + self._filler[layer.rid][len(head) :]
        payloads = packetize_vp8(frame, self._pictures & 0x7FFF)
        self._peer.send_payloads(layer.rid, payloads, capture_s)


def frame_bytes(layer: LayerSpec, fps: int) -> int:
    """The size of each picture of a layer."""
    return layer.bitrate // 8 // fps


class LessonPeople:
    """The five participants of one lesson."""

    def __init__(self, url: str, lesson_id: str, join_code: str, *, plain: bool) -> None:
        self._url = url
        self._plain = plain
        self._lesson_id = lesson_id
        self._join_code = join_code
        self._stack = AsyncExitStack()
        self.publishers: list[PublishingPeer] = []
        self.viewers: list[ViewingPeer] = []

    async def enter(self) -> None:
        """Come in, one after the other: the points first, so that the wall has what to show."""
        for room in ROOMS:
            await self._enter_room(room)
        client = await self._stack.enter_async_context(ApiClient(self._url))
        await client.login(TEACHER, PASSWORD)
        await self._join(client)
        access = await client.media_access(self._lesson_id)
        assert access.camera is not None
        assert access.courseware is not None
        layers = PLAIN_LAYERS if self._plain else CAMERA_LAYERS
        camera, courseware = client.endpoint(access.camera), client.endpoint(access.courseware)
        await self._publish(client, camera, layers, CAMERA_FPS, SPOKEN_DBOV)
        if not self._plain:
            await self._publish(client, courseware, COURSEWARE_LAYERS, COURSEWARE_FPS, None)
            await self._watch(client, [f"room-{room}.camera" for room in ROOMS])

    async def leave(self) -> None:
        """Close everything."""
        await self._stack.aclose()

    async def _enter_room(self, room: str) -> None:
        client = await self._stack.enter_async_context(ApiClient(self._url))
        await client.terminal_login(join_code=self._join_code, room_id=room)
        await self._join(client)
        if self._plain:
            await self._watch(client, ["lead.camera"])
            return
        access = await client.media_access(self._lesson_id)
        assert access.camera is not None
        endpoint = client.endpoint(access.camera)
        await self._publish(client, endpoint, ROOM_LAYERS, ROOM_FPS, QUIET_DBOV)
        await self._watch(client, ["lead.camera", "lead.courseware"])

    async def _join(self, client: ApiClient) -> None:
        self._control = await client.control(self._lesson_id)
        self._stack.push_async_callback(self._control.close)

    async def _watch(self, client: ApiClient, shown: Sequence[str]) -> None:
        """Watch sources in the first slots, as the participant who joined last."""
        slots = (SlotView(slot=slot, source_id=one) for slot, one in enumerate(shown))
        await self._control.view(*slots)
        access = await client.media_access(self._lesson_id)
        assert access.watch is not None
        viewer = ViewingPeer(
            client.http,
            client.endpoint(access.watch),
            video_slots=POINTS,
            audio_slots=AUDIO_SLOTS,
            count_only=True,
        )
        await viewer.start()
        self._stack.push_async_callback(viewer.close)
        self.viewers.append(viewer)

    async def _publish(
        self,
        client: ApiClient,
        endpoint: Endpoint,
        layers: Sequence[LayerSpec],
        fps: int,
        level_dbov: int | None,
    ) -> None:
        clock = MediaClock()
        rids = tuple(one.rid for one in layers) if len(layers) > 1 else ()
        plan = VideoPlan("VP8", rids)
        peer = PublishingPeer(
            client.http, endpoint, clock, video=plan, audio=level_dbov is not None
        )
        await peer.start()
        self._stack.push_async_callback(peer.close)
        self.publishers.append(peer)
        feeder = SourceFeeder(peer, clock, layers, fps, level_dbov)
        task = asyncio.create_task(feeder.run())
        self._stack.push_async_callback(cancel, task)


async def lesson_people() -> None:
    """The child process: orders come by stdin, reports go by stdout, one JSON object a line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orders = json.loads(await reader.readline())
    lessons = [
        LessonPeople(orders["url"], *one, plain=orders["plain"]) for one in orders["lessons"]
    ]
    try:
        for lesson in lessons:
            await lesson.enter()
        go_first()
        print(json.dumps({"kind": "ready"}), flush=True)
        while await reader.readline():
            print(json.dumps(_counts(lessons)), flush=True)
    finally:
        for lesson in lessons:
            await lesson.leave()


def _counts(lessons: Sequence[LessonPeople]) -> dict[str, Any]:
    slots = [slot for one in lessons for peer in one.viewers for slot in peer.counts.values()]
    return {
        "kind": "counts",
        "at": time.monotonic(),
        "published": sum(peer.stats.packets for one in lessons for peer in one.publishers),
        "received": sum(slot.packets for slot in slots),
        "lost": sum(slot.lost for slot in slots),
    }
