"""The packets sent to one viewer, until transport-wide feedback tells what became of them.

The 16-bit transport-wide number itself is the index of the ring. Numbers are given out one after
the other. So the entry at `number mod size` belongs to the number, unless the number is older than
the ring is long. No number needs to be extended.
"""

from __future__ import annotations

from operator import sub

from relay.core.wire.twcc import Feedback

# Of a packet of a probe: (sent at, arrived at on the receiver's clock or None if it did not, bytes,
# probe).
PacketResult = tuple[float, float | None, int, int]

REMEMBERED = 2048  # packets; 2.5 s of 8 Mbit/s in full packets. A power of two.
RING_MASK = REMEMBERED - 1
_NONE_SENT = -1
# A packet's note is its size, with the probe's number above; 0 once it was reported as received.
PROBE_SHIFT = 16
_SIZE = (1 << PROBE_SHIFT) - 1
_REPORTED_LOST = 1 << 24  # added to the note: it may still be reported as received
_RATE_WINDOW = 0.2  # s over which the sending rate is measured …
_RATE_SMOOTHING = 0.3  # … and of it
_MAX_AGE = 10.0  # s; the bound of a useful report, beyond any queue and satellite hop
# A packet's one-way delay, up to the clocks' unknown difference, cannot change by more than this.
_MAX_JUMP = 10.0  # s
_STRIKES = 5  # feedback packets in a row with another clock until it is believed
# The reference time is 24 bits of 64 ms (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
REFERENCE_PERIOD = (1 << 24) * 0.064  # s, ≈ 12.4 days


class Told:
    """The news of feedback packets about packets sent, each in the order of its numbers.

    Values stand in columns, not rows: columns are taken from the ring and summed up as wholes.

    Attributes:
        sent, arrived, sizes: of those received; arrivals on the receiver's clock.
        waits: arrival - sending of each; `least` and `most` of them, if there are any.
        lost: (sent at, bytes) of the others.
        probes: those of both that belonged to a probe.
    """

    __slots__ = ("arrived", "least", "lost", "most", "probes", "sent", "sizes", "waits")

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.arrived: list[float] = []
        self.sizes: list[int] = []
        self.waits: list[float] = []
        self.least = self.most = 0.0
        self.lost: list[tuple[float, int]] = []
        self.probes: list[PacketResult] = []

    def add(self, later: Told) -> None:
        """Take what the next feedback packet told; both are to have received packets."""
        self.sent += later.sent
        self.arrived += later.arrived
        self.sizes += later.sizes
        self.waits += later.waits
        self.lost += later.lost
        self.probes += later.probes
        self.least = min(self.least, later.least)
        self.most = max(self.most, later.most)


class SentPackets:
    """Packets sent, waiting for feedback.

    Attributes:
        times, notes: the ring, public for `Outlet.send`, which does what `on_sent` does.
        octets: bytes sent in all.
        last_number: the latest number, or -1.
        epoch: rises when the receiver's clock jumped: delays before and after do not compare.
        unknown: reports dropped because their number was never sent, is reported already, or was
            sent too long ago.
        implausible: feedback packets and single arrivals dropped because no link can have caused
            their times.
    """

    __slots__ = (
        "_offset",
        "_strike_offset",
        "_strikes",
        "epoch",
        "implausible",
        "last_number",
        "notes",
        "octets",
        "times",
        "unknown",
    )

    def __init__(self) -> None:
        self.times = [0.0] * REMEMBERED
        self.notes = [0] * REMEMBERED
        self._offset: float | None = None  # arrival − sending, of a recent packet
        self._strikes = 0
        self._strike_offset = 0.0
        self.octets = 0
        self.last_number = _NONE_SENT
        self.epoch = 0
        self.unknown = 0
        self.implausible = 0

    def on_sent(self, number: int, size_bytes: int, now: float, probe: int = 0) -> None:
        """Note a packet; numbers follow on each other."""
        slot = number & RING_MASK
        self.times[slot] = now
        self.notes[slot] = size_bytes | probe << PROBE_SHIFT
        self.octets += size_bytes
        self.last_number = number

    def take(self, feedback: Feedback, now: float) -> Told:
        """Join a feedback packet with what was sent.

        Each packet comes out once as lost at most, and once as received at most (also after it was
        called lost: feedback overtakes reordered packets). What cannot be true is counted and left
        out.
        """
        oldest = now - _MAX_AGE
        if feedback.run and (usual := self._take_run(feedback, oldest)) is not None:
            return usual
        told = Told()
        shift = self._clock_shift(feedback, oldest)
        if shift is None:
            return told
        last, times, notes = self.last_number, self.times, self.notes
        low = (self._offset or 0.0) - _MAX_JUMP
        high = low + 2 * _MAX_JUMP
        for number, arrival in feedback.arrivals:
            slot = number & RING_MASK
            note, sent_at = notes[slot], times[slot]
            if not note or sent_at < oldest or (last - number) & 0xFFFF >= REMEMBERED:
                self.unknown += 1
                continue
            size, probe = note & _SIZE, note >> PROBE_SHIFT & 0xFF
            if arrival is None:
                if note >= _REPORTED_LOST:
                    continue
                notes[slot] = note | _REPORTED_LOST
                told.lost.append((sent_at, size))
                arrived_at = None
            else:
                arrived_at = arrival + shift
                wait = arrived_at - sent_at
                if not low <= wait <= high:
                    self.implausible += 1
                    continue
                notes[slot] = 0
                told.sent.append(sent_at)
                told.arrived.append(arrived_at)
                told.sizes.append(size)
                told.waits.append(wait)
            if probe:
                told.probes.append((sent_at, arrived_at, size, probe))
        if told.waits:
            told.least, told.most = min(told.waits), max(told.waits)
        return told

    def _take_run(self, feedback: Feedback, oldest: float) -> Told | None:
        """The usual case, cheaply: all arrived, was never reported before, and is plausible.

        Returns:
            None if it is not that; nothing was done then.
        """
        arrived, first = list(feedback.run), feedback.first
        count = len(arrived)
        start = first & RING_MASK
        stop = start + count
        known = ((self.last_number - first) & 0xFFFF) + 1
        if stop > REMEMBERED or not count <= known <= REMEMBERED or self._offset is None:
            return None
        sizes, sent = self.notes[start:stop], self.times[start:stop]
        # The notes of probes, and of what was called lost before, are larger than any size.
        if sent[0] < oldest or 0 in sizes or max(sizes) > _SIZE:
            return None
        waits = list(map(sub, arrived, sent))
        least, most = min(waits), max(waits)
        if least < self._offset - _MAX_JUMP or most > self._offset + _MAX_JUMP:
            return None
        self._offset = waits[0]
        self._strikes = 0
        self.notes[start:stop] = [0] * count
        told = Told()
        told.sent, told.arrived, told.sizes, told.waits = sent, arrived, sizes, waits
        told.least, told.most = least, most
        return told

    def _knows(self, number: int, oldest: float) -> bool:
        """True if a packet was sent since then and is not yet reported as received."""
        slot = number & RING_MASK
        if not self.notes[slot] or self.times[slot] < oldest:
            return False
        return (self.last_number - number) & 0xFFFF < REMEMBERED

    def _first_offset(self, feedback: Feedback, oldest: float) -> float | None:
        """Arrival - sending of the first packet that arrived and is known, if any is."""
        if feedback.run and self._knows(feedback.first, oldest):
            return feedback.run[0] - self.times[feedback.first & RING_MASK]
        for number, arrival in feedback.arrivals:
            if arrival is not None and self._knows(number, oldest):
                return arrival - self.times[number & RING_MASK]
        return None

    def _clock_shift(self, feedback: Feedback, oldest: float) -> float | None:
        """Seconds to add to the arrivals so that they do not wrap; None to drop the feedback."""
        offset = self._first_offset(feedback, oldest)
        if offset is None:
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
        """True if another clock was seen often enough: the receiver slept, or set its clock."""
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
        bps: smoothed over 0.6 to 0.9 s.
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
