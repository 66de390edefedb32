"""Plan of a link: value types that profiles (TOML) and the forwarder process (JSON) share."""

from __future__ import annotations

import bisect
from itertools import pairwise
from typing import Annotated

import msgspec

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]

DEFAULT_QUEUE_BYTES = 60_000  # 320 ms at 1.5 Mbit/s


class PlanError(ValueError):
    """A plan contradicts itself; the message names the field."""


class RateStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `at_s` on the link carries `kbps` kbit/s of IP packets."""

    at_s: NotNegative
    kbps: Positive


class Outage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing gets onto the link for `seconds` from `at_s`."""

    at_s: NotNegative
    seconds: Positive


class Bursts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Gilbert-Elliott loss: per packet the chance to turn bad, to turn good, to be lost while bad.

    E. O. Elliott, "Estimates of error rates for codes on burst-noise channels", 1963, with no loss
    in the good state. The mean loss is enter / (enter + leave) × loss.
    """

    enter: Probability
    leave: Annotated[float, msgspec.Meta(gt=0, le=1)]
    loss: Probability = 1.0


class PathPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of a link.

    Attributes:
        rate: steps of the rate by time, the first at 0; empty is unlimited.
        queue_bytes: what waits at most for the link, in bytes of IP packets; more is dropped.
        delay_ms: propagation, after the queue.
        jitter_ms: standard deviation of a one-sided normal addition to it; order is kept.
        loss: share of packets lost at random, before the queue.
        bursts: bursty loss besides.
        outages: times without any link.
    """

    rate: tuple[RateStep, ...] = ()
    queue_bytes: Annotated[int, msgspec.Meta(ge=1500)] = DEFAULT_QUEUE_BYTES
    delay_ms: NotNegative = 0.0
    jitter_ms: NotNegative = 0.0
    loss: Probability = 0.0
    bursts: Bursts | None = None
    outages: tuple[Outage, ...] = ()

    def __post_init__(self) -> None:
        times = [step.at_s for step in self.rate]
        if times and (times[0] != 0 or times != sorted(set(times))):
            raise PlanError("rate: the first step must be at 0 and the others must follow in order")

    def out(self, at_s: float) -> bool:
        """Tell whether the link is away at this time."""
        return any(one.at_s <= at_s < one.at_s + one.seconds for one in self.outages)

    def bits_per_s(self, at_s: float) -> float:
        """The rate in force; infinite where it is unlimited."""
        if not self.rate:
            return float("inf")
        return self.rate[self._step(at_s)].kbps * 1000

    def carried_at(self, begin_s: float, size_bytes: int) -> float:
        """Time at which a packet that starts at `begin_s` is through, over any rate steps."""
        if not self.rate:
            return begin_s
        bits, now = size_bytes * 8.0, begin_s
        for index in range(self._step(begin_s), len(self.rate)):
            speed = self.rate[index].kbps * 1000
            end = self.rate[index + 1].at_s if index + 1 < len(self.rate) else float("inf")
            if bits <= (end - now) * speed:
                return now + bits / speed
            bits -= (end - now) * speed
            now = end
        raise AssertionError("the last step has no end")

    def capacity_bytes(self, begin_s: float, end_s: float) -> float:
        """Bytes that could be carried between two times; infinite if the rate is unlimited."""
        edges = {begin_s, end_s, *(step.at_s for step in self.rate)}
        for one in self.outages:
            edges |= {one.at_s, one.at_s + one.seconds}
        cuts = sorted(edge for edge in edges if begin_s <= edge <= end_s)
        return sum((b - a) * self.bits_per_s(a) / 8 for a, b in pairwise(cuts) if not self.out(a))

    def stretched(self, factor: float) -> PathPlan:
        """The same plan with everything that has a time moved; outages keep their length."""
        return msgspec.structs.replace(
            self,
            rate=tuple(RateStep(step.at_s * factor, step.kbps) for step in self.rate),
            outages=tuple(Outage(one.at_s * factor, one.seconds) for one in self.outages),
        )

    def _step(self, at_s: float) -> int:
        return max(0, bisect.bisect_right(self.rate, at_s, key=lambda step: step.at_s) - 1)


class LinkPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both directions: `down` towards the poor side, `up` from it."""

    down: PathPlan
    up: PathPlan
    seed: int = 1
    cross_port: int = 0  # packets of this TCP port are counted as competing traffic


class Slice(msgspec.Struct, frozen=True, array_like=True):
    """Deeds of one direction in one slice of time.

    Attributes:
        at_s: end of the slice, seconds of the plan.
        queue_ms: longest wait for the link that a packet met, or the wait left at the end.
        media_bytes: UDP carried (IP packets, completely through the link).
        cross_bytes: the competing TCP flow's carried bytes.
        other_bytes: anything else, such as HTTP.
    """

    at_s: float
    queue_ms: float
    media_bytes: int
    cross_bytes: int
    other_bytes: int


class PathReport(msgspec.Struct, frozen=True):
    """Counters of one direction since the plan's start, and its slices."""

    passed: int
    passed_bytes: int
    dropped_queue: int
    dropped_loss: int
    dropped_outage: int
    slices: tuple[Slice, ...]


class LinkReport(msgspec.Struct, frozen=True):
    """Report of the forwarder.

    Attributes:
        late_ms_p99: how much later than due packets were handed over.
        late_ms_max: the worst of that.
        cpu_s: CPU of the forwarder process since the start.
        unwritable: packets that the receiving device refused (none, on a healthy machine).
    """

    down: PathReport
    up: PathReport
    late_ms_p99: float
    late_ms_max: float
    cpu_s: float
    unwritable: int
