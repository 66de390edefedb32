"""Sound and picture of a lesson whose clocks misbehave, as a relay's tap would tell of them.

A `Lesson` gives each track a sample clock that stands still, jumps and drifts, a link with jitter
and bursts, and reports with noise. It knows when every packet was captured, so it can say how far
the recorder's clocks put sound and picture apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recorder.core.timeline import TrackClock, TrackClockBuilder

START = 1_700_000_000.0
LIMIT_S = 0.045  # ITU-R BT.1359: sound ahead of the picture is noticed from here on
LATENCY_S = 0.04

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """At `at` the sample clock stands still for `stall` seconds, or jumps by `jump`."""

    at: float
    stall: float = 0.0
    jump: float = 0.0


@dataclass(frozen=True)
class Reports:
    """How a track is told of its capture times.

    Attributes:
        every_s: from report to report.
        noise_s: usual error (standard deviation).
        outliers: share of reports that are off by up to `outlier_s`.
        wall: (time, seconds): from then on the sender's wall clock is off by so much.
    """

    every_s: float = 5.0
    first_s: float = 1.0
    noise_s: float = 0.003
    outliers: float = 0.03
    outlier_s: float = 0.06
    wall: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Link:
    """What a packet's way adds: jitter, and now and then a queue for everything."""

    jitter_s: float = 0.01
    queues: tuple[tuple[float, float, float], ...] = ()  # from, until, seconds


@dataclass
class Track:
    """One track's packets: when captured, what timestamp, when arrived."""

    rate: int
    spacing_s: float
    drift: float = 0.0
    faults: Sequence[Fault] = ()
    reports: Reports = field(default_factory=Reports)
    link: Link = field(default_factory=Link)
    seed: int = 1
    seconds: float = 2400.0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        times = np.arange(0.0, self.seconds, self.spacing_s)
        keep = np.ones(times.size, bool)
        for fault in self.faults:
            if fault.stall:
                keep &= ~((times >= fault.at) & (times < fault.at + fault.stall))
        self.times = times[keep]
        self.rtps = self.rtp_at(self.times)
        self.arrivals = START + self.times + self._delays(self.times)

    def rtp_at(self, times: Floats) -> npt.NDArray[np.int64]:
        """The sample clock: extended timestamps."""
        counted = times.copy()
        for fault in self.faults:
            counted -= np.clip(times - fault.at, 0.0, fault.stall)
            counted += np.where(times >= fault.at, fault.jump, 0.0)
        ticks: npt.NDArray[np.int64] = np.rint(counted * (1 + self.drift) * self.rate).astype(
            np.int64
        )
        return ticks + 5_000_000_000

    def _delays(self, times: Floats) -> Floats:
        delays = LATENCY_S + self.rng.exponential(self.link.jitter_s, times.size)
        for begin, end, queue in self.link.queues:
            delays += np.where((times >= begin) & (times < end), queue, 0.0)
        return np.asarray(delays)

    def clock(self) -> TrackClock:
        """What the recorder makes of it."""
        builder = TrackClockBuilder(self.rate)
        anchors = self._anchors()
        due = 0
        order = np.argsort(self.arrivals, kind="stable")
        latest = -1
        for number, rtp, arrival in zip(
            order.tolist(),
            self.rtps[order].tolist(),
            self.arrivals[order].tolist(),
            strict=True,
        ):
            while due < len(anchors) and anchors[due][2] <= arrival:
                builder.add_anchor(*anchors[due])
                due += 1
            if number > latest:
                latest = number
                builder.add_arrival(rtp, arrival)
        return builder.build()

    def _anchors(self) -> list[tuple[int, float, float]]:
        reports = self.reports
        times = np.arange(reports.first_s, self.seconds, reports.every_s)
        # A report goes on from the last packet, as senders do: also where the clock stands still.
        last = np.maximum(np.searchsorted(self.times, times, side="right") - 1, 0)
        rtps = self.rtps[last] + np.rint((times - self.times[last]) * self.rate).astype(np.int64)
        errors = self.rng.normal(0.0, reports.noise_s, times.size)
        wild = self.rng.random(times.size) < reports.outliers
        errors += wild * self.rng.uniform(-reports.outlier_s, reports.outlier_s, times.size)
        for since, by in reports.wall:
            errors += np.where(times >= since, by, 0.0)
        captures = START + times + errors
        nows = START + times + self._delays(times)
        return list(zip(rtps.tolist(), captures.tolist(), nows.tolist(), strict=True))

    def errors(self, clock: TrackClock) -> Floats:
        """How much later each packet is put than it was captured."""
        put = [
            clock.time_at(rtp, arrival)
            for rtp, arrival in zip(self.rtps.tolist(), self.arrivals.tolist(), strict=True)
        ]
        return np.asarray(put) - START - self.times


def sound(**kwargs: object) -> Track:
    """Opus packets of 20 ms."""
    return Track(rate=48_000, spacing_s=0.02, seed=1, **kwargs)  # type: ignore[arg-type]


def picture(**kwargs: object) -> Track:
    """Frames at 25 a second."""
    return Track(rate=90_000, spacing_s=0.04, seed=2, **kwargs)  # type: ignore[arg-type]


@dataclass(frozen=True)
class LipSync:
    """How far sound and picture are apart over a lesson."""

    within: float  # share of the lesson within `LIMIT_S`
    worst_s: float


def lip_sync(heard: Track, seen: Track) -> LipSync:
    """Compare the two tracks as the recorder dates them, every 20 ms of the lesson."""
    grid = np.arange(0.0, heard.seconds, 0.02)
    off = _held(grid, heard) - _held(grid, seen)
    return LipSync(float(np.mean(np.abs(off) <= LIMIT_S)), float(np.max(np.abs(off))))


def _held(grid: Floats, track: Track) -> Floats:
    errors = track.errors(track.clock())
    place = np.maximum(np.searchsorted(track.times, grid, side="right") - 1, 0)
    return errors[place]
