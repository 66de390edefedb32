"""Padding now and then while nothing else is sent: without packets nothing is learnt of a link."""

from __future__ import annotations

from relay.core.congestion.probe import UNJUDGED_NUMBER, Probe

_AFTER = 0.25  # s without any packet
_BYTES = 40  # the least packet
_BPS = 10_000.0


class Heartbeat:
    """Watches over the silence of one sender.

    Attributes:
        quiet_since: when the last packet but heartbeats had left.
    """

    __slots__ = ("_beat_at", "_octets", "quiet_since")

    def __init__(self, now: float) -> None:
        self.quiet_since = self._beat_at = now
        self._octets = 0

    def look(self, octets: int, now: float) -> None:
        """Note at each tick how much was sent in all."""
        if octets == self._octets:
            return
        # One that was asked for has left: it counts as silence.
        if now - self._beat_at > _AFTER / 2:
            self.quiet_since = now
        self._octets = octets

    def poll(self, now: float) -> Probe | None:
        """One packet of padding, if nothing was sent for a while."""
        if now - max(self.quiet_since, self._beat_at) < _AFTER:
            return None
        self._beat_at = now
        return Probe(UNJUDGED_NUMBER, _BPS, _BYTES, packets=1)
