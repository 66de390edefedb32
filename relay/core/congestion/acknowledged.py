"""The rate at which packets arrive at the viewer, from their arrival times.

Windows of 150 ms give samples. A sample weighs more the better it agrees with the estimate so far
(Bayesian, as in libwebrtc's acknowledged bitrate estimator). While the application has little to
send, samples below the estimate weigh less: they tell of the application, not of the link.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

_FIRST_WINDOW = 0.5  # s; the first sample decides alone, so it must be a long one
_WINDOW = 0.15  # s
_GAP = 1.0  # s without arrivals after which the window starts anew
_VARIANCE_GROWTH = 5.0  # (kbit/s)² per sample
_UNCERTAINTY = 10.0  # of a sample's relative deviation
_UNCERTAINTY_IDLE = 20.0  # for lower samples while the application limits the rate
_KILO = 1000.0


class AcknowledgedRate:
    """Windowed, then smoothed. `bps` is None until the first window is full."""

    __slots__ = ("_bytes", "_kbps", "_started", "_variance")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the rate: the link is another one now."""
        self._started: float | None = None  # arrival at which the window began
        self._bytes = 0
        self._kbps: float | None = None
        self._variance = 50.0  # (kbit/s)²

    @property
    def bps(self) -> float | None:
        """The estimate."""
        return None if self._kbps is None else self._kbps * _KILO

    def add_all(self, arrived: Sequence[float], sizes: Sequence[int], app_limited: bool) -> None:
        """Take what a feedback packet told, in the order of sending.

        Arrival times may step back a little. Windows are summed as wholes, not packet by packet:
        this runs ten times a second for every viewer.
        """
        if self._started is None or arrived[0] <= self._started - _GAP:
            self._started, self._bytes = arrived[0], -sizes[0]
        started, octets = self._started, self._bytes
        at, count = 0, len(arrived)
        while True:
            window = _FIRST_WINDOW if self._kbps is None else _WINDOW
            last = bisect_left(arrived, started + window, at)
            octets += sum(sizes[at : last + 1])
            if last == count:
                break
            elapsed = arrived[last] - started
            at = last + 1
            if elapsed < window:
                continue  # by a rounding error
            if elapsed < _GAP + _FIRST_WINDOW:
                self._sample(octets * 8 / elapsed / _KILO, app_limited)
            started, octets = arrived[last], 0
        self._started, self._bytes = started, octets

    def _sample(self, kbps: float, app_limited: bool) -> None:
        if self._kbps is None:
            self._kbps = kbps
            return
        scale = _UNCERTAINTY_IDLE if app_limited and kbps < self._kbps else _UNCERTAINTY
        # The more a sample deviates, relative to what is known, the less certain it is.
        deviation = scale * abs(self._kbps - kbps) / (self._kbps + min(kbps, 25.0) + 1.0)
        noise = deviation * deviation
        predicted = self._variance + _VARIANCE_GROWTH
        total = noise + predicted
        self._kbps = (noise * self._kbps + predicted * kbps) / total
        self._variance = noise * predicted / total
