"""Durations of presence and leases, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

# Part of the TTL by which a holder stops to believe before Redis forgets. It bears clocks whose
# rates differ by a fifth; quartz differs by 0.01% (RFC 5905 §7.1: 15 ppm).
_MARGIN = 0.2
_BEATS_MISSED = 2.5  # beats without a sign of life that make a node suspect: two were lost


@dataclass(frozen=True, slots=True)
class CellTimes:
    """Durations in seconds; all processes of an installation must have the same."""

    beat_s: float = 0.4
    ttl_s: float = 2.4

    @property
    def belief_s(self) -> float:
        """How long a holder believes in a lease, from the moment at which it asked for it."""
        return self.ttl_s * (1 - _MARGIN)

    @property
    def suspect_s(self) -> float:
        """Age of a node's last beat from which the node is suspect."""
        return self.beat_s * _BEATS_MISSED

    @property
    def noticed_s(self) -> float:
        """The longest time until others notice a dead node: its TTL, and the next reading."""
        return self.ttl_s + self.beat_s

    @property
    def confirm_s(self) -> float:
        """How often the database is asked about a lease that Redis renews all the time."""
        return self.ttl_s * 2

    @property
    def ttl_ms(self) -> int:
        """The TTL as Redis takes it."""
        return round(self.ttl_s * 1000)
