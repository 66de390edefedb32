"""One direction of a link as a pure machine: packets in, the time of their arrival out."""

from __future__ import annotations

import random
from collections import deque
from enum import Enum

from load_tests.link.plan import PathPlan, PathReport, Slice

SLICE_S = 0.1
MAX_SLICES = 36_000  # an hour


class Traffic(Enum):
    """Owners of packets."""

    MEDIA = 0
    CROSS = 1
    OTHER = 2


_IPV4, _IPV6 = 4, 6
_TCP, _UDP = 6, 17


def classify(packet: bytes, cross_port: int) -> Traffic:
    """Find the owner of a packet: UDP is media, TCP of `cross_port` competes."""
    version = packet[0] >> 4 if packet else 0
    if version == _IPV4 and len(packet) >= 20:
        protocol, header = packet[9], (packet[0] & 0xF) * 4
    elif version == _IPV6 and len(packet) >= 40:
        protocol, header = packet[6], 40
    else:
        return Traffic.OTHER
    if protocol == _UDP:
        return Traffic.MEDIA
    if protocol == _TCP and cross_port and len(packet) >= header + 4:
        ports = packet[header : header + 2], packet[header + 2 : header + 4]
        if cross_port.to_bytes(2, "big") in ports:
            return Traffic.CROSS
    return Traffic.OTHER


class Path:
    """Loss, then a drop-tail queue before a link of some rate, then propagation.

    Times are seconds since the plan's start and must not go backwards.
    """

    def __init__(self, plan: PathPlan, seed: int) -> None:
        self._plan = plan
        self._random = random.Random(seed)
        self._bad = False
        self._free_s = 0.0  # when the last accepted packet is through the link
        self._last_arrival_s = 0.0
        self._waiting: deque[tuple[float, int, Traffic]] = deque()  # not through the link yet
        self._waiting_bytes = 0
        self._passed = self._passed_bytes = 0
        self._dropped_queue = self._dropped_loss = self._dropped_outage = 0
        self._slices: list[Slice] = []
        self._slice_end_s = SLICE_S
        self._slice_wait_s = 0.0
        self._slice_bytes = [0, 0, 0]

    @property
    def waiting_bytes(self) -> int:
        """Bytes in the queue, the packet on the link included."""
        return self._waiting_bytes

    def offer(self, size_bytes: int, now: float, traffic: Traffic = Traffic.MEDIA) -> float | None:
        """A packet reaches the link; returns when it reaches the other end, None if it is lost."""
        self.advance(now)
        if self._plan.out(now):
            self._dropped_outage += 1
            return None
        if self._lost():
            self._dropped_loss += 1
            return None
        if self._plan.rate and self._waiting_bytes + size_bytes > self._plan.queue_bytes:
            self._dropped_queue += 1
            return None
        begin = max(now, self._free_s)
        self._slice_wait_s = max(self._slice_wait_s, begin - now)
        self._free_s = self._plan.carried_at(begin, size_bytes)
        self._waiting.append((self._free_s, size_bytes, traffic))
        self._waiting_bytes += size_bytes
        jitter = abs(self._random.gauss(0, self._plan.jitter_ms)) if self._plan.jitter_ms else 0.0
        arrival = self._free_s + (self._plan.delay_ms + jitter) / 1000
        self._last_arrival_s = max(self._last_arrival_s, arrival)
        return self._last_arrival_s

    def advance(self, now: float) -> None:
        """Let time pass: what is through the link leaves the queue, ended slices are noted."""
        while self._slice_end_s <= now:
            self._carry(self._slice_end_s)
            self._end_slice()
        self._carry(now)

    def report(self, now: float) -> PathReport:
        """Everything until now."""
        self.advance(now)
        return PathReport(
            self._passed,
            self._passed_bytes,
            self._dropped_queue,
            self._dropped_loss,
            self._dropped_outage,
            tuple(self._slices),
        )

    def _lost(self) -> bool:
        bursts = self._plan.bursts
        if bursts is not None:
            chance = self._random.random()
            self._bad = chance >= bursts.leave if self._bad else chance < bursts.enter
            if self._bad and self._random.random() < bursts.loss:
                return True
        return self._random.random() < self._plan.loss

    def _carry(self, now: float) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            _, size_bytes, traffic = waiting.popleft()
            self._waiting_bytes -= size_bytes
            self._passed += 1
            self._passed_bytes += size_bytes
            self._slice_bytes[traffic.value] += size_bytes

    def _end_slice(self) -> None:
        end = self._slice_end_s
        wait = max(self._slice_wait_s, self._free_s - end, 0.0)
        if len(self._slices) < MAX_SLICES:
            self._slices.append(Slice(round(end, 3), round(wait * 1000, 2), *self._slice_bytes))
        self._slice_end_s = (round(end / SLICE_S) + 1) * SLICE_S
        self._slice_wait_s = 0.0
        self._slice_bytes = [0, 0, 0]
