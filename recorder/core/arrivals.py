"""A track's arrivals in outline: the least delay of its packets, window by window.

`offset` means arrival less RTP time. A packet that waited nowhere has the least offset, so the
least offset of a window shows the sample clock. It rises where the clock stood still, falls where
the clock jumped ahead, and slopes where the clock drifts. Packets alone cannot tell such a step
from a queue on the link. The anchors decide (`clock_steps`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import msgspec

WINDOW_S = 0.25  # s; a dozen packets of sound, six pictures
MAX_WINDOWS = 1 << 18  # in one track: nine hours with two in each cell; then cells double
MIN_BREAK_S = 0.015  # s; less between two packets is jitter, no step
_LOOK_AHEAD_S = 1.0  # s; a change that is over by then was a burst on the link, no step
_LOOK_BACK_S = 1.5  # s; long against jitter, short against 2,000 ppm of drift
_MIN_STEP_S, _MAX_STEP_S = 0.03, 0.25  # s; bounds of the least step to look for
_SHORT_PIECE = 2  # windows
_NOISE_FACTOR = 6.0  # a step is that many times the usual change from second to second


class Step(msgspec.Struct, frozen=True, gc=False):
    """A change of the least offset by `size` seconds at a window, to `floor` from there on."""

    window: int
    size: float
    floor: float = float("-inf")


class ArrivalWindows:
    """The least offset of each window, in order of arrival.

    A cell of `WINDOW_S` makes two windows if the offset jumped inside the cell. They meet at the
    packet that jumped most. So few windows are kept, and a step is still known to the packet.
    """

    def __init__(self, tick: float) -> None:
        """`tick` is in seconds."""
        self._tick = tick
        self._cell_s = WINDOW_S
        self._cell_end = float("-inf")
        self._break_s = 0.0  # how far the offset jumped at the cell's second window
        self._last_rtp: int | None = None
        self._last_offset = 0.0
        self.offsets = array("d")
        self.nows = array("d")  # arrival of a window's first packet
        self.rtps = array("q")  # the least timestamp that belongs to it
        self._broken = False  # the cell has two windows

    def __len__(self) -> int:
        return len(self.offsets)

    def add(self, rtp: int, arrival: float) -> None:
        """Note a packet that came in its order; only the first of a frame counts."""
        if rtp == self._last_rtp:
            return
        offset = arrival - rtp * self._tick
        jump = abs(offset - self._last_offset)
        last = self._last_rtp
        # A packet between the two that comes late is younger than the break.
        begin = rtp if last is None or rtp < last else last + 1
        self._last_rtp, self._last_offset = rtp, offset
        if arrival >= self._cell_end:
            self._cell_end = arrival + self._cell_s
            self._broken, self._break_s = False, MIN_BREAK_S
            self._open(offset, arrival, begin)
        elif jump > self._break_s and last is not None:
            if self._broken:
                self._join_last_two()
            self._broken, self._break_s = True, jump
            self._open(offset, arrival, begin)
        elif offset < self.offsets[-1]:
            self.offsets[-1] = offset

    def _open(self, offset: float, arrival: float, begin: int) -> None:
        if len(self.offsets) >= MAX_WINDOWS:
            self._halve()
        self.offsets.append(offset)
        self.nows.append(arrival)
        self.rtps.append(begin)

    def _join_last_two(self) -> None:
        last = self.offsets.pop()
        self.nows.pop()
        self.rtps.pop()
        self.offsets[-1] = min(self.offsets[-1], last)

    def _halve(self) -> None:
        pairs = zip(self.offsets[::2], self.offsets[1::2], strict=True)
        self.offsets = array("d", (min(pair) for pair in pairs))
        self.nows, self.rtps = self.nows[::2], self.rtps[::2]
        self._cell_s *= 2

    def least_between(self, start: float, end: float, piece_levels: list[float]) -> float | None:
        """Find the least offset of windows that began in [start, end), less each window's level."""
        first, last = bisect_right(self.nows, start), bisect_right(self.nows, end)
        return min(
            (self.offsets[i] - piece_levels[i] for i in range(first, last)),
            default=None,
        )

    def greatest_change(self, start: float, end: float, size: float) -> int:
        """Find the window between two times whose offset changed most towards a `size`."""
        first = max(1, bisect_right(self.nows, start))
        last = max(first + 1, bisect_right(self.nows, end))
        sign = 1.0 if size > 0 else -1.0
        return max(
            range(min(first, len(self) - 1), min(last, len(self))),
            key=lambda i: sign * (self.offsets[i] - self.offsets[i - 1]),
        )

    def steps(self) -> list[Step]:
        """Find the places where the least offset changed for good, in order."""
        return _joined(_find_steps(self.offsets, self.nows))


def _find_steps(offsets: array[float], nows: array[float]) -> Iterator[Step]:
    least_step = _least_step(offsets, nows)
    ahead = _least_ahead(offsets, nows)
    begin, floor = 0, float("inf")  # of the present piece, and its level as seen from its begin
    behind: deque[int] = deque()  # windows of rising offsets: the first is the least
    i = 0
    while i + 1 < len(offsets):
        while behind and offsets[behind[-1]] >= offsets[i]:
            behind.pop()
        behind.append(i)
        while nows[behind[0]] < nows[i] - _LOOK_BACK_S and len(behind) > 1:
            behind.popleft()
        level = offsets[behind[0]]
        if nows[i] - nows[begin] <= _LOOK_BACK_S:
            level = min(level, floor)
        change = ahead[i + 1] - level
        if abs(change) > least_step:
            at = i + 1
            if change < 0:  # what is lower lies somewhere ahead
                while offsets[at] > level + change / 2:
                    at += 1
            yield Step(at, ahead[at] - level, ahead[at])
            begin, floor = at, ahead[at]
            behind.clear()
            i = at
            continue
        i += 1


def _joined(steps: Iterator[Step]) -> list[Step]:
    """Join steps with too few packets between them to tell a level from jitter."""
    joined: list[Step] = []
    for step in steps:
        if joined and step.window - joined[-1].window <= _SHORT_PIECE:
            before = joined.pop()
            window = max(before, step, key=lambda one: abs(one.size)).window
            joined.append(Step(window, before.size + step.size, step.floor))
        else:
            joined.append(step)
    return joined


def _least_ahead(offsets: array[float], nows: array[float]) -> array[float]:
    """Compute for each window the least offset of the next `_LOOK_AHEAD_S`."""
    ahead = array("d", bytes(8 * len(offsets)))
    rising: deque[int] = deque()  # from the front: ever later windows of ever lower offsets
    for i in range(len(offsets) - 1, -1, -1):
        while rising and offsets[rising[-1]] >= offsets[i]:
            rising.pop()
        rising.append(i)
        while nows[rising[0]] > nows[i] + _LOOK_AHEAD_S:
            rising.popleft()
        ahead[i] = offsets[rising[0]]
    return ahead


def _least_step(offsets: array[float], nows: array[float]) -> float:
    """Estimate the least change that stands out from the jitter of this track."""
    least: list[float] = []
    second = float("-inf")
    for offset, now in zip(offsets, nows, strict=True):
        if now >= second:
            least.append(offset)
            second = now + 1.0
        elif offset < least[-1]:
            least[-1] = offset
    changes = [abs(after - before) for before, after in pairwise(least)]
    noise = median(changes) if changes else 0.0
    return min(max(_NOISE_FACTOR * noise, _MIN_STEP_S), _MAX_STEP_S)
