"""Flow of one run: counters, rates and their settling, shares of the link, queues. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise

from load_tests.qoe.profile import Profile
from load_tests.qoe.series import Series, Stats

SETTLED_S, SETTLED_SPREAD = 5.0, 0.20
RATE_WINDOW_S = 1.0
DROP_GRACE_S = 3.0
CROSS_WARM_UP_S = 5.0


def increase(samples: Iterable[Sequence[dict[str, object]]], name: str) -> float:
    """Growth of a counter over all rows; a new row counts from 0, one that ends stays."""
    last: dict[object, float] = {}
    first: dict[object, float] = {}
    begun = False
    for rows in samples:
        for row in rows:
            value = row.get(name, 0)
            assert isinstance(value, int | float)
            first.setdefault(row["id"], value if not begun else 0.0)
            last[row["id"]] = value
        begun = begun or bool(rows)
    return sum(last.values()) - sum(first.values())


def rates(samples: Sequence[Stats]) -> list[tuple[float, float]]:
    """(time, bit/s received over the `RATE_WINDOW_S` before it)."""
    totals: list[tuple[float, float]] = []
    last: dict[str, float] = {}
    for one in samples:
        for row in one.inbound:
            last[row["id"]] = row.get("bytesReceived", 0)
        totals.append((one.at_s, sum(last.values())))
    found, behind = [], 0
    for at_s, total in totals:
        while totals[behind + 1][0] <= at_s - RATE_WINDOW_S if behind + 1 < len(totals) else False:
            behind += 1
        since, before = totals[behind]
        if at_s - since >= RATE_WINDOW_S * 0.9:
            found.append((at_s, (total - before) * 8 / (at_s - since)))
    return found


def settled_at(rate: Sequence[tuple[float, float]], since_s: float | None) -> float | None:
    """Time from which the rate stays within ±20% of its mean for 5 s; None if never."""
    if since_s is None:
        return None
    for index, (begin, _) in enumerate(rate):
        if begin < since_s:
            continue
        if rate[-1][0] < begin + SETTLED_S:
            return None
        span = [value for at_s, value in rate[index:] if at_s <= begin + SETTLED_S]
        mean = statistics.fmean(span)
        if mean > 0 and all(abs(value - mean) <= SETTLED_SPREAD * mean for value in span):
            return begin
    return None


def media_kbps(samples: Sequence[Stats], seconds: float) -> float:
    """Kilobits of media received per second."""
    grown = increase([one.inbound for one in samples], "bytesReceived")
    return round(grown * 8 / seconds / 1000, 1)


def link_share(series: Series, profile: Profile) -> float:
    """The share of the link's capacity that media took."""
    carried = sum(one.media_bytes for one in series.link.down.slices if one.at_s <= series.seconds)
    capacity = profile.link.capacity_bytes(0, series.seconds)
    return round(carried / capacity, 4)


def cross_share(series: Series, profile: Profile) -> float | None:
    """The media's share of what was carried beside cross traffic; None without any."""
    cross = profile.cross_traffic
    if cross is None:
        return None
    begin, end = cross.from_s + CROSS_WARM_UP_S, min(cross.until_s, series.seconds)
    slices = [one for one in series.link.down.slices if begin < one.at_s <= end]
    media = sum(one.media_bytes for one in slices)
    both = media + sum(one.cross_bytes for one in slices)
    return round(media / both, 4) if both else None


def drop_queue_ms(series: Series, profile: Profile) -> float | None:
    """The longest queue some seconds after the link narrowed; None if it never did."""
    steps = profile.link.rate
    worst: float | None = None
    for index, (before, step) in enumerate(pairwise(steps), 1):
        end = steps[index + 1].at_s if index + 1 < len(steps) else series.seconds
        if step.kbps >= before.kbps:
            continue
        begin = step.at_s + DROP_GRACE_S
        waits = [one.queue_ms for one in series.link.down.slices if begin < one.at_s <= end]
        worst = max([*waits, worst or 0.0])
    return worst
