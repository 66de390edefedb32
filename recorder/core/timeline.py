"""The mapping from a track's RTP timestamps to the recording's time.

Each track counts on its own clock from a random start. Sender reports (RFC 3550 §6.4.1), or packets
that tell their capture time (abs-capture-time), give the wall clock time of an RTP timestamp. The
relay hands them on as *anchors* on its own clock. Without anchors the least delayed arrivals count.

A sample clock is uneven: it drifts, stands still while capture buffers are lost, and jumps. So a
track's clock is a row of pieces. Arrivals come many times a second and show the end of a piece
(`arrivals`). Anchors tell such a step from a queue on the link and from a wall clock that was set
(`clock_steps`). Inside a piece the clock follows the middle of the anchors around.

The rest after the steps is called the *lean*: time less RTP time less the steps so far.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import median

import msgspec

from recorder.core.arrivals import ArrivalWindows, Step
from recorder.core.clock_steps import Reading, Verdict, judge

MIN_ANCHOR_SPACING_S = 0.4  # s; anchors come every 0.5 to 5 s; more only cost memory
MAX_ANCHORS = 20_000  # in one track; then every other anchor goes and the spacing doubles
MAX_SKEW_S = 10.0  # s; a packet cannot be captured this long before or after it arrived
MAX_DRIFT = 3000e-6  # s/s; beyond any sampling clock; more is noise
_MIN_DRIFT_SPAN_S = 20.0  # s; below this, jitter of the anchors outweighs any drift
_DRIFT_PAIR_S = 10.0  # s between two anchors that are compared
_SMOOTH_S = 15.0  # s to each side; a middle over 30 s follows drift, not jitter
_SMOOTH_ANCHORS = 2  # to each side, at least
_LATE_S = 4.0  # s; no repaired packet is later (`reorder.MAX_WAIT_S` and the relay's patience)
_EARLY_S = 0.05  # s; a packet that much before a piece's least delay belongs to another piece
_ENVELOPE_S = 10.0  # s of arrivals around an anchor, which show whether the media moved, too
_SAME_WALL_S = 0.02  # s; closer wall clock levels are one


class _Anchor(msgspec.Struct, frozen=True, gc=False):
    rtp: int
    capture: float
    now: float


class _Pieces:
    """The steps of the sample clock, and their sums."""

    def __init__(self, windows: ArrivalWindows, steps: Sequence[Step]) -> None:
        self.nows = array("d", (windows.nows[step.window] for step in steps))
        self.rtps = array("q", (windows.rtps[step.window] for step in steps))
        self.levels = array("d", accumulate((step.size for step in steps), initial=0.0))
        self._floors = array("d", (float("-inf"), *(step.floor for step in steps)))

    def number(self, rtp: int, arrival: float, tick: float) -> int:
        """Find the piece of a packet: by arrival, unless it came late from an earlier piece."""
        number = candidate = bisect_right(self.nows, arrival)
        offset = arrival - rtp * tick
        while candidate and arrival - self.nows[candidate - 1] < _LATE_S:
            # A member is not older than the piece, and not faster than without delay.
            if rtp >= self.rtps[candidate - 1] and offset >= self._floors[candidate] - _EARLY_S:
                return candidate
            candidate -= 1
        if candidate and rtp < self.rtps[candidate - 1]:
            return number
        return candidate


class TrackClock:
    """The finished mapping of one track."""

    def __init__(
        self,
        tick: float,
        pieces: _Pieces,
        knots: Sequence[tuple[float, float]],
        drift: float,
        lag_s: float = 0.0,
    ) -> None:
        """`knots`: (RTP time with steps, lean) in order; `drift` counts beyond their ends."""
        self._tick = tick
        self._pieces = pieces
        self._xs = array("d", (x for x, _ in knots))
        self._leans = array("d", (lean for _, lean in knots))
        self._drift = drift
        self._lag_s = lag_s

    def time_at(self, rtp: int, arrival: float) -> float:
        """Compute the capture time of the media that a decoder gives for a packet.

        Args:
            rtp: extended timestamp of the packet.
            arrival: Unix seconds of the packet.

        Returns:
            Unix seconds on the relay's clock, never more than `MAX_SKEW_S` from the arrival.
        """
        if not self._xs:
            return arrival - self._lag_s
        number = self._pieces.number(rtp, arrival, self._tick)
        x = rtp * self._tick + self._pieces.levels[number]
        time = x + self._lean(x)
        return (time if abs(time - arrival) <= MAX_SKEW_S else arrival) - self._lag_s

    def _lean(self, x: float) -> float:
        xs, leans = self._xs, self._leans
        right = bisect_right(xs, x)
        if right == 0:
            return leans[0] + (x - xs[0]) * self._drift
        if right == len(xs):
            return leans[-1] + (x - xs[-1]) * self._drift
        share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
        return leans[right - 1] + share * (leans[right] - leans[right - 1])


class TrackClockBuilder:
    """Collects a track's anchors and arrivals in the first pass over an archive."""

    def __init__(self, clock_rate: int, lag_s: float = 0.0) -> None:
        """`lag_s`: seconds by which a decoder's output lags behind the coder's input."""
        self._lag_s = lag_s
        self._tick = 1.0 / clock_rate
        self._windows = ArrivalWindows(self._tick)
        self._anchors: list[_Anchor] = []
        self._spacing_s = MIN_ANCHOR_SPACING_S

    def add_arrival(self, rtp: int, arrival: float) -> None:
        """Note the extended timestamp and arrival of a packet that came in its order."""
        self._windows.add(rtp, arrival)

    def add_anchor(self, rtp: int, capture: float, now: float) -> None:
        """Note an anchor; pass over an absurd one."""
        if not abs(capture - now) <= MAX_SKEW_S:
            return
        if self._anchors and now - self._anchors[-1].now < self._spacing_s:
            return
        if len(self._anchors) >= MAX_ANCHORS:
            del self._anchors[1::2]
            self._spacing_s *= 2
        self._anchors.append(_Anchor(rtp, capture, now))

    def build(self) -> TrackClock:
        """Make the mapping from all that was noted."""
        steps = self._windows.steps()
        if not self._anchors:
            return self._by_arrivals(steps)
        pieces = _Pieces(self._windows, steps)
        numbers = [pieces.number(a.rtp, a.now, self._tick) for a in self._anchors]
        drift = _drift(self._rows(pieces, numbers))
        verdict = judge([step.size for step in steps], self._readings(numbers, drift))
        steps = [
            msgspec.structs.replace(step, size=size)
            for step, size in zip(steps, verdict.clock, strict=True)
            if size
        ]
        unseen, wall = self._split_wall(_Pieces(self._windows, steps), drift, verdict)
        steps = sorted([*steps, *unseen], key=lambda step: step.window)
        pieces = _Pieces(self._windows, steps)
        numbers = [pieces.number(a.rtp, a.now, self._tick) for a in self._anchors]
        levels = _wall_levels(self._anchors, wall)
        rows = [
            (x, value - level)
            for (x, value), level in zip(self._rows(pieces, numbers), levels, strict=True)
        ]
        drift = _drift(rows)
        return TrackClock(self._tick, pieces, _smoothed(rows, drift), drift, self._lag_s)

    def _rows(self, pieces: _Pieces, numbers: list[int]) -> list[tuple[float, float]]:
        """List each anchor as (RTP time with steps, lean)."""
        rows = []
        for anchor, number in zip(self._anchors, numbers, strict=True):
            x = anchor.rtp * self._tick + pieces.levels[number]
            rows.append((x, anchor.capture - x))
        return rows

    def _readings(self, numbers: list[int], drift: float) -> list[Reading]:
        begin = self._anchors[0].now
        return [
            Reading(number, a.capture - a.rtp * self._tick - (a.now - begin) * drift)
            for a, number in zip(self._anchors, numbers, strict=True)
        ]

    def _split_wall(
        self, pieces: _Pieces, drift: float, verdict: Verdict
    ) -> tuple[list[Step], list[tuple[int, float]]]:
        """Tell steps of the sample clock that are not in `pieces` from steps of the wall clock.

        The media moved with the anchors if arrivals moved as well.
        """
        if not verdict.wall:
            return [], []
        windows = self._windows
        begin = self._anchors[0].now
        levels, number = [], 0
        for now in windows.nows:
            while number < len(pieces.nows) and pieces.nows[number] <= now:
                number += 1
            levels.append(pieces.levels[number] + (now - begin) * drift)
        unseen, wall = [], []
        for index, size in verdict.wall:
            # One anchor more to each side, since the anchor at the step may be a wild one.
            now = self._anchors[min(index + 1, len(self._anchors) - 1)].now
            since = self._anchors[max(index - 2, 0)].now
            before = windows.least_between(since - _ENVELOPE_S, since, levels)
            after = windows.least_between(now, now + _ENVELOPE_S, levels)
            moved = 0.0 if before is None or after is None else (after - before) / size
            if moved > 0.5:
                unseen.append(Step(windows.greatest_change(since, now, size), size))
            else:
                wall.append((index, size))
        return unseen, wall

    def _by_arrivals(self, steps: list[Step]) -> TrackClock:
        """Make the mapping without anchors: from the least delayed arrivals and all their steps."""
        windows = self._windows
        pieces = _Pieces(windows, steps)
        rows, number = [], 0
        for i, offset in enumerate(windows.offsets):
            while number < len(steps) and steps[number].window <= i:
                number += 1
            x = windows.rtps[i] * self._tick + pieces.levels[number]
            rows.append((x, offset - pieces.levels[number]))
        rows = _thinned(rows)
        drift = _drift(rows, max(_DRIFT_PAIR_S, (rows[-1][0] - rows[0][0]) / 2) if rows else 0.0)
        return TrackClock(self._tick, pieces, _lowest(rows, drift), drift, self._lag_s)


def _thinned(rows: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the row of the least lean of about every second."""
    kept: list[tuple[float, float]] = []
    until = float("-inf")
    for row in rows:
        if row[0] >= until:
            kept.append(row)
            until = row[0] + 1.0
        elif row[1] < kept[-1][1]:
            kept[-1] = row
    return kept


def _drift(rows: Sequence[tuple[float, float]], pair_s: float = _DRIFT_PAIR_S) -> float:
    """Estimate the usual slope between rows `pair_s` apart; up to half may be wrong."""
    rows = sorted(rows)
    if len(rows) < 2 or rows[-1][0] - rows[0][0] < _MIN_DRIFT_SPAN_S:
        return 0.0
    slopes, j = [], 0
    for x, lean in rows:
        while j < len(rows) and rows[j][0] - x < pair_s:
            j += 1
        if j == len(rows):
            break
        slopes.append((rows[j][1] - lean) / (rows[j][0] - x))
    return max(-MAX_DRIFT, min(MAX_DRIFT, median(slopes))) if slopes else 0.0


def _smoothed(rows: Sequence[tuple[float, float]], drift: float) -> list[tuple[float, float]]:
    """Replace each row's lean by the middle of those around."""
    return _around(rows, drift, median)


def _lowest(rows: Sequence[tuple[float, float]], drift: float) -> list[tuple[float, float]]:
    """Replace each row's lean by the least of those around."""
    return _around(rows, drift, min)


def _around(
    rows: Sequence[tuple[float, float]], drift: float, choose: Callable[[list[float]], float]
) -> list[tuple[float, float]]:
    rows = _ascending(rows)
    flat = [lean - x * drift for x, lean in rows]
    knots = []
    low = high = 0
    for i, (x, _) in enumerate(rows):
        while rows[low][0] < x - _SMOOTH_S:
            low += 1
        while high < len(rows) and rows[high][0] <= x + _SMOOTH_S:
            high += 1
        first, last = min(low, max(0, i - _SMOOTH_ANCHORS)), max(high, i + _SMOOTH_ANCHORS + 1)
        knots.append((x, choose(flat[first:last]) + x * drift))
    return knots


def _ascending(rows: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Sort the rows and keep one for each place."""
    kept: list[tuple[float, float]] = []
    for row in sorted(rows):
        if not kept or row[0] > kept[-1][0]:
            kept.append(row)
    return kept


def _wall_levels(anchors: Sequence[_Anchor], wall: list[tuple[int, float]]) -> list[float]:
    """Estimate the error of the sender's wall clock at each anchor.

    The level that lasted longest is taken for the right one.
    """
    levels, level, at = [], 0.0, 0
    lengths: dict[int, float] = {}
    for index, anchor in enumerate(anchors):
        while at < len(wall) and wall[at][0] <= index:
            level += wall[at][1]
            at += 1
        levels.append(level)
        place = round(level / _SAME_WALL_S)
        following = anchors[min(index + 1, len(anchors) - 1)]
        lengths[place] = lengths.get(place, 0.0) + following.now - anchor.now
    true = max(lengths, key=lambda place: lengths[place])
    reference = next(level for level in levels if round(level / _SAME_WALL_S) == true)
    return [level - reference for level in levels]
