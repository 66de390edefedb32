"""Bounds of what one media session may send, and the judgement of one that sends more.

Each kind of datagram has an allowance of its own, taken before decryption. A flood of one kind
neither costs work nor uses up another kind. `docs/transport.md` tells the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from relay.api import Excess
from relay.config import RelayConfig
from relay.core.incoming.allowance import Allowance, fair_share

# Per second. Browsers send 10 to 20 feedback packets, and repair requests as losses call for them.
_REPORTS_PER_S = 500.0
_REPORT_BPS = 1e6
# Per second. Chromium checks its pairs every 50 ms while it looks for a path, then every 2.5 s.
_CHECKS_PER_S = 100.0
# Per second. A flight of the handshake is 1 to 5 datagrams, repeated from 50 ms to seconds apart.
_RECORDS_PER_S = 50.0
_ANY_BPS = 1e9  # where only packets count; each is at most 2 KB

_MIN_INTERVAL_S = 0.1  # s; a shorter time says nothing of a rate
SHOWN_S = 5.0  # s after the last packet that was too much, so that no page flickers


class SessionLimits:
    """The allowances of one session.

    Attributes:
        media: RTP.
        reports: RTCP.
        records: DTLS.
        checks: STUN from addresses that are the session's own.
        strangers: STUN that names the session and comes from anywhere else. Anybody who saw a user
            fragment can send it, so it must not cost the session its consent.
        excess: the kind of media that it sends too much of now.
    """

    __slots__ = (
        "_config",
        "_narrowed",
        "_refused_sound",
        "_seen",
        "_seen_at",
        "_told_until",
        "_wanted",
        "checks",
        "excess",
        "media",
        "records",
        "reports",
        "strangers",
    )

    def __init__(self, config: RelayConfig, now: float) -> None:
        self._config = config
        self.media = Allowance(config.publisher_packets_per_s, config.publisher_bps, now)
        self.reports = Allowance(_REPORTS_PER_S, _REPORT_BPS, now)
        self.records = Allowance(_RECORDS_PER_S, _ANY_BPS, now)
        self.checks = Allowance(_CHECKS_PER_S, _ANY_BPS, now)
        self.strangers = Allowance(_CHECKS_PER_S, _ANY_BPS, now)
        self.excess = Excess.NONE
        self._narrowed = False  # to its share of what its room may send
        self._refused_sound = 0
        self._seen = _Seen(0.0, 0.0, 0, 0)
        self._wanted = (0.0, 0.0)  # packets/s and bit/s that came, between the last two looks
        self._seen_at = self._told_until = now

    def measure(self, refused_sound: int, now: float) -> None:
        """Measure what came since the last call, and judge whether that was too much.

        Args:
            refused_sound: sound packets that its publisher refused so far.
            now: seconds.
        """
        media, before = self.media, self._seen
        seen = _Seen(
            media.taken + media.refused,
            media.taken_octets + media.refused_octets,
            media.refused,
            media.short_of_octets,
        )
        elapsed = max(now - self._seen_at, _MIN_INTERVAL_S)
        packets, octets = seen.packets - before.packets, seen.octets - before.octets
        self._wanted = packets / elapsed, 8 * octets / elapsed
        self._seen, self._seen_at = seen, now
        found = self._judge(seen.refused - before.refused, seen.short - before.short)
        if found is Excess.NONE and refused_sound > self._refused_sound:
            found = Excess.SOUND
        self._refused_sound = refused_sound
        if found is not Excess.NONE:
            self.excess, self._told_until = found, now + SHOWN_S
        elif now >= self._told_until:
            self.excess = Excess.NONE

    def _judge(self, refused: int, short_of_octets: int) -> Excess:
        if not refused:
            return Excess.NONE
        if self._narrowed:
            return Excess.ROOM
        return Excess.BITS if 2 * short_of_octets > refused else Excess.PACKETS

    def narrow(self, packets_per_s: float, bps: float) -> None:
        """Take no more than this share of what the room may send, or all that a session may."""
        config = self._config
        packets_wanted, bps_wanted = self._wanted
        self._narrowed = packets_wanted > packets_per_s or bps_wanted > bps
        self.media.set_rate(
            min(packets_per_s, config.publisher_packets_per_s), min(bps, config.publisher_bps)
        )

    @property
    def wanted(self) -> tuple[float, float]:
        """Packets/s and bit/s of media that came between the last two looks, refused or not."""
        return self._wanted


class _Seen(NamedTuple):
    """Media that came until a look: packets, bytes, and what was refused of it."""

    packets: float
    octets: float
    refused: int
    short: int


def share_room(members: Sequence[SessionLimits], config: RelayConfig) -> None:
    """Narrow those publishing sessions of a room that bring more than their share of its bound.

    A room within its bound narrows nobody. In a room beyond it, sessions that send little go on
    undisturbed.
    """
    shares = []
    for index, bound in enumerate((config.room_packets_per_s, config.room_bps)):
        wanted = [member.wanted[index] for member in members]
        shares.append(fair_share(wanted, bound) if sum(wanted) > bound else math.inf)
    for member in members:
        member.narrow(shares[0], shares[1])
