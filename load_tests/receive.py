"""One receiving slot: order, repair by NACK and RTX, frame assembly, figures.

Pure: packets and `now` come in, answers go out by `feedback`. A missing packet is requested a
bounded number of times. When it is given up, video waits for a key frame and asks for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from load_tests.packetize import FrameAssembler, ReceivedFrame
from load_tests.rtp import RtpPacket, build_nack, build_pli, sequence_delta

REORDER_GRACE_S = 0.01  # a gap this young may be mere reordering
NACK_INTERVAL_S = 0.06
MAX_NACKS = 8
GIVE_UP_S = {"video": 0.6, "audio": 0.1}  # sound is not asked for again, so it need not wait
MAX_MISSING = 500  # more is a new start, not a gap
MAX_WAITING = 2000  # packets held behind a gap
PLI_INTERVAL_S = 0.4
RATE_WINDOW_S = 1.0


@dataclass(slots=True)
class SlotStats:
    """Figures of one slot; times in `time.monotonic()` seconds."""

    kind: str
    first_packet_at: float | None = None
    first_frame_at: float | None = None
    last_frame_at: float | None = None
    packets: int = 0
    octets: int = 0
    duplicates: int = 0
    gaps: int = 0  # packets missing at first
    repaired: int = 0
    lost: int = 0  # given up
    nacks_sent: int = 0
    plis_sent: int = 0
    frames: int = 0  # complete and with all their references
    key_frames: int = 0
    undecodable: int = 0  # complete, but something they refer to was lost
    longest_freeze_s: float = 0.0
    width: int = 0
    height: int = 0
    codec: str = ""
    bitrate_bps: float = 0.0
    picture_id_jumps: int = 0
    timestamp_reversals: int = 0

    @property
    def loss_fraction(self) -> float:
        """Packets given up, of those that should have come."""
        due = self.packets + self.lost
        return self.lost / due if due else 0.0


@dataclass(slots=True)
class _Missing:
    since: float
    asked_at: float = float("-inf")
    asked: int = 0


@dataclass(slots=True)
class _Arrival:
    """Figures of a receiver report (RFC 3550 §6.4.1)."""

    base: int = -1
    highest: int = -1  # extended
    received: int = 0
    expected_before: int = 0
    received_before: int = 0
    jitter: float = 0.0
    transit: float | None = None
    last_sr_ntp: int = 0
    last_sr_at: float = 0.0


class SlotReceiver:
    """Receives one slot.

    Args:
        kind: ``audio`` or ``video``.
        ssrc: of the slot, for feedback; may be learnt later.
        clock_rate: Hz, for jitter.
        on_frame: gets each video frame that can be decoded, in order.
        on_audio: gets each Opus packet's timestamp and payload, in order.
        feedback: sends one RTCP packet.
    """

    def __init__(
        self,
        kind: str,
        ssrc: int,
        *,
        clock_rate: int,
        own_ssrc: int,
        feedback: Callable[[bytes], None],
        on_frame: Callable[[ReceivedFrame, float], None],
        on_audio: Callable[[int, bytes, float], None],
    ) -> None:
        self.stats = SlotStats(kind)
        self.ssrc = ssrc
        self.arrival = _Arrival()
        self._clock_rate = clock_rate
        self._own_ssrc = own_ssrc
        self._feedback = feedback
        self._on_frame = on_frame
        self._on_audio = on_audio
        self._assembler = FrameAssembler()
        self._waiting: dict[int, tuple[RtpPacket, str]] = {}
        self._missing: dict[int, _Missing] = {}
        self._next: int | None = None  # extended sequence number to hand on next
        self._need_key = kind == "video"
        self._pli_at = float("-inf")
        self._window_start = 0.0
        self._window_octets = 0
        self._last_picture_id: int | None = None
        self._last_timestamp: int | None = None

    def receive(self, packet: RtpPacket, codec: str, now: float, *, repaired: bool = False) -> None:
        """Take a packet of this slot; `repaired` marks one that came by RTX."""
        stats, arrival = self.stats, self.arrival
        if not packet.payload:
            return  # padding only: a probe
        if arrival.highest < 0:
            arrival.base = arrival.highest = packet.sequence + (1 << 16)
            self._next = arrival.highest
            stats.first_packet_at = self._window_start = now
        extended = arrival.highest + sequence_delta(packet.sequence, arrival.highest & 0xFFFF)
        assert self._next is not None
        if extended < self._next or extended in self._waiting:
            stats.duplicates += 1
            return
        stats.packets += 1
        stats.octets += len(packet.payload)
        arrival.received += 1
        self._window_octets += len(packet.payload) + 12
        if not repaired:
            self._note_jitter(packet.timestamp, now)
        if extended > arrival.highest:
            self._note_gap(extended, now)
            arrival.highest = extended
        elif self._missing.pop(extended, None) is not None and repaired:
            stats.repaired += 1
        if len(self._waiting) < MAX_WAITING:
            self._waiting[extended] = (packet, codec)
        self._release(now)

    def on_timer(self, now: float) -> None:
        """Ask for what is missing, give up what is too old, keep asking for a key frame."""
        due, given_up = [], False
        for extended, missing in self._missing.items():
            age = now - missing.since
            if age > GIVE_UP_S[self.stats.kind] or missing.asked >= MAX_NACKS:
                given_up = True
            elif age >= REORDER_GRACE_S and now - missing.asked_at >= NACK_INTERVAL_S:
                missing.asked, missing.asked_at = missing.asked + 1, now
                due.append(extended & 0xFFFF)
        if due and self.stats.kind == "video":
            self.stats.nacks_sent += len(due)
            self._feedback(build_nack(self._own_ssrc, self.ssrc, due))
        if given_up:
            self._skip_gap(now)
        if self._need_key and self.arrival.highest >= 0:
            self._ask_key_frame(now)
        if now - self._window_start >= RATE_WINDOW_S:
            self.stats.bitrate_bps = self._window_octets * 8 / (now - self._window_start)
            self._window_start, self._window_octets = now, 0

    def _note_jitter(self, timestamp: int, now: float) -> None:
        transit = now * self._clock_rate - timestamp
        if self.arrival.transit is not None:
            delta = abs(transit - self.arrival.transit)
            if delta < self._clock_rate:  # a wrap or a restart is no jitter
                self.arrival.jitter += (delta - self.arrival.jitter) / 16
        self.arrival.transit = transit

    def _note_gap(self, extended: int, now: float) -> None:
        gap = extended - self.arrival.highest - 1
        if gap > MAX_MISSING:
            self.stats.lost += gap
            self._missing.clear()
            self._waiting.clear()
            self._next = extended
            self._damage()
            return
        self.stats.gaps += gap
        for number in range(self.arrival.highest + 1, extended):
            self._missing[number] = _Missing(now)

    def _skip_gap(self, now: float) -> None:
        """Give up everything missing below the first packet that waits."""
        if not self._waiting:
            return
        resume = min(self._waiting)
        for number in [n for n in self._missing if n < resume]:
            del self._missing[number]
            self.stats.lost += 1
        self._next = resume
        self._damage()
        self._release(now)

    def _damage(self) -> None:
        self._assembler.reset()
        if self.stats.kind == "video":
            self._need_key = True

    def _release(self, now: float) -> None:
        assert self._next is not None
        while (entry := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            packet, codec = entry
            self.stats.codec = codec
            if self.stats.kind == "audio":
                self._note_frame(now)
                self._on_audio(packet.timestamp, packet.payload, now)
                continue
            frame = self._assembler.feed(
                codec, packet.timestamp, packet.payload, marker=packet.marker
            )
            if frame is not None:
                self._take_frame(frame, now)

    def _take_frame(self, frame: ReceivedFrame, now: float) -> None:
        stats = self.stats
        if frame.size is not None:
            stats.width, stats.height = frame.size
        self._check_continuity(frame)
        if frame.key:
            stats.key_frames += 1
            self._need_key = False
        if self._need_key:
            stats.undecodable += 1
            return
        self._note_frame(now)
        self._on_frame(frame, now)

    def _check_continuity(self, frame: ReceivedFrame) -> None:
        if self._last_timestamp is not None:
            delta = (frame.timestamp - self._last_timestamp) & 0xFFFF_FFFF
            self.stats.timestamp_reversals += delta == 0 or delta >= 1 << 31
        self._last_timestamp = frame.timestamp
        if frame.picture_id is not None:
            if self._last_picture_id is not None:
                step = (frame.picture_id - self._last_picture_id) & 0x7FFF
                self.stats.picture_id_jumps += step != 1
            self._last_picture_id = frame.picture_id

    def _note_frame(self, now: float) -> None:
        stats = self.stats
        stats.frames += 1
        if stats.first_frame_at is None:
            stats.first_frame_at = now
        elif stats.last_frame_at is not None:
            stats.longest_freeze_s = max(stats.longest_freeze_s, now - stats.last_frame_at)
        stats.last_frame_at = now

    def _ask_key_frame(self, now: float) -> None:
        if now - self._pli_at >= PLI_INTERVAL_S:
            self._pli_at = now
            self.stats.plis_sent += 1
            self._feedback(build_pli(self._own_ssrc, self.ssrc))


@dataclass(slots=True)
class CountingSlot:
    """Counts a slot's packets from the clear RTP header only: the cheapest receiver there is."""

    packets: int = 0
    octets: int = 0
    first_packet_at: float | None = None
    highest: int = -1
    base: int = -1

    def count(self, sequence: int, size: int, now: float) -> None:
        """Take one packet."""
        if self.highest < 0:
            self.base = self.highest = sequence + (1 << 16)
            self.first_packet_at = now
        else:
            ahead = (sequence - self.highest) & 0xFFFF
            if ahead < 0x8000:  # else it comes late
                self.highest += ahead
        self.packets += 1
        self.octets += size

    @property
    def lost(self) -> int:
        """Packets that should have come and did not (never below zero)."""
        return max(0, self.highest - self.base + 1 - self.packets) if self.highest >= 0 else 0
