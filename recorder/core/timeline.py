"""From RTP timestamps to one recording's time.

Each track counts on its own clock from a random start. Sender reports (RFC 3550 §6.4.1) say which
wall clock time an RTP timestamp stands for; the relay hands them on as *anchors* on its own clock.
A line through a track's anchors gives the time of every packet, those before the first report
included, and follows a sampling clock that runs fast or slow. Without any anchor the least delayed
arrivals must do.

Two kinds of jump are told apart by looking at arrivals, which do not jump:

- the RTP clock jumps (a sender started over): a new line begins;
- the sender's wall clock jumps (somebody set it): the jump is taken out, for no media moved.
"""

from __future__ import annotations

from bisect import bisect_left
from statistics import median

import msgspec

MIN_ANCHOR_SPACING_S = 0.4  # reports come every 0.5 to 5 s; more of them add nothing but memory
MAX_ANCHORS = 20_000
JUMP_S = 0.1  # reports of a healthy sender agree within a few ms
MIN_SLOPE_SPAN_S = 20.0  # below this, jitter of the reports outweighs any drift
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

    def __init__(self, runs: list[_Run]) -> None:
        self._runs = runs
        self._last_nows = [run.last_now for run in runs]

    def time_at(self, rtp: int, arrival: float) -> float:
        """When extended timestamp `rtp`, of a packet that arrived at `arrival`, was captured.

        Returns:
            Unix seconds on the relay's clock, never more than `MAX_SKEW_S` from the arrival.
        """
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

    def __init__(self, clock_rate: int) -> None:
        self._tick = 1.0 / clock_rate
        self._anchors: list[_Anchor] = []
        self._earliest: tuple[float, int, float] | None = None  # offset, rtp, arrival

    def add_arrival(self, rtp: int, arrival: float) -> None:
        """Note a packet's extended timestamp and arrival."""
        offset = arrival - rtp * self._tick
        if self._earliest is None or offset < self._earliest[0]:
            self._earliest = (offset, rtp, arrival)

    def add_anchor(self, rtp: int, capture: float, now: float) -> None:
        """Note a sender-report mapping; too many or absurd ones are passed over."""
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
        return TrackClock(runs)

    def _split(self) -> list[list[_Anchor]]:
        """Cut the anchors where the RTP clock jumped; take jumps of the wall clock out."""
        runs: list[list[_Anchor]] = []
        correction = 0.0
        previous: _Anchor | None = None
        for raw in self._anchors:
            anchor = _Anchor(raw.rtp, raw.capture + correction, raw.now)
            new_run = previous is None
            if previous is not None:
                elapsed = (anchor.rtp - previous.rtp) * self._tick
                jump = anchor.capture - previous.capture - elapsed
                arrival_jump = anchor.now - previous.now - elapsed
                if abs(jump) > JUMP_S:
                    new_run = abs(arrival_jump - jump) <= abs(jump) / 2
                    if not new_run:
                        correction -= jump
                        anchor = _Anchor(raw.rtp, anchor.capture - jump, raw.now)
            if new_run:
                runs.append([])
            runs[-1].append(anchor)
            previous = anchor
        return runs

    def _fit(self, run: list[_Anchor]) -> _Run:
        base = run[0]
        xs = [(anchor.rtp - base.rtp) * self._tick for anchor in run]
        offsets = [anchor.capture - base.capture - x for anchor, x in zip(run, xs, strict=True)]
        drift = _slope(xs, offsets) if xs[-1] - xs[0] >= MIN_SLOPE_SPAN_S else 0.0
        drift = max(-MAX_DRIFT, min(MAX_DRIFT, drift))
        offset = median(y - drift * x for x, y in zip(xs, offsets, strict=True))
        return _Run(
            base.now, run[-1].now, base.rtp, base.capture + offset, self._tick * (1.0 + drift)
        )


def _slope(xs: list[float], ys: list[float]) -> float:
    """Least squares."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if spread == 0.0:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
