"""What was sent to one viewer, until its transport-wide feedback tells what became of it.

The ring is indexed by the 16-bit transport-wide number itself: numbers are given out one after the
other, so the entry at `number mod size` is the latest of its residue, and no counter needs to be
extended to find it.
"""

from __future__ import annotations

from relay.core.twcc import Feedback

# (sent at, arrived at on the receiver's clock or None if it did not, bytes, probe or 0). A plain
# tuple: one is made per packet and viewer.
PacketResult = tuple[float, float | None, int, int]

REMEMBERED = 2048  # packets; 2.5 s of 8 Mbit/s in full packets. A power of two.
_MASK = REMEMBERED - 1
_EMPTY = -1
_RATE_WINDOW = 0.2  # s over which the sending rate is measured …
_RATE_SMOOTHING = 0.3  # … and of it
_REPORTED_LOST = 0x10000  # added to the number: it may still be reported as received
_MAX_AGE = 10.0  # s; the bound of a useful report, beyond any queue and satellite hop
# A packet's one-way delay, up to the clocks' unknown difference, cannot change by more than this.
_MAX_JUMP = 10.0  # s
_STRIKES = 5  # feedback packets in a row with another clock until it is believed
# The reference time is 24 bits of 64 ms (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
REFERENCE_PERIOD = (1 << 24) * 0.064  # s, ≈ 12.4 days


class SentPackets:
    """Packets sent, waiting for feedback.

    Attributes:
        octets: bytes sent in all.
        last_number: the latest number, or -1.
        epoch: rises when the receiver's clock jumped: delays before and after do not compare.
        unknown: reports dropped because their number was never sent, is reported already, or was
            sent too long ago.
        implausible: feedback packets and single arrivals dropped because no link can have caused
            their times.
    """

    __slots__ = (
        "_numbers",
        "_offset",
        "_probes",
        "_sizes",
        "_strike_offset",
        "_strikes",
        "_times",
        "epoch",
        "implausible",
        "last_number",
        "octets",
        "unknown",
    )

    def __init__(self) -> None:
        self._numbers = [_EMPTY] * REMEMBERED
        self._times = [0.0] * REMEMBERED
        self._sizes = [0] * REMEMBERED
        self._probes = [0] * REMEMBERED
        self._offset: float | None = None  # arrival − sending, of a recent packet
        self._strikes = 0
        self._strike_offset = 0.0
        self.octets = 0
        self.last_number = _EMPTY
        self.epoch = 0
        self.unknown = 0
        self.implausible = 0

    def on_sent(self, number: int, size_bytes: int, now: float, probe: int = 0) -> None:
        """Note a packet. Hot: once per packet and viewer."""
        slot = number & _MASK
        self._numbers[slot] = number
        self._times[slot] = now
        self._sizes[slot] = size_bytes
        self._probes[slot] = probe
        self.octets += size_bytes
        self.last_number = number

    def take(self, feedback: Feedback, now: float) -> list[PacketResult]:
        """Join a feedback packet with what was sent, in the order of the numbers.

        Each packet comes out once as lost at most, and once as received at most (also after it was
        called lost: feedback overtakes reordered packets). What cannot be true is counted and left
        out.
        """
        oldest = now - _MAX_AGE
        shift = self._clock_shift(feedback, oldest)
        if shift is None:
            return []
        numbers, times = self._numbers, self._times
        low = (self._offset or 0.0) - _MAX_JUMP
        high = low + 2 * _MAX_JUMP
        results: list[PacketResult] = []
        for number, arrival in feedback.arrivals:
            slot = number & _MASK
            known = numbers[slot]
            sent_at = times[slot]
            if sent_at < oldest or (known != number and known != number | _REPORTED_LOST):
                self.unknown += 1
            elif arrival is None:
                if known == number:
                    numbers[slot] = number | _REPORTED_LOST
                    results.append((sent_at, None, self._sizes[slot], self._probes[slot]))
            else:
                arrived_at = arrival + shift
                if not low <= arrived_at - sent_at <= high:
                    self.implausible += 1
                    continue
                numbers[slot] = _EMPTY
                results.append((sent_at, arrived_at, self._sizes[slot], self._probes[slot]))
        return results

    def _clock_shift(self, feedback: Feedback, oldest: float) -> float | None:
        """Seconds to add to the arrivals so that they do not wrap; None to drop the feedback."""
        for number, arrival in feedback.arrivals:
            slot = number & _MASK
            known, sent_at = self._numbers[slot], self._times[slot]
            if arrival is None or known < 0 or known & 0xFFFF != number or sent_at < oldest:
                continue
            offset = arrival - sent_at
            break
        else:
            return 0.0  # nothing arrived of what is known: only losses to tell
        if self._offset is None:
            self._offset = offset
            return 0.0
        shift = round((self._offset - offset) / REFERENCE_PERIOD) * REFERENCE_PERIOD
        offset += shift
        if abs(offset - self._offset) <= _MAX_JUMP:
            self._offset = offset
            self._strikes = 0
            return shift
        return shift if self._believes(offset) else None

    def _believes(self, offset: float) -> bool:
        """Whether another clock was seen often enough: the receiver slept, or set its clock."""
        self.implausible += 1
        if abs(offset - self._strike_offset) > _MAX_JUMP:
            self._strikes = 0
        self._strike_offset = offset
        self._strikes += 1
        if self._strikes < _STRIKES:
            return False
        self._strikes = 0
        self._offset = offset
        self.epoch += 1
        return True


class SendRate:
    """The sending rate of the last moments.

    Attributes:
        bps: smoothed over some 0.6 s.
    """

    __slots__ = ("_at", "_octets", "bps")

    def __init__(self, now: float) -> None:
        self.bps = 0.0
        self._at = now
        self._octets = 0

    def update(self, octets: int, now: float) -> None:
        """Take how many bytes were sent in all by now."""
        elapsed = now - self._at
        if elapsed >= _RATE_WINDOW:
            self.bps += _RATE_SMOOTHING * (8 * (octets - self._octets) / elapsed - self.bps)
            self._octets = octets
            self._at = now
