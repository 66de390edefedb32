"""From RTP timestamps to one recording's time.

Each track counts on its own clock from a random start. Sender reports (RFC 3550 §6.4.1), or packets
that tell their capture time (abs-capture-time), say which wall clock time an RTP timestamp stands
for; the relay hands them on as *anchors* on its own clock. A line through a track's anchors gives
the time of every packet, those before the first anchor included, and follows a sampling clock that
runs fast or slow. Without any anchor the least delayed arrivals must do.

Two kinds of jump are told apart by looking at arrivals, which do not jump:

- the RTP clock jumps (a sender started over): a new line begins;
- the anchors alone jump (the sender's wall clock was set, the relay found a better offset for it):
  no media moved, and the line follows the majority.
"""

from __future__ import annotations

from bisect import bisect_left
from statistics import median

import msgspec

MIN_ANCHOR_SPACING_S = 0.4  # they come every 0.5 to 5 s; more of them add nothing but memory
MAX_ANCHORS = 20_000
JUMP_S = 1.0  # a clock that starts over jumps further; less is a queue that filled or drained
MIN_SLOPE_SPAN_S = 20.0  # below this, jitter of the anchors outweighs any drift
MAX_DRIFT = 500e-6  # sound cards stay within 100 ppm; more is noise
MAX_SKEW_S = 10.0  # a packet cannot be captured this long before or after it arrived


class _Anchor(msgspec.Struct, frozen=True, gc=False):
    rtp: int
    capture: float
    now: float


class _Run(msgspec.Struct, frozen=True, gc=False):
    """One line, valid for packets that arrived between `first_now` and `last_now`."""

    first_now: float
    last_now: float
    rtp: int
    time: float
    seconds_per_tick: float

    def time_at(self, rtp: int) -> float:
        return self.time + (rtp - self.rtp) * self.seconds_per_tick


class TrackClock:
    """The finished mapping of one track."""

    def __init__(self, runs: list[_Run], lag_s: float = 0.0) -> None:
        self._runs = runs
        self._lag_s = lag_s
        self._last_nows = [run.last_now for run in runs]

    def time_at(self, rtp: int, arrival: float) -> float:
        """When what a decoder gives for extended timestamp `rtp` was captured.

        Args:
            rtp: of a packet.
            arrival: of that packet.

        Returns:
            Unix seconds on the relay's clock, never more than `MAX_SKEW_S` from the arrival.
        """
        return self._captured(rtp, arrival) - self._lag_s

    def _captured(self, rtp: int, arrival: float) -> float:
        if not self._runs:
            return arrival
        # The first run that had not ended by then; between two runs, the one that fits the arrival.
        index = min(bisect_left(self._last_nows, arrival), len(self._runs) - 1)
        time = self._runs[index].time_at(rtp)
        if index and arrival < self._runs[index].first_now:
            earlier = self._runs[index - 1].time_at(rtp)
            if abs(earlier - arrival) < abs(time - arrival):
                time = earlier
        return time if abs(time - arrival) <= MAX_SKEW_S else arrival


class TrackClockBuilder:
    """Collects a track's anchors and arrivals in the first pass over an archive."""

    def __init__(self, clock_rate: int, lag_s: float = 0.0) -> None:
        """`lag_s`: how much later a decoder gives what the coder took."""
        self._lag_s = lag_s
        self._tick = 1.0 / clock_rate
        self._anchors: list[_Anchor] = []
        self._earliest: tuple[float, int, float] | None = None  # offset, rtp, arrival

    def add_arrival(self, rtp: int, arrival: float) -> None:
        """Note a packet's extended timestamp and arrival."""
        offset = arrival - rtp * self._tick
        if self._earliest is None or offset < self._earliest[0]:
            self._earliest = (offset, rtp, arrival)

    def add_anchor(self, rtp: int, capture: float, now: float) -> None:
        """Note an anchor; too many or absurd ones are passed over."""
        if abs(capture - now) > MAX_SKEW_S or len(self._anchors) >= MAX_ANCHORS:
            return
        if self._anchors and now - self._anchors[-1].now < MIN_ANCHOR_SPACING_S:
            return
        self._anchors.append(_Anchor(rtp, capture, now))

    def build(self) -> TrackClock:
        """The mapping, from all that was noted."""
        runs = [self._fit(run) for run in self._split()]
        if not runs and self._earliest is not None:
            _, rtp, arrival = self._earliest
            runs = [_Run(arrival, arrival, rtp, arrival, self._tick)]
        return TrackClock(runs, self._lag_s)

    def _split(self) -> list[list[_Anchor]]:
        """Cut the anchors where the RTP clock jumped."""
        runs: list[list[_Anchor]] = []
        previous: _Anchor | None = None
        for anchor in self._anchors:
            if previous is None or self._clock_jumped(previous, anchor):
                runs.append([])
            runs[-1].append(anchor)
            previous = anchor
        return runs

    def _clock_jumped(self, before: _Anchor, after: _Anchor) -> bool:
        elapsed = (after.rtp - before.rtp) * self._tick
        jump = after.capture - before.capture - elapsed
        arrival_jump = after.now - before.now - elapsed
        return abs(jump) > JUMP_S and abs(arrival_jump - jump) <= abs(jump) / 2

    def _fit(self, run: list[_Anchor]) -> _Run:
        base = run[0]
        xs = [(anchor.rtp - base.rtp) * self._tick for anchor in run]
        offsets = [anchor.capture - base.capture - x for anchor, x in zip(run, xs, strict=True)]
        drift = _slope(xs, offsets) if max(xs) - min(xs) >= MIN_SLOPE_SPAN_S else 0.0
        drift = max(-MAX_DRIFT, min(MAX_DRIFT, drift))
        offset = median(y - drift * x for x, y in zip(xs, offsets, strict=True))
        return _Run(
            base.now, run[-1].now, base.rtp, base.capture + offset, self._tick * (1.0 + drift)
        )


def _slope(xs: list[float], ys: list[float]) -> float:
    """The median slope between points half the row apart: up to a quarter of them may be wrong."""
    half = len(xs) // 2
    return median(
        (ys[i + half] - ys[i]) / (xs[i + half] - xs[i])
        for i in range(len(xs) - half)
        if xs[i + half] > xs[i]
    )
