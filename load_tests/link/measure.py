"""Does the emulator keep up? Real packets through real devices, against what the plan says."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from typing import Any

from load_tests.link.emulator import Emulator
from load_tests.link.forwarder import GOOD_ADDRESS, POOR_ADDRESS
from load_tests.link.namespaces import socket_in
from load_tests.link.path import SLICE_S
from load_tests.link.plan import LinkPlan, PathPlan, RateStep

PACKET_BYTES = 1200
PORT = 4000
IP_UDP_BYTES = 28
RATE_KBPS, LOSS, DELAY_MS = 1500.0, 0.03, 30.0
SO_TIMESTAMPNS = 35  # asm-generic/socket.h
OVERLOAD = 1.3  # offered to the limited link, times its rate


class _Receiver(threading.Thread):
    """Notes delay and size of everything that arrives."""

    def __init__(self, namespace: str) -> None:
        super().__init__(name="measure-in", daemon=True)
        self._socket = socket_in(namespace, socket.SOCK_DGRAM)
        self._socket.bind((POOR_ADDRESS, PORT))
        self._socket.settimeout(0.5)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.stopping = threading.Event()
        self.delays_s: list[float] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                data, ancillary, _, _ = self._socket.recvmsg(2048, 64)
            except TimeoutError:
                continue
            # The kernel's own time of arrival: when this thread wakes says nothing of the link.
            seconds, nanoseconds = struct.unpack_from("@ll", ancillary[0][2])
            arrived_s = seconds + nanoseconds / 1e9
            self.delays_s.append(arrived_s - struct.unpack_from("!d", data)[0])
        self._socket.close()


def _send(namespace: str, kbps: float, seconds: float) -> int:
    """Send at an even pace; returns the number of packets."""
    with socket_in(namespace, socket.SOCK_DGRAM) as sender:
        gap_s = (PACKET_BYTES + IP_UDP_BYTES) * 8 / (kbps * 1000)
        start, sent = time.monotonic(), 0
        while sent * gap_s < seconds:
            ahead = start + sent * gap_s - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            data = struct.pack("!d", time.time()).ljust(PACKET_BYTES, b"\0")
            sender.sendto(data, (POOR_ADDRESS, PORT))
            sent += 1
    return sent


async def _trial(plan: PathPlan, kbps: float, seconds: float) -> dict[str, Any]:
    async with Emulator(LinkPlan(down=plan, up=PathPlan())) as link:
        receiver = _Receiver(link.poor)
        receiver.start()
        await link.begin()
        sent = await asyncio.to_thread(_send, link.good, kbps, seconds)
        await asyncio.sleep(0.5 + plan.delay_ms / 1000)
        receiver.stopping.set()
        await asyncio.to_thread(receiver.join)
        report = await link.end()
    delays = sorted(receiver.delays_s)
    down = report.down
    steady = [one.media_bytes for one in down.slices if 0.5 < one.at_s <= seconds - 0.5]
    return {
        "sent": sent,
        "received": len(delays),
        "dropped_queue": down.dropped_queue,
        "dropped_loss": down.dropped_loss,
        "kbps": round(sum(steady) * 8 / (len(steady) * SLICE_S) / 1000),
        "delay_ms_p1": round(delays[len(delays) // 100] * 1000, 3),
        "delay_ms_p50": round(delays[len(delays) // 2] * 1000, 3),
        "delay_ms_p99": round(delays[len(delays) * 99 // 100] * 1000, 3),
        "delay_ms_max": round(delays[-1] * 1000, 3),
        "late_ms_p99": report.late_ms_p99,
        "late_ms_max": report.late_ms_max,
        "cpu_share": round(report.cpu_s / seconds, 3),
        "counters_agree": sent
        == len(delays) + down.dropped_queue + down.dropped_loss + down.dropped_outage,
    }


async def measure(*, seconds: float) -> dict[str, Any]:
    """An open link at 5 and 20 Mbit/s, and a limited, lossy one that is offered too much."""
    limited = PathPlan(rate=(RateStep(0, RATE_KBPS),), loss=LOSS, delay_ms=DELAY_MS)
    return {
        "addresses": [GOOD_ADDRESS, POOR_ADDRESS],
        "open_5_mbps": await _trial(PathPlan(), 5_000, seconds),
        "open_20_mbps": await _trial(PathPlan(), 20_000, seconds),
        "limited_1500_kbps": await _trial(limited, RATE_KBPS * OVERLOAD, seconds),
    }
