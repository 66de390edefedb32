"""The measurement: delay of the hop, and processor time at the owner and at the edge.

Two processes hold a relay each. This one publishes, and watches at both. Each packet carries the
time of its sending, which names it as well. The hop's share is the difference of the arrivals of
one packet at the edge's viewer and at the owner's, both stamped by the kernel.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from load_tests.beside.figures import percentile, sent_at, stamped
from load_tests.child import Child
from load_tests.fanout import AUDIO_PPS, SETTLE_S, Feeder, cancel
from load_tests.media import MediaClock
from load_tests.peer import Endpoint
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.rtp import RtpPacket
from load_tests.server import process_cpu_s
from load_tests.watch import ViewingPeer

GOAL_MS = 10.0  # ms: what a hop may add at most, in 95 of 100 packets


@dataclass
class Seen:
    """Arrivals at one relay's viewer, by the time of sending; empty while nothing is measured."""

    measuring: bool = False
    at: dict[float, float] = field(default_factory=dict)


class Cascade:
    """The two relays, the publisher and the viewers."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._seen = {"owner": Seen(), "edge": Seen()}
        self._urls: dict[str, str] = {}
        self._pids: dict[str, int] = {}
        self._sent = 0

    async def __aenter__(self) -> Cascade:
        await self._stack.__aenter__()
        for name, before in (("edge", None), ("owner", "edge")):
            orders = {"other": self._urls.get(before or "")}
            child = await self._stack.enter_async_context(Child("cascaded", orders))
            ready = await child.expect("ready")
            self._urls[name], self._pids[name] = ready["url"], ready["pid"]
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._stack.__aexit__(*exc)

    async def publish(self, pps: int) -> None:
        """Publish one source at the owner, in so many packets a second, sound included."""
        clock = MediaClock()
        peer = PublishingPeer(
            self._http,
            Endpoint(f"{self._urls['owner']}/whip", ""),
            clock,
            video=VideoPlan("VP8", ()),
        )
        peer.on_send = self._on_send
        await peer.start()
        self._stack.push_async_callback(peer.close)
        feeder = asyncio.create_task(Feeder(peer, clock, pps - AUDIO_PPS).run())
        self._stack.push_async_callback(cancel, feeder)

    def _on_send(self, packet: RtpPacket) -> None:
        self._sent += 1
        packet.payload = stamped(packet.payload, time.time())

    async def watch(self, where: str, *, timed: bool) -> None:
        """Add a viewer; a timed one takes down its arrivals, others only count."""
        endpoint = Endpoint(f"{self._urls[where]}/whep", "")
        viewer = ViewingPeer(self._http, endpoint, stamped=timed, count_only=not timed)
        if timed:
            seen = self._seen[where]

            def take(_kind: str, _slot: int, packet: RtpPacket) -> None:
                sent = sent_at(packet.payload) if seen.measuring else None
                if sent is not None:
                    seen.at.setdefault(sent, viewer.transport.arrived_at)

            viewer.on_packet = take
        await viewer.start()
        self._stack.push_async_callback(viewer.close)

    async def stats(self, where: str) -> dict[str, Any]:
        """Figures of one relay."""
        async with self._http.get(f"{self._urls[where]}/stats") as reply:
            figures: dict[str, Any] = await reply.json()
            return figures

    async def phase(self, seconds: float) -> dict[str, Any]:
        """Let everything settle, then measure."""
        await asyncio.sleep(SETTLE_S)
        for seen in self._seen.values():
            seen.at.clear()
            seen.measuring = True
        before, cpu = await self.stats("owner"), self._cpu()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        span = time.monotonic() - began
        used = {name: value - cpu[name] for name, value in self._cpu().items()}
        after = await self.stats("owner")
        await asyncio.sleep(0.2)  # the last packets are under way
        for seen in self._seen.values():
            seen.measuring = False
        return {
            "span": span,
            "cpu_s": used,
            "piped": after["pipe"]["packets"] - before["pipe"]["packets"],
            "repairs": after["pipe"]["repairs"] - before["pipe"]["repairs"],
        }

    def _cpu(self) -> dict[str, float]:
        return {name: process_cpu_s(pid) for name, pid in self._pids.items()}

    def hop_ms(self) -> dict[str, float]:
        """The hop's share of the delay in the last phase."""
        owner, edge = self._seen["owner"].at, self._seen["edge"].at
        added = sorted(1000 * (edge[sent] - at) for sent, at in owner.items() if sent in edge)
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        figures = {name: round(percentile(added, share), 2) for name, share in shares.items()}
        return {**figures, "packets": len(added), "missing": len(owner) - len(added)}


async def cascade(*, viewers: int, pps: int, seconds: float) -> dict[str, Any]:
    """Measure; returns the figures of the JSON line.

    Args:
        viewers: at the edge, in the last phase.
        pps: packets per second of the one source, sound included.
        seconds: length of each phase.
    """
    async with Cascade() as lesson:
        await lesson.publish(pps)
        alone = await lesson.phase(seconds)  # nobody watches: nothing is piped
        await lesson.watch("edge", timed=True)
        piped = await lesson.phase(seconds)
        await lesson.watch("owner", timed=True)
        await lesson.phase(seconds)
        hop = lesson.hop_ms()
        for _ in range(viewers - 1):
            await lesson.watch("edge", timed=False)
        crowd = await lesson.phase(seconds)
        compiled = (await lesson.stats("owner"))["compiled"]
        added = piped["cpu_s"]["owner"] / piped["span"] - alone["cpu_s"]["owner"] / alone["span"]
        rate = piped["piped"] / piped["span"]
        return {
            "test": "cascade",
            "compiled_core": compiled,
            "viewers": viewers,
            "pps": pps,
            "hop_ms": hop,
            "within_goal": hop["p95"] <= GOAL_MS,
            "piped_per_s": {
                "nobody": round(alone["piped"] / alone["span"], 1),
                "one viewer": round(rate, 1),
                "all viewers": round(crowd["piped"] / crowd["span"], 1),
            },
            "repairs": piped["repairs"] + crowd["repairs"],
            "owner_us_per_piped_packet": round(1e6 * added / rate, 1) if rate else None,
            "owner_cpu_percent": _percent(crowd, "owner"),
            "edge_cpu_percent": _percent(crowd, "edge"),
        }


def _percent(phase: dict[str, Any], name: str) -> float:
    used: float = phase["cpu_s"][name] / phase["span"]
    return round(100 * used, 1)
