"""The share of the disk that one source may take: a rate, a sum, and a lower rate without space.

A source that brings more is cut: nothing of the source is recorded until it brings less again.
Cutting out single packets would spoil the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

BURST_S = 5.0  # s of the rate that may come at once, as a modem keeps them during an outage
_BACK_AT = 0.5  # share of the burst that must be free before a cut source is recorded again


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """The bounds of each source.

    Attributes:
        bps: bit/s that may be recorded in the long run. A publisher may send as much
            (`RelayConfig.publisher_bps`), so that nothing is seen live and missing afterwards.
        modest_bps: bit/s while space is short.
        most_bytes: in one run of a recording.
        most_tracks: in one run; each has a number of its own, and numbers are limited.
    """

    bps: float = 25e6
    modest_bps: float = 3e6
    most_bytes: int = 12 * 1024**3
    most_tracks: int = 8192


class SourceQuota:
    """One source's account.

    Attributes:
        cut: nothing of the source is recorded now.
        refused: records that were not kept.
    """

    __slots__ = ("_at", "_level", "_rules", "_tracks", "_used", "cut", "refused")

    def __init__(self, rules: QuotaRules, now: float) -> None:
        self._rules = rules
        self._level = rules.bps / 8 * BURST_S
        self._at = now
        self._used = 0
        self._tracks = 0
        self.cut = False
        self.refused = 0

    def take(self, size: int, now: float, *, short: bool) -> bool:
        """Decide whether a record may be kept.

        Records count while the source is cut, too. So it is recorded again once it brings less than
        its rate.

        Args:
            size: bytes.
            now: seconds of any clock; a clock that jumps earns a burst at the most.
            short: space is short.
        """
        octet_rate = (self._rules.modest_bps if short else self._rules.bps) / 8
        burst = octet_rate * BURST_S
        earned = octet_rate * min(max(now - self._at, 0.0), BURST_S)
        self._at = now
        self._level = min(self._level + earned, burst) - size
        if self.cut and self._level >= _BACK_AT * burst and self._used < self._rules.most_bytes:
            self.cut = False
        elif self._level < 0.0 or self._used + size > self._rules.most_bytes:
            self.cut = True
        if self.cut:
            self._level = max(self._level, 0.0)
            self.refused += 1
            return False
        self._used += size
        return True

    def take_track(self) -> bool:
        """Decide whether another track may begin."""
        if self._tracks >= self._rules.most_tracks:
            self.cut = True
            return False
        self._tracks += 1
        return True
