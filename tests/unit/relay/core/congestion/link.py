"""A deterministic bottleneck on a virtual clock."""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.simulated.network import World

Schedule = Sequence[tuple[float, float]]  # (from when on, bit/s), in order


class NoLoss:
    def lost(self) -> bool:
        return False


class RandomLoss:
    def __init__(self, probability: float, seed: int = 1) -> None:
        self._probability = probability
        self._random = random.Random(seed)

    def lost(self) -> bool:
        return self._random.random() < self._probability


class BurstLoss:
    """Gilbert-Elliott: into a burst with `p`, out of it with `r`, all in it lost."""

    def __init__(self, p: float, r: float, seed: int = 1) -> None:
        self._p, self._r = p, r
        self._bad = False
        self._random = random.Random(seed)

    def lost(self) -> bool:
        chance = self._random.random()
        self._bad = chance >= self._r if self._bad else chance < self._p
        return self._bad


@dataclass
class LinkCounts:
    delivered: int = 0
    delivered_bytes: int = 0
    dropped: int = 0
    lost: int = 0
    most_queued: float = 0.0


class Bottleneck:
    """One queue, drained at a scheduled rate; what flows share it give their packets here.

    Times are relative to the world's start. Each of `outages` is a span in which what comes is
    lost.
    """

    def __init__(
        self,
        world: World,
        schedule: Schedule,
        *,
        queue_s: float = 0.32,
        delay: float = 0.03,
        jitter: float = 0.0,
        loss: NoLoss | RandomLoss | BurstLoss | None = None,
        outages: Sequence[tuple[float, float]] = (),
        seed: int = 7,
    ) -> None:
        self._world = world
        self._start = world.now
        self._times = [at for at, _ in schedule]
        self._rates = [bps for _, bps in schedule]
        self._queue_s = queue_s
        self._delay, self._jitter = delay, jitter
        self._loss = loss or NoLoss()
        self._outages = outages
        self._random = random.Random(seed)
        self._free = 0.0  # when the last queued packet has left
        self._last_arrival = 0.0
        self.counts = LinkCounts()

    @property
    def elapsed(self) -> float:
        return self._world.now - self._start

    def rate(self, at: float) -> float:
        return self._rates[bisect.bisect_right(self._times, at) - 1]

    def backlog(self) -> float:
        """Seconds until what is queued has left."""
        return max(self._free - self.elapsed, 0.0)

    def _finish(self, start: float, bits: float) -> float:
        index = bisect.bisect_right(self._times, start) - 1
        for place in range(index, len(self._times)):
            end = self._times[place + 1] if place + 1 < len(self._times) else math.inf
            span = bits / self._rates[place]
            if start + span <= end:
                return start + span
            bits -= (end - start) * self._rates[place]
            start = end
        raise AssertionError("the last rate has no end")

    def send(self, size: int, deliver: Callable[[], None]) -> None:
        now = self.elapsed
        if any(begin <= now < end for begin, end in self._outages) or self._loss.lost():
            self.counts.lost += 1
            return
        start = max(self._free, now)
        # The buffer is in bytes: what the rate of the moment drains in `queue_s`.
        if start - now > self._queue_s and self._queued_bits(now) > self._queue_s * self.rate(now):
            self.counts.dropped += 1
            return
        self._free = self._finish(start, 8 * size)
        self.counts.most_queued = max(self.counts.most_queued, self._free - now)
        arrival = self._free + self._delay + self._random.random() * self._jitter
        self._last_arrival = max(self._last_arrival, arrival)
        self.counts.delivered += 1
        self.counts.delivered_bytes += size
        self._world.at(self._start + self._last_arrival, deliver)

    def _queued_bits(self, now: float) -> float:
        edges = [now, *(at for at in self._times if now < at < self._free), self._free]
        return sum((b - a) * self.rate(a) for a, b in pairwise(edges))
