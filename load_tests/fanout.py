"""Cost of forwarding: one publisher, many viewers that only count, the server's CPU per packet.

Three processes run, so that neither feeder nor counters starve the server or each other. They are
the server, this one (the feeder), and a child that holds the viewers and reports in JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.media import EncodedAudio, MediaClock
from load_tests.packetize import MAX_PAYLOAD_BYTES, packetize_vp8
from load_tests.participants import start_bare_lesson
from load_tests.peer import Endpoint
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.server import ServerProcess, Usage
from load_tests.watch import ViewingPeer
from relay import IS_COMPILED

AUDIO_PPS = 50  # Opus, 20 ms
FRAMES_PER_S = 50  # small frames spread the packets as a pacing sender would
OPUS_SILENCE = b"\xf8\xff\xfe"  # RFC 7587 example of a DTX-like 20 ms frame
SETTLE_S = 8.0  # then every viewer's estimate is beyond what it wants, as for the rest of a lesson
MAX_FRAME_PACKETS = 100  # what the highest --pps needs
KEY_FRAME_HEAD = b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02"  # RFC 6386 §9.1: 1280×720
DELTA_FRAME_HEAD = b"\x11\x02\x00"


class Feeder:
    """Publishes packets at a fixed rate in VP8's shape, with key frames when asked; no encoder."""

    def __init__(
        self,
        peer: PublishingPeer,
        clock: MediaClock,
        video_pps: int,
        *,
        silent: bool = False,
        frames_per_s: int = FRAMES_PER_S,
    ) -> None:
        """Make it; `run` sends.

        Args:
            peer: sends the packets.
            clock: of the publisher.
            video_pps: packets of picture per second.
            silent: without sound, as recorder hosts publish.
            frames_per_s: pictures per second; a multiple of the packets of sound.
        """
        self._frames_per_s = frames_per_s
        self._beats_per_sound = frames_per_s // AUDIO_PPS
        self._silent = silent
        self._peer = peer
        self._clock = clock
        self._video_pps = video_pps
        self._key_due = True
        self._picture_id = 0
        self._owed = 0.0
        self._filler = random.Random(1).randbytes(MAX_PAYLOAD_BYTES * MAX_FRAME_PACKETS)
        peer.on_key_frame_request = self._on_request

    def _on_request(self, _rid: str) -> None:
        self._key_due = True

    async def run(self) -> None:
        """Send until cancelled."""
        beat = int(self._clock.now() * self._frames_per_s) + 1
        while True:
            at = beat / self._frames_per_s
            await asyncio.sleep(max(0.0, at - self._clock.now()))
            self._send_frame(at)
            if not self._silent and beat % self._beats_per_sound == 0:
                self._peer.send_audio(EncodedAudio(at, OPUS_SILENCE, 30))
            beat += 1

    def _send_frame(self, capture_s: float) -> None:
        self._owed += self._video_pps / self._frames_per_s
        packets, self._owed = int(self._owed), self._owed - int(self._owed)
        if packets == 0:
            return
        head = KEY_FRAME_HEAD if self._key_due else DELTA_FRAME_HEAD
        self._key_due = False
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        frame = head + self._filler[: packets * MAX_PAYLOAD_BYTES - len(head)]
        self._peer.send_payloads("h", packetize_vp8(frame, self._picture_id), capture_s)


async def fanout(*, viewers: int, pps: int, seconds: float, silent: bool = False) -> dict[str, Any]:
    """Measure; returns the figures of the JSON line.

    Args:
        viewers: how many watch.
        pps: packets per second of the one source, sound included.
        seconds: how long to measure.
        silent: the source is a camera without sound.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess())
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lesson = await start_bare_lesson(client)
        access = await client.media_access(lesson.lesson_id)
        external = await client.external_access(lesson.lesson_id)
        assert access.camera is not None
        clock = MediaClock()
        peer = PublishingPeer(
            client.http,
            client.endpoint(access.camera),
            clock,
            audio=not silent,
            video=VideoPlan("VP8", ()),
        )
        await peer.start()
        stack.push_async_callback(peer.close)
        video_pps = pps if silent else pps - AUDIO_PPS
        feeder = asyncio.create_task(Feeder(peer, clock, video_pps, silent=silent).run())
        stack.push_async_callback(cancel, feeder)
        empty = server.usage()
        programme = client.endpoint(external.programme)
        orders = {"url": programme.url, "token": programme.token, "viewers": viewers}
        child = await stack.enter_async_context(Child("watchers", orders))
        await child.expect("ready")
        await asyncio.sleep(SETTLE_S)
        await child.tell("begin")
        first = await child.expect("counts")
        before, sent_before = server.usage(), peer.stats.packets
        await asyncio.sleep(seconds)
        await child.tell("end")
        after, sent_after = server.usage(), peer.stats.packets
        last = await child.expect("counts")
        return _figures(
            viewers, pps, empty, before, after, first, last, sent=sent_after - sent_before
        )


def _figures(
    viewers: int,
    pps: int,
    empty: Usage,
    before: Usage,
    after: Usage,
    first: Mapping[str, Any],
    last: Mapping[str, Any],
    *,
    sent: int,
) -> dict[str, Any]:
    span = last["at"] - first["at"]
    forwarded = last["packets"] - first["packets"]
    cpu_s = after.cpu_s - before.cpu_s
    cpu_span = after.taken_at - before.taken_at
    return {
        "test": "fanout",
        "compiled_core": IS_COMPILED,
        "viewers": viewers,
        "pps_wanted": pps,
        "first_picture_s": last["first_picture_s"],
        "without_picture": last["without_picture"],
        "seconds": round(span, 2),
        "pps_published": round(sent / cpu_span, 1),
        "pps_per_viewer": round(forwarded / span / viewers, 1),
        "forwarded_per_s": round(forwarded / span),
        "lost": last["lost"] - first["lost"],
        "cpu_us_per_packet": round(cpu_s / cpu_span / (forwarded / span) * 1e6, 2)
        if forwarded
        else None,
        "server_cpu_percent": round(100 * cpu_s / cpu_span, 1),
        "rss_mib": round(after.rss_bytes / 2**20, 1),
        "rss_kib_per_viewer": round((after.rss_bytes - empty.rss_bytes) / 1024 / viewers, 1),
    }


# --- the child: viewers that only count ---------------------------------------------------------


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def watchers() -> None:
    """The child process: orders come by stdin, reports go by stdout, one JSON object a line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orders = json.loads(await reader.readline())
    endpoint = Endpoint(orders["url"], orders["token"])
    async with aiohttp.ClientSession() as http:
        peers: list[ViewingPeer] = []
        try:
            for _ in range(orders["viewers"]):
                peer = ViewingPeer(http, endpoint, count_only=True)
                await peer.start()
                peers.append(peer)
            print(json.dumps({"kind": "ready"}), flush=True)
            while await reader.readline():
                print(json.dumps(_counts(peers)), flush=True)
        finally:
            for peer in peers:
                await peer.close()


def _counts(peers: list[ViewingPeer]) -> dict[str, Any]:
    slots = [slot for peer in peers for slot in peer.counts.values()]
    waits = [wait for peer in peers if (wait := peer.first_picture_s) is not None]
    return {
        # The slowest viewer's, and how many viewers have none so far.
        "first_picture_s": round(max(waits), 3) if waits else None,
        "without_picture": len(peers) - len(waits),
        "kind": "counts",
        "at": time.monotonic(),
        "packets": sum(slot.packets for slot in slots),
        "lost": sum(slot.lost for slot in slots),
    }
