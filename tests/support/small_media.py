"""Publishers and viewers of next to no media: one small key frame over and over, and some sound."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import av
import numpy as np

from load_tests.media import EncodedAudio, EncodedFrame, LayerSpec, MediaClock, VideoEncoder
from load_tests.peer import Endpoint
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.watch import ViewingPeer
from tests.support.server import Client


def _key_frame() -> bytes:
    encoder = VideoEncoder("VP8", LayerSpec("h", 160, 96, 100_000), 20)
    picture = np.full((96 * 3 // 2, 160), 128, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
    for number in range(10):
        for encoded in encoder.encode(frame, number / 20, number, key=True):
            return encoded.data
    raise AssertionError("the encoder made no picture")


KEY_FRAME = _key_frame()


@asynccontextmanager
async def publishing(
    client: Client, endpoint: dict[str, Any], rids: tuple[str, ...] = ()
) -> AsyncIterator[PublishingPeer]:
    """A publisher that sends a key frame (in each layer) and a bit of sound 20 times a second."""
    clock = MediaClock()
    plan = VideoPlan(rids=rids)
    peer = PublishingPeer(client.http, endpoint_of(client, endpoint), clock, video=plan)
    await peer.start()

    async def send() -> None:
        for number in range(10_000):
            now = clock.now()
            for rid in rids or ("h",):
                peer.send_frame(EncodedFrame("VP8", rid, now, number, KEY_FRAME, True))
            peer.send_audio(EncodedAudio(now, b"\xf8\xff\xfe", 20))
            await asyncio.sleep(0.05)

    sender = asyncio.create_task(send())
    try:
        yield peer
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
        await peer.close()


@asynccontextmanager
async def watching(
    client: Client, endpoint: dict[str, Any], *, transport_cc: bool = True
) -> AsyncIterator[ViewingPeer]:
    """A viewer with two video slots and one for sound."""
    peer = ViewingPeer(
        client.http,
        endpoint_of(client, endpoint),
        video_slots=2,
        audio_slots=1,
        transport_cc=transport_cc,
    )
    await peer.start()
    try:
        yield peer
    finally:
        await peer.close()


def endpoint_of(client: Client, endpoint: dict[str, Any]) -> Endpoint:
    """An endpoint of `MediaAccess`, as peers take it."""
    return Endpoint(client.base + endpoint["url"], endpoint["token"])
