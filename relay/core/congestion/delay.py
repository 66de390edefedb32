"""Overuse detection from how the delay between packets changes (draft-ietf-rmcat-gcc-02 §5).

Packets sent within 5 ms form a group. The one-way delay varies from group to group. `TrendLine`
gives the slope of the smoothed sum of these changes over the last 20 groups. libwebrtc uses this
trend line since 2016 in place of the draft's Kalman filter. `OveruseDetector` compares the slope
with an adaptive threshold: a queue builds, empties, or neither.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from enum import Enum

_GROUP = 0.005  # s; draft §5.2, "burst_time"
_MAX_BURST = 0.1  # s; packets that a link delivers at once after it stalled are one group
_NEVER = -math.inf
_STREAM_TIMEOUT = 2.0  # s; across a longer pause delays do not compare
_MAX_REORDERED = 3  # groups that arrive before their predecessor until the state is given up

_WINDOW = 20  # groups in the trend line
_SMOOTHING = 0.9
_FRESH = 1 - _SMOOTHING
_GAIN = 4.0
_MAX_DELTAS = 60  # the trend counts fully from so many groups on
_REBASE = 256  # groups after which running sums are made anew, against drift of rounding

_INITIAL_THRESHOLD = 12.5  # ms; draft §5.4 and the 2016 paper of Carlucci et al.
_MIN_THRESHOLD, _MAX_THRESHOLD = 6.0, 600.0  # ms
_K_UP, _K_DOWN = 0.0087, 0.039  # per ms
_MAX_OVERSHOOT = 15.0  # ms; a sudden jump beyond does not move the threshold
_MAX_ADAPT_STEP = 100.0  # ms
_OVERUSE_TIME = 10.0  # ms; draft §5.4, "overuse_time_th"
# Packets that met no queue are kept for the moment in which a queue begins. The number and the time
# (s) suffice for the groups of a window, and bridge a pause.
_KEPT, _KEPT_FOR = 128, 2.2


class Usage(Enum):
    """The draft's signal: what the delay says of the link."""

    NORMAL = "normal"
    OVERUSE = "overuse"
    UNDERUSE = "underuse"


class TrendLine:
    """The slope of the smoothed accumulated delay over the last groups.

    Running sums keep the cost independent of the window's length. Times are relative to the first
    sample, in ms.
    """

    __slots__ = ("_accumulated", "_first", "_n", "_smoothed", "_window", "_x", "_xx", "_xy", "_y")

    def __init__(self) -> None:
        self._window: deque[tuple[float, float]] = deque()
        self._first = 0.0
        self._accumulated = self._smoothed = 0.0
        self._n = 0
        self._x = self._y = self._xx = self._xy = 0.0

    def add(self, delta_ms: float, arrived_ms: float) -> float | None:
        """Add a group: how much later it came than its predecessor's pace; the slope, if known."""
        if not self._n:
            self._first = arrived_ms
        self._n += 1
        self._accumulated += delta_ms
        x = arrived_ms - self._first
        y = self._smoothed = _SMOOTHING * self._smoothed + _FRESH * self._accumulated
        window = self._window
        window.append((x, y))
        if len(window) <= _WINDOW:
            self._x += x
            self._y += y
            self._xx += x * x
            self._xy += x * y
        else:
            old_x, old_y = window.popleft()
            self._x = self._x + x - old_x
            self._y = self._y + y - old_y
            self._xx = self._xx + x * x - old_x * old_x
            self._xy = self._xy + x * y - old_x * old_y
        if self._n % _REBASE == 0:
            self._rebase()
        if len(window) < _WINDOW:
            return None
        spread = _WINDOW * self._xx - self._x * self._x
        return (_WINDOW * self._xy - self._x * self._y) / spread if spread > 0 else None

    def _rebase(self) -> None:
        base, level = self._window[0]
        self._first += base
        self._accumulated -= level
        self._smoothed -= level
        moved = [(x - base, y - level) for x, y in self._window]
        self._window = deque(moved)
        self._x = sum(x for x, _ in moved)
        self._y = sum(y for _, y in moved)
        self._xx = sum(x * x for x, _ in moved)
        self._xy = sum(x * y for x, y in moved)


class OveruseDetector:
    """Compares the trend with an adaptive threshold (draft §5.4).

    Attributes:
        usage: the present signal.
        threshold: ms.
    """

    __slots__ = ("_adapted_at", "_count", "_over", "_previous", "threshold", "usage")

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self.threshold = _INITIAL_THRESHOLD
        self._adapted_at: float | None = None
        self._previous = 0.0
        self._over = 0.0  # ms above the threshold
        self._count = 0

    def update(self, trend: float, groups: int, send_delta_ms: float, arrived_ms: float) -> None:
        """Take the slope after so many groups, and the latest group's place in time."""
        modified = (groups if groups < _MAX_DELTAS else _MAX_DELTAS) * trend * _GAIN
        threshold = self.threshold
        if modified > threshold:
            self._over += send_delta_ms if self._count else send_delta_ms / 2
            self._count += 1
            if self._over > _OVERUSE_TIME and self._count > 1 and trend >= self._previous:
                self._over = 0.0
                self._count = 0
                self.usage = Usage.OVERUSE
        else:
            self._over = 0.0
            self._count = 0
            self.usage = Usage.UNDERUSE if modified < -threshold else Usage.NORMAL
        self._previous = trend
        size = modified if modified >= 0 else -modified
        if size >= threshold or threshold > _MIN_THRESHOLD:  # else, as usual, it can go no lower
            self._adapt(size, arrived_ms)
        self._adapted_at = arrived_ms

    def calm(self) -> None:
        """Return to normal: no queue could grow or empty."""
        self.usage = Usage.NORMAL
        self._over = 0.0
        self._count = 0

    def _adapt(self, size: float, arrived_ms: float) -> None:
        """Follow the trend, slowly downwards: else a TCP flow beside us would starve us."""
        elapsed = 0.0 if self._adapted_at is None else arrived_ms - self._adapted_at
        threshold = self.threshold
        if size > threshold + _MAX_OVERSHOOT:
            return
        gain = _K_DOWN if size < threshold else _K_UP
        step = gain * (size - threshold) * min(max(elapsed, 0.0), _MAX_ADAPT_STEP)
        self.threshold = min(max(threshold + step, _MIN_THRESHOLD), _MAX_THRESHOLD)


_Columns = tuple[Sequence[float], Sequence[float]]  # sent, arrived


class DelayDetector:
    """Groups packets, and keeps the trend line and the detector."""

    __slots__ = (
        "_detector",
        "_first_arrived",
        "_first_sent",
        "_groups",
        "_kept",
        "_kept_packets",
        "_last_arrived",
        "_last_sent",
        "_previous",
        "_reordered",
        "_trend",
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: the path or a clock changed."""
        self._trend = TrendLine()
        self._detector = OveruseDetector()
        self._groups = 0
        self._reordered = 0
        self._previous: tuple[float, float] | None = None  # last sent and arrived of a whole group
        self._first_sent = self._first_arrived = _NEVER
        self._last_sent = self._last_arrived = 0.0
        self._kept: deque[_Columns] = deque()
        self._kept_packets = 0

    @property
    def usage(self) -> Usage:
        """The present signal."""
        return self._detector.usage

    @property
    def threshold(self) -> float:
        """The detector's threshold in ms, for statistics."""
        return self._detector.threshold

    def add_calm(self, sent: Sequence[float], arrived: Sequence[float]) -> None:
        """Take received packets that met no queue: their trend is jitter.

        The latest of them are kept until a queue begins. The queue's trend then starts from them,
        as if no packet had been left out.
        """
        self._detector.calm()
        kept = self._kept
        kept.append((sent, arrived))
        self._kept_packets += len(sent)
        old = sent[-1] - _KEPT_FOR
        while self._kept_packets - len(kept[0][0]) >= _KEPT and kept[1][0][0] < old:
            self._kept_packets -= len(kept.popleft()[0])

    def add_all(self, sent: Sequence[float], arrived: Sequence[float]) -> None:
        """Take received packets, in the order of sending, times in seconds."""
        if self._kept:
            kept, self._kept, self._kept_packets = self._kept, deque(), 0
            for before in kept:
                self._group(*before)
        self._group(sent, arrived)

    def _group(self, sent: Sequence[float], arrived: Sequence[float]) -> None:
        first_sent, first_arrived = self._first_sent, self._first_arrived
        last_sent, last_arrived = self._last_sent, self._last_arrived
        for sent_at, arrived_at in zip(sent, arrived, strict=True):
            if sent_at < first_sent:
                continue  # overtaken by a later group: it says nothing of the queue
            if sent_at - first_sent <= _GROUP or (
                # The link delivered it together with the group before, having held both.
                (later := arrived_at - last_arrived) <= _GROUP
                and later < sent_at - last_sent
                and arrived_at - first_arrived < _MAX_BURST
            ):
                if sent_at > last_sent:  # noqa: PLR1730 - once per packet and viewer
                    last_sent = sent_at
                if arrived_at > last_arrived:  # noqa: PLR1730
                    last_arrived = arrived_at
                continue
            if first_sent != _NEVER:
                self._close_group(last_sent, last_arrived)
            first_sent = last_sent = sent_at
            first_arrived = last_arrived = arrived_at
        self._first_sent, self._first_arrived = first_sent, first_arrived
        self._last_sent, self._last_arrived = last_sent, last_arrived

    def _close_group(self, sent_at: float, arrived_at: float) -> None:
        """A group is whole; the times are those of its last packet."""
        previous, self._previous = self._previous, (sent_at, arrived_at)
        if previous is None:
            return
        send_delta = sent_at - previous[0]
        arrival_delta = arrived_at - previous[1]
        if send_delta > _STREAM_TIMEOUT or arrival_delta > _STREAM_TIMEOUT:
            self.reset()
            return
        if arrival_delta < 0:
            self._previous = previous
            self._reordered += 1
            if self._reordered > _MAX_REORDERED:
                self.reset()
            return
        self._reordered = 0
        self._groups += 1
        arrived_ms = arrived_at * 1000
        trend = self._trend.add(1000 * (arrival_delta - send_delta), arrived_ms)
        if trend is not None:
            self._detector.update(trend, self._groups, 1000 * send_delta, arrived_ms)
