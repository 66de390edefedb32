"""Links over time: a participant's seconds become samples of ten seconds each.

Pure. A `LinkTally` is fed once a second or so; whatever a second's reading says holds for the time
since the reading before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.links.rules import Seen, worst
from signaling.links.wire import LinkLimit, LinkState

SAMPLE_S = 10
MAX_STEP_S = 3.0  # a reading stands for no longer: the server was busy, nobody knows

LIMITS = (LinkLimit.NONE, LinkLimit.RATE, LinkLimit.LOSS, LinkLimit.OUTAGE)  # the worst last


@dataclass(frozen=True, slots=True)
class LinkReading:
    """A participant's link at one moment; figures are None where nothing was measured."""

    state: LinkState
    uplink: LinkState | None = None
    carries_bps: int | None = None
    queue_ms: float | None = None
    loss: float | None = None
    rtt_ms: float | None = None
    limit: LinkLimit = LinkLimit.NONE
    seen: Seen | None = None  # None: there is nothing to see
    hears: bool = False  # somebody's sound flows to it


OFFLINE = LinkReading(LinkState.OFFLINE, seen=Seen.OFFLINE)


@dataclass(frozen=True, slots=True)
class LinkSample:
    """A participant's link over the `SAMPLE_S` seconds from `at_s` (Unix time) on."""

    participant_id: str
    at_s: int
    carries_min_bps: int | None
    carries_mean_bps: int | None
    queue_ms: float | None
    loss: float | None
    rtt_ms: float | None
    limit: LinkLimit
    uplink: LinkState | None
    switches: int
    seen_s: dict[Seen, float]
    link_s: dict[LinkState, float]


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total += value
            self.count += 1

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class _Open:
    """The sample that is being filled."""

    at_s: int
    carries: _Mean = field(default_factory=_Mean)
    loss: _Mean = field(default_factory=_Mean)
    rtt: _Mean = field(default_factory=_Mean)
    carries_min: int | None = None
    queue_ms: float | None = None
    limit: int = 0
    uplink: LinkState | None = None
    switches: int = 0
    seen_s: dict[Seen, float] = field(default_factory=dict)
    link_s: dict[LinkState, float] = field(default_factory=dict)


class LinkTally:
    """One participant's samples. Times are Unix seconds."""

    def __init__(self, participant_id: str) -> None:
        self._participant_id = participant_id
        self._open: _Open | None = None
        self._last_at: float | None = None
        self._last_seen: Seen | None = None

    def add(self, reading: LinkReading, now: float) -> LinkSample | None:
        """Take a reading; returns the sample before it where this one begins another."""
        at_s = int(now // SAMPLE_S) * SAMPLE_S
        done = None
        if self._open is None or self._open.at_s != at_s:
            done = self.close()
            self._open = _Open(at_s)
        step = 0.0 if self._last_at is None else min(max(now - self._last_at, 0.0), MAX_STEP_S)
        self._last_at = now
        self._count(self._open, reading, step)
        return done

    def close(self) -> LinkSample | None:
        """The sample as far as it was filled, if any."""
        filling, self._open = self._open, None
        if filling is None or not filling.link_s:
            return None
        mean = filling.carries.value
        return LinkSample(
            participant_id=self._participant_id,
            at_s=filling.at_s,
            carries_min_bps=filling.carries_min,
            carries_mean_bps=None if mean is None else round(mean),
            queue_ms=filling.queue_ms,
            loss=filling.loss.value,
            rtt_ms=filling.rtt.value,
            limit=LIMITS[filling.limit],
            uplink=filling.uplink,
            switches=filling.switches,
            seen_s=filling.seen_s,
            link_s=filling.link_s,
        )

    def _count(self, filling: _Open, reading: LinkReading, step: float) -> None:
        filling.carries.add(reading.carries_bps)
        filling.loss.add(reading.loss)
        filling.rtt.add(reading.rtt_ms)
        if reading.carries_bps is not None:
            known = reading.carries_bps if filling.carries_min is None else filling.carries_min
            filling.carries_min = min(reading.carries_bps, known)
        if reading.queue_ms is not None:
            filling.queue_ms = max(reading.queue_ms, filling.queue_ms or 0.0)
        filling.limit = max(filling.limit, LIMITS.index(reading.limit))
        if reading.uplink is not None:
            filling.uplink = worst(reading.uplink, filling.uplink or LinkState.GOOD)
        filling.link_s[reading.state] = filling.link_s.get(reading.state, 0.0) + step
        if reading.seen is not None:
            filling.seen_s[reading.seen] = filling.seen_s.get(reading.seen, 0.0) + step
            if self._last_seen not in {None, reading.seen}:
                filling.switches += 1
            self._last_seen = reading.seen
