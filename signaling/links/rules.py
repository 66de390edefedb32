"""良好 / 一般 / 较差 / 离线: judging links, with hysteresis so that the wall does not flicker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from signaling.links.wire import LinkLimit, LinkState

# ITU-T G.114: one-way ≤ 150 ms is fine and ≤ 400 ms acceptable, hence 300 and 800 ms round trip.
FAIR_RTT_MS = 300.0
POOR_RTT_MS = 800.0
# Repair (NACK) hides a few per cent; beyond 10 % video suffers visibly (DOMAIN.md: audio holds to
# 30 %).
FAIR_LOSS = 0.03
POOR_LOSS = 0.10
# A queue delays sound as distance does; the relay backs off long before the second.
FAIR_QUEUE_MS = 200.0
POOR_QUEUE_MS = 500.0

# Issue 3: worse within 2 s, better after at least 5 s of good. Judged once a second, so two samples
# in a row lower the judgement: the second comes ≤ 2 s after the link went bad.
WORSE_AFTER_S = 0.7
BETTER_AFTER_S = 5.0

LAYERS_SETTLE_S = 5.0  # for an encoder to bring a layer that is wanted again

STATES = (LinkState.GOOD, LinkState.FAIR, LinkState.POOR, LinkState.OFFLINE)  # the worst last
_RANK = {state: rank for rank, state in enumerate(STATES)}
_LAYER_ORDER = "lmh"  # from the lowest


class Withheld(IntEnum):
    """Wanted pictures that a link does not carry; the greater the worse."""

    NOTHING = 0
    QUALITY = 1  # a lower layer, fewer pictures, or a small picture of the wall
    PICTURE = 2  # who teaches, or the courseware


class Seen(StrEnum):
    """The best that a participant sees: 高清, 标清, 流畅, 静态课件, 仅声音."""

    HIGH = "h"
    MIDDLE = "m"
    LOW = "l"
    STILLS = "stills"
    SOUND = "sound"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Downlink:
    """A viewing session over the last second. `loss` is 0…1."""

    connected: bool = True
    rtt_ms: float | None = None
    loss: float = 0.0
    queue_ms: float | None = None
    limit: LinkLimit = LinkLimit.NONE
    withheld: Withheld = Withheld.NOTHING


@dataclass(frozen=True, slots=True)
class Uplink:
    """A publishing session over the last second.

    Attributes:
        missing: layers that are wanted, came before, and do not come.
        coming: layers that come.
    """

    connected: bool = True
    rtt_ms: float | None = None
    loss: float = 0.0
    missing: frozenset[str] = frozenset()
    coming: frozenset[str] = frozenset()


def worst(*states: LinkState) -> LinkState:
    """The worst of some states; good of none."""
    return max(states, key=_RANK.__getitem__, default=LinkState.GOOD)


def grade_downlink(link: Downlink) -> LinkState:
    """The grade of a single sample."""
    if link.limit is LinkLimit.OUTAGE:
        return LinkState.OFFLINE
    queue = link.queue_ms or 0.0
    if queue >= POOR_QUEUE_MS or link.withheld is Withheld.PICTURE:
        return LinkState.POOR
    fair = queue >= FAIR_QUEUE_MS or link.withheld is Withheld.QUALITY
    ways = _grade_ways(link.connected, link.rtt_ms, link.loss)
    return worst(ways, LinkState.FAIR) if fair else ways


def grade_uplink(link: Uplink) -> LinkState:
    """The grade of a single sample.

    Missing layers count only beside a layer that comes. A camera without any picture counts as
    switched off.
    """
    ways = _grade_ways(link.connected, link.rtt_ms, link.loss)
    if not link.missing or not link.coming:
        return ways
    only_lowest = link.coming == {_LAYER_ORDER[0]} and len(link.missing) > 1
    return worst(ways, LinkState.POOR if only_lowest else LinkState.FAIR)


def _grade_ways(connected: bool, rtt_ms: float | None, loss: float) -> LinkState:
    rtt = rtt_ms or 0.0
    if not connected or rtt >= POOR_RTT_MS or loss >= POOR_LOSS:
        return LinkState.POOR
    if rtt >= FAIR_RTT_MS or loss >= FAIR_LOSS:
        return LinkState.FAIR
    return LinkState.GOOD


class LinkJudge:
    """Turns grades into a state that changes only when they agree for a while."""

    def __init__(self) -> None:
        self.state = LinkState.GOOD
        self._since: float | None = None  # when grades began to be all worse, or all better
        self._towards = 0  # +1: worse, -1: better
        self._next = LinkState.GOOD  # the nearest of these grades

    def update(self, grade: LinkState, now: float) -> LinkState:
        """Take the grade of a sample at `now` (monotonic seconds); returns the state after it."""
        difference = _RANK[grade] - _RANK[self.state]
        towards = (difference > 0) - (difference < 0)
        if towards == 0:
            self._since = None
            return self.state
        if self._since is None or towards != self._towards:
            self._since, self._towards, self._next = now, towards, grade
        # Of several steps the one that all of them agree on: the smallest.
        if abs(_RANK[grade] - _RANK[self.state]) < abs(_RANK[self._next] - _RANK[self.state]):
            self._next = grade
        if now - self._since >= (WORSE_AFTER_S if towards > 0 else BETTER_AFTER_S):
            self.state, self._since = self._next, None
        return self.state


class LayerWatch:
    """Wanted layers of one publishing session that came before and no longer come."""

    def __init__(self) -> None:
        self._came: set[str] = set()
        self._wanted: frozenset[str] = frozenset()
        self._since = 0.0

    def missing(
        self, wanted: Collection[str], coming: Collection[str], now: float
    ) -> frozenset[str]:
        """Take what is wanted and what comes at `now`; returns what is missing."""
        if frozenset(wanted) != self._wanted:
            self._wanted, self._since = frozenset(wanted), now
        self._came |= set(coming) & set(_LAYER_ORDER)
        if now - self._since < LAYERS_SETTLE_S:
            return frozenset()
        return (self._wanted & self._came) - frozenset(coming)


def two_digits(bps: int | None) -> int | None:
    """A rate in two significant digits, so that what is told does not change each second."""
    return None if bps is None else int(float(f"{bps:.1e}"))
