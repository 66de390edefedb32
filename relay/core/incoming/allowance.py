"""Bounds of one sender's traffic: token buckets that cost next to nothing while they last."""

from __future__ import annotations

from collections.abc import Sequence

# s of the rate that may come at once. A modem delivers all that it kept during an outage, and a
# large key frame comes with its repairs.
BURST_S = 2.0


class Allowance:
    """Packets and bytes that one sender may send.

    Each packet lowers the level. New tokens are added only when the level runs out. So up to two
    bursts may pass at once, and in the long run never more than the rate.

    Attributes:
        refused: packets for which nothing was left.
        refused_octets: their bytes.
        short_of_octets: of these packets, how many for want of bytes.
    """

    __slots__ = (
        "_at",
        "_earned",
        "_earned_octets",
        "_octet_rate",
        "_octets",
        "_packet_rate",
        "_packets",
        "refused",
        "refused_octets",
        "short_of_octets",
    )

    def __init__(self, packets_per_s: float, bps: float, now: float) -> None:
        self._packet_rate = packets_per_s
        self._octet_rate = bps / 8
        self._packets = self._earned = packets_per_s * BURST_S
        self._octets = self._earned_octets = bps / 8 * BURST_S
        self._at = now
        self.refused = self.refused_octets = self.short_of_octets = 0

    def take(self, size: int, now: float) -> bool:
        """Take one packet of so many bytes; False if it is too much. Hot: once per datagram."""
        self._packets -= 1.0
        self._octets -= size
        if self._packets >= 0.0 and self._octets >= 0.0:
            return True
        return self._earn(size, now)

    def _earn(self, size: int, now: float) -> bool:
        elapsed = now - self._at
        if elapsed > 0.0:
            self._at = now
            packets = min(self._packet_rate * elapsed, self._packet_rate * BURST_S - self._packets)
            octets = min(self._octet_rate * elapsed, self._octet_rate * BURST_S - self._octets)
            self._packets += packets
            self._octets += octets
            self._earned += packets
            self._earned_octets += octets
        if self._packets >= 0.0 and self._octets >= 0.0:
            return True
        self.refused += 1
        self.refused_octets += size
        if self._packets >= 0.0:
            self.short_of_octets += 1
        self.give_back(size)
        return False

    def give_back(self, size: int) -> None:
        """Return the tokens of a packet that was not the sender's."""
        self._packets += 1.0
        self._octets += size

    @property
    def taken(self) -> float:
        """Packets taken so far."""
        return self._earned - self._packets

    @property
    def taken_octets(self) -> float:
        """Bytes taken so far."""
        return self._earned_octets - self._octets

    def set_rate(self, packets_per_s: float, bps: float) -> None:
        """Allow more or less from now on; tokens above the new burst are lost."""
        self._packet_rate = packets_per_s
        self._octet_rate = bps / 8
        spare = self._packets - packets_per_s * BURST_S
        if spare > 0.0:
            self._packets -= spare
            self._earned -= spare
        spare = self._octets - self._octet_rate * BURST_S
        if spare > 0.0:
            self._octets -= spare
            self._earned_octets -= spare


def fair_share(wanted: Sequence[float], total: float) -> float:
    """The most that each may have, so that all together have at most `total`.

    Members that want less get all of their wish (max-min fairness). With room for everybody the
    result is the largest wish, or `total` if nobody wants anything.
    """
    left = total
    ordered = sorted(wanted)
    for index, one in enumerate(ordered):
        share = left / (len(ordered) - index)
        if one > share:
            return share
        left -= one
    return ordered[-1] if ordered else total
