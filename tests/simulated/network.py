"""A virtual network on a virtual clock: everything that happens is in one heap, in order.

Two runs with the same seeds are identical to the byte, and an hour of lesson takes seconds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

HEADERS = 44  # bytes: SRTP tag, UDP, IPv4
TICK = 0.02  # s; the driver's timer
PACE = 0.005  # s; likewise, for what waits


class World:
    """The virtual clock and what is going to happen."""

    def __init__(self) -> None:
        self.now = 100.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do `action` at `moment`; things of one moment happen in the order of asking."""
        self._count += 1
        heapq.heappush(self._heap, (max(moment, self.now), self._count, action))

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Do `action` in `delay` seconds."""
        self.at(self.now + delay, action)

    def every(self, interval: float, action: Callable[[], bool | None], start: float = 0.0) -> None:
        """Do `action` again and again, until it returns True."""

        def again() -> None:
            if not action():
                self.after(interval, again)

        self.after(start, again)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            self.now, _, action = heapq.heappop(self._heap)
            action()
        self.now = end


@dataclass
class Profile:
    """Properties of a one-way link.

    Attributes:
        loss: probability that a packet is lost.
        delay: seconds, one way.
        jitter: further seconds, uniform; a packet may overtake another unless `in_order`.
        rate_bps: serialisation rate, None for no limit.
        queue: seconds of backlog at `rate_bps` above which packets are dropped.
    """

    loss: float = 0.0
    delay: float = 0.01
    jitter: float = 0.0
    in_order: bool = True
    rate_bps: float | None = None
    queue: float = 0.5


class Link:
    """A one-way link with its own seeded randomness. `profile` may be changed while it runs."""

    def __init__(
        self, world: World, deliver: Callable[[bytes], None], profile: Profile, seed: int
    ) -> None:
        self._world = world
        self._deliver = deliver
        self.profile = profile
        self._random = random.Random(seed)
        self._free_at = 0.0
        self._last_arrival = 0.0
        self.sent = self.lost = self.octets = 0

    def send(self, packet: bytes) -> None:
        """Carry a packet, or lose it."""
        profile, now = self.profile, self._world.now
        self.sent += 1
        self.octets += len(packet)
        leaves = now
        if profile.rate_bps is not None:
            backlog = max(0.0, self._free_at - now)
            if backlog > profile.queue:
                self.lost += 1
                return
            self._free_at = now + backlog + 8 * len(packet) / profile.rate_bps
            leaves = self._free_at
        if self._random.random() < profile.loss:
            self.lost += 1
            return
        arrival = leaves + profile.delay + self._random.random() * profile.jitter
        if profile.in_order:
            arrival = max(arrival, self._last_arrival)
            self._last_arrival = arrival
        self._world.at(arrival, lambda: self._deliver(packet))


class Shared(Protocol):
    """A bottleneck that several flows go through."""

    def send(self, size: int, deliver: Callable[[], None]) -> None:
        """Carry so many bytes; `deliver` is called when they are through, if they get through."""


class SharedLink:
    """One flow's way through a bottleneck that it shares with others."""

    def __init__(self, bottleneck: Shared, deliver: Callable[[bytes], None]) -> None:
        self._bottleneck = bottleneck
        self._deliver = deliver
        self.sent = self.octets = 0

    def send(self, packet: bytes) -> None:
        """Carry a packet, or lose it."""
        self.sent += 1
        self.octets += len(packet)
        self._bottleneck.send(len(packet) + HEADERS, lambda: self._deliver(packet))
