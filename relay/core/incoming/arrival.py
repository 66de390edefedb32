"""Arrival figures of one incoming stream: rate, loss, jitter, and the report block made of them."""

from __future__ import annotations

from relay.core.wire.rtcp import ReportBlock

_INTERVAL_S = 1.0  # s
LEARNING_S = 4  # s; browsers reach an encoder's full rate in two to three
TEMPORAL_LAYERS = 4  # the field has two bits (RFC 7741 §4.2)
_HEADER_OCTETS = 72  # RTP with extensions, SRTP tag, UDP, IPv4
_DECAY = 0.9  # per interval: after ten still seconds a picture may be planned with less
_SMOOTHING = 0.3  # weight of the last second in the shares of temporal layers
_MAX_LOST = 0x7FFFFF  # the field has 24 bits, signed (RFC 3550 §6.4.1)


class ArrivalMeter:
    """Counts what arrives; `roll` turns the counts into figures once a second.

    Attributes:
        bitrate_bps: over the last interval, payloads and retransmissions.
        carried_bps: the rate that a viewer's link must carry for this stream, headers included. It
            is that of the last interval, or falls slowly from livelier ones. A pause keeps it.
        seconds: intervals in which something came, at most `LEARNING_S`. Below that the first
            interval was not whole, or the encoder is still on its way up.
        temporal_shares: which part of the rate the temporal layers 0…n make together; empty where
            there are none.
        packets: original packets of the last interval.
        frames_per_second: over the last interval.
        loss_fraction: before repair.
        unrepaired_fraction: after repair.
    """

    __slots__ = (
        "_base",
        "_by_temporal",
        "_frames",
        "_highest",
        "_last_arrival",
        "_last_timestamp",
        "_octets",
        "_originals",
        "_repaired",
        "_report_middle",
        "_reported_at",
        "_rolled_at",
        "_rolled_highest",
        "_rolled_total",
        "_total",
        "bitrate_bps",
        "carried_bps",
        "frames_per_second",
        "jitter",
        "loss_fraction",
        "packets",
        "seconds",
        "temporal_shares",
        "unrepaired_fraction",
    )

    def __init__(self, now: float) -> None:
        self.bitrate_bps = self.carried_bps = self.seconds = 0
        self.temporal_shares: tuple[float, ...] = ()
        self._by_temporal = [0] * TEMPORAL_LAYERS
        self.packets = 0
        self.frames_per_second = 0.0
        self.loss_fraction = 0.0
        self.unrepaired_fraction = 0.0
        self.jitter = 0.0  # clock ticks, RFC 3550 §A.8
        self._report_middle = 0  # middle 32 bits of the last sender report's NTP time
        self._reported_at = now
        self._rolled_at = now
        self._octets = self._frames = self._originals = self._repaired = 0
        self._total = self._rolled_total = 0
        self.restart(0)
        self._base = -1

    def restart(self, sequence: int) -> None:
        """The stream begins (again) at an extended sequence number."""
        self._base = sequence
        self._highest = self._rolled_highest = sequence - 1
        self._total = self._rolled_total = 0
        self._last_arrival = 0.0
        self._last_timestamp = 0
        self.jitter = 0.0

    @property
    def heard(self) -> bool:
        """True if an original packet came since the stream began (again)."""
        return self._total > 0

    def on_original(self, octets: int, temporal: int = -1) -> None:
        """A packet came for the first time."""
        if temporal >= 0:
            self._by_temporal[temporal] += octets
        self._octets += octets
        self._originals += 1
        self._total += 1

    def on_repair(self, octets: int) -> None:
        """A packet came as a retransmission."""
        self._octets += octets
        self._repaired += 1

    def on_frame(self, timestamp: int, rate: int, now: float) -> None:
        """The first packet of a new frame, in order, came at `now`."""
        self._frames += 1
        if self._last_arrival:
            gap = (now - self._last_arrival) * rate - (timestamp - self._last_timestamp)
            self.jitter += (abs(gap) - self.jitter) / 16
        self._last_arrival = now
        self._last_timestamp = timestamp

    def roll(self, highest: int, now: float) -> None:
        """Close the interval if it is over; `highest` is the highest extended sequence number."""
        elapsed = now - self._rolled_at
        if elapsed < _INTERVAL_S:
            return
        expected = max(0, highest - self._highest)
        self._highest = highest
        self.bitrate_bps = round(8 * self._octets / elapsed)
        if self._octets:
            packets = self._originals + self._repaired
            carried = 8 * (self._octets + _HEADER_OCTETS * packets) / elapsed
            self.carried_bps = round(max(carried, self.carried_bps * _DECAY))
            self.seconds = min(self.seconds + 1, LEARNING_S)
        self._share()
        self.packets = self._originals
        self.frames_per_second = self._frames / elapsed
        self.loss_fraction = self._missing(expected, self._originals)
        self.unrepaired_fraction = self._missing(expected, self._originals + self._repaired)
        self._octets = self._frames = self._originals = self._repaired = 0
        self._rolled_at = now

    def _share(self) -> None:
        counts = self._by_temporal
        total = sum(counts)
        if not total:
            return
        highest = max(index for index, octets in enumerate(counts) if octets)
        shares = tuple(sum(counts[: index + 1]) / total for index in range(highest + 1))
        before = self.temporal_shares
        if len(before) == len(shares):
            pairs = zip(before, shares, strict=True)
            shares = tuple(old + _SMOOTHING * (new - old) for old, new in pairs)
        self.temporal_shares = shares if len(shares) > 1 else ()
        self._by_temporal = [0] * TEMPORAL_LAYERS

    @staticmethod
    def _missing(expected: int, received: int) -> float:
        return max(0.0, 1 - received / expected) if expected else 0.0

    def on_sender_report(self, ntp: int, now: float) -> None:
        """Note a sender report: the next report block answers it."""
        self._report_middle = ntp >> 16 & 0xFFFFFFFF
        self._reported_at = now

    def forget_sender_report(self) -> None:
        """Answer no sender report until another one comes: the stream begins anew."""
        self._report_middle = 0

    def report_block(self, ssrc: int, highest: int, now: float) -> ReportBlock:
        """The block for a receiver report (RFC 3550 §6.4.1 and §A.3).

        Args:
            ssrc: the stream.
            highest: highest extended sequence number, as inside the core.
            now: seconds.
        """
        delay = now - self._reported_at
        expected = highest - self._rolled_highest
        received = self._total - self._rolled_total
        self._rolled_highest, self._rolled_total = highest, self._total
        lost = max(0, expected - received)
        fraction = min(255, 256 * lost // expected) if expected > 0 else 0
        cumulative = min(highest - self._base + 1 - self._total, _MAX_LOST)
        return ReportBlock(
            ssrc,
            fraction,
            max(0, cumulative),
            # The wire counts cycles from the stream's first packet (RFC 3550 §A.1); the core from
            # a number that no earlier stream had.
            (highest - (self._base & ~0xFFFF)) & 0xFFFFFFFF,
            min(int(self.jitter), 0xFFFFFFFF),
            self._report_middle,
            min(int(delay * 65536), 0xFFFFFFFF) if self._report_middle else 0,
        )
