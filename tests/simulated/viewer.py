"""A simulated browser that watches: reassembles frames, judges them, NACKs, asks for key frames."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from relay.api import MediaKind, SlotWish
from relay.core.room import Room
from relay.core.wire import rtcp, rtcp_writer, rtp, twcc
from relay.core.wire.negotiated import Codec, ExtensionIds, OutgoingSlot
from relay.core.wire.serial import extend
from tests.simulated import publisher, streams
from tests.simulated.network import Link, Profile, SharedLink, World
from tests.unit.relay.core.congestion.link import Bottleneck

IDS = ExtensionIds(mid=9, transport_cc=7, audio_level=6)
NARROW_IDS = ExtensionIds(mid=9, audio_level=6)
VP8 = replace(publisher.VP8, payload_type=120, rtx_payload_type=121)
H264 = replace(publisher.H264, payload_type=125, rtx_payload_type=126)
OPUS = replace(publisher.OPUS, payload_type=109)
GIVE_UP = 0.6  # s a receiver waits for a missing packet
PATIENCE = 0.3  # s before it goes on with a key frame that came meanwhile
NACK_DELAY = 0.01
NACK_SPACING = 0.08  # s; a browser's: the round trip, and what is left of its 20 ms
FEEDBACK_INTERVAL = 0.1  # s; a browser's for a few hundred kbit/s


@dataclass(frozen=True)
class Decoded:
    """A frame that could be decoded."""

    at: float
    stream: str
    frame: int
    key: bool
    timestamp: int


@dataclass
class Received:
    """A packet as it came."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    at: float
    repaired: bool


@dataclass
class Slot:
    """The receiving side of one slot."""

    negotiated: OutgoingSlot
    packets: dict[int, Received] = field(default_factory=dict)
    order: list[Received] = field(default_factory=list)
    decoded: list[Decoded] = field(default_factory=list)
    reports: list[tuple[float, rtcp.SenderReport]] = field(default_factory=list)
    highest: int = -1
    next: int = -1
    frame: list[Received] = field(default_factory=list)
    last: tuple[str, int] | None = None  # stream and frame number of the last decoded frame
    known: set[tuple[str, int]] = field(default_factory=set)  # decoded since the last key frame
    missing: dict[int, tuple[float, float]] = field(default_factory=dict)  # since, next NACK
    broken: int = 0  # frames that could not be decoded
    leads: int = 0  # packets of nothing but parameter sets, which the relay put before a picture
    duplicates: int = 0
    plis: int = 0
    pli_at: float = 0.0
    told: tuple[int, int] | None = None  # highest number and packets, at the last report
    way_out: int = -1  # where a whole key frame begins, behind a hole

    @property
    def is_video(self) -> bool:
        return self.negotiated.kind is MediaKind.VIDEO

    def streams(self) -> list[str]:
        """The streams shown, in order, without repetitions."""
        shown: list[str] = []
        for one in self.decoded:
            if not shown or shown[-1] != one.stream:
                shown.append(one.stream)
        return shown

    def fraction_lost(self) -> int:
        """Lost part of the packets since the last report, in 256ths (RFC 3550 §6.4.1)."""
        received = len(self.order)
        before, self.told = self.told, (self.highest, received)
        if before is None:
            return 0
        expected = self.highest - before[0]
        lost = expected - (received - before[1])
        return min(255, 256 * lost // expected) if expected > 0 and lost > 0 else 0

    def longest_freeze(self, start: float = 0.0) -> float:
        times = [one.at for one in self.decoded if one.at >= start]
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)


class SimulatedViewer:
    """Watches a room over two lossy links."""

    def __init__(
        self,
        world: World,
        room: Room,
        name: str,
        *,
        video: int = 1,
        audio: int = 0,
        codecs: Sequence[Codec] = (VP8, H264),
        up: Profile | None = None,
        down: Profile | None = None,
        through: Bottleneck | None = None,
        own: Collection[str] = (),
        programme: bool = False,
        rtx: bool = True,
        feedback: bool = True,
        asks: bool = True,
        reports: bool = True,
        wide: bool = True,
        seed: int = 100,
    ) -> None:
        """Join the room.

        Args beyond the obvious:
            feedback: it sends transport-wide feedback; `wide`: it negotiated that.
            asks: what it lacks is asked for (NACK).
            reports: it sends receiver reports.
        """
        self.asks = asks
        self._wide = wide
        self.world = world
        self.name = name
        self.wide: list[int] = []
        self.raw: list[bytes] = []
        self.joined = world.now
        slots = [
            self._negotiate(index, kind, seed, codecs, rtx, IDS if wide else NARROW_IDS)
            for kind, count in ((MediaKind.VIDEO, video), (MediaKind.AUDIO, audio))
            for index in range(count)
        ]
        self.slots = [Slot(one) for one in slots]
        self.video = [slot for slot in self.slots if slot.is_video]
        self.audio = [slot for slot in self.slots if not slot.is_video]
        self._ssrc = 77
        self.closed = False
        self.down: Link | SharedLink
        if through is None:
            self.down = Link(world, self._arrive, down or Profile(), seed * 2)
        else:
            self.down = SharedLink(through, self._arrive)
        self.up = Link(world, self._report, up or Profile(), seed * 2 + 1)
        self.session = room.add_viewer(
            name,
            slots,
            send_rtp=self.down.send,
            send_rtcp=self.down.send,
            own_sources=frozenset(own),
            programme=programme,
            now=world.now,
        )
        self.arrivals = twcc.ArrivalLog()
        self.feedback = feedback
        world.every(0.01, self._tick)
        if feedback:
            world.every(FEEDBACK_INTERVAL, self._transport_feedback, start=0.02)
        if reports:
            world.every(1.0, self._receiver_report, start=0.5)

    @staticmethod
    def _negotiate(
        index: int,
        kind: MediaKind,
        seed: int,
        codecs: Sequence[Codec],
        rtx: bool,
        ids: ExtensionIds,
    ) -> OutgoingSlot:
        video = kind is MediaKind.VIDEO
        ssrc = seed * 1000 + index + (0 if video else 500)
        return OutgoingSlot(
            index=index,
            mid=f"{kind.value[0]}{index}",
            kind=kind,
            codecs=tuple(codecs) if video else (OPUS,),
            extensions=ids,
            ssrc=ssrc,
            rtx_ssrc=ssrc + 100 if video and rtx else 0,
            cname="room",
        )

    def view(self, *wishes: SlotWish) -> None:
        self.session.set_view(wishes, self.world.now)

    def show(self, source: str, **limits: object) -> None:
        """Want one source in the first slot."""
        self.view(SlotWish(0, source, **limits))  # type: ignore[arg-type]

    def close(self) -> None:
        self.closed = True
        self.session.close(self.world.now)

    def _report(self, packet: bytes) -> None:
        self.session.on_rtcp(packet, self.world.now)

    # --- packets ----------------------------------------------------------------------------------

    def _arrive(self, data: bytes) -> None:
        self.raw.append(data)
        if 192 <= data[1] <= 223:
            self._on_rtcp(data)
            return
        packet = rtp.parse(data)
        wide = packet.extensions.get(IDS.transport_cc)
        assert (wide is not None) == self._wide
        if wide is not None:
            self.wide.append(int.from_bytes(wide, "big"))
            self.arrivals.add(self.wide[-1], self.world.now)
        for slot in self.slots:
            if packet.ssrc == slot.negotiated.ssrc:
                assert packet.extensions[IDS.mid] == slot.negotiated.mid.encode()
                self._take(slot, packet, repaired=False)
            elif packet.ssrc == slot.negotiated.rtx_ssrc:
                if len(packet.payload) < 2:
                    continue  # a probe's padding
                packet.sequence_number = int.from_bytes(packet.payload[:2], "big")
                packet.payload = packet.payload[2:]
                self._take(slot, packet, repaired=True)

    def _on_rtcp(self, data: bytes) -> None:
        for report in rtcp.parse(data):
            if isinstance(report, rtcp.SenderReport):
                for slot in self.slots:
                    if slot.negotiated.ssrc == report.ssrc:
                        slot.reports.append((self.world.now, report))

    def _take(self, slot: Slot, packet: rtp.RtpPacket, *, repaired: bool) -> None:
        now = self.world.now
        if slot.highest < 0:
            slot.highest = packet.sequence_number + 0x10000 - 1
            slot.next = slot.highest + 1
        number = extend(packet.sequence_number, slot.highest, 16)
        if number < slot.next and slot.next - number < 50 and slot.last is None:
            slot.next, slot.frame = number, []  # the very first packets came out of order
        if number in slot.packets or number < slot.next:
            slot.duplicates += number in slot.packets
            return
        received = Received(
            number, packet.timestamp, bool(packet.marker), packet.payload, now, repaired
        )
        slot.order.append(received)
        slot.packets[number] = received
        slot.missing.pop(number, None)
        for lost in range(slot.highest + 1, number):
            slot.missing[lost] = (now, now + NACK_DELAY)
        slot.highest = max(slot.highest, number)
        self._note_key_frame(slot, received)
        self._consume(slot)

    def _note_key_frame(self, slot: Slot, packet: Received) -> None:
        """Note a whole key frame behind a hole."""
        if not slot.is_video or not slot.missing or streams.is_parameter_sets(packet.payload):
            return
        piece = streams.read(packet.payload)
        first = packet.sequence - piece.index
        numbers = range(first, first + piece.count)
        if piece.key and first > slot.next and all(one in slot.packets for one in numbers):
            slot.way_out = first

    def _jump_to_key_frame(self, slot: Slot) -> None:
        """A key frame needs nothing of what is missing before it: go on there, as browsers do."""
        slot.next, slot.frame = slot.way_out, []
        for number in [one for one in slot.missing if one < slot.way_out]:
            del slot.missing[number]
        slot.way_out = -1
        self._consume(slot)

    def _consume(self, slot: Slot) -> None:
        while slot.next in slot.packets:
            packet = slot.packets[slot.next]
            slot.next += 1
            if not slot.is_video:
                piece = streams.read(packet.payload)
                self._decode(slot, packet, piece)
                continue
            if slot.frame and slot.frame[0].timestamp != packet.timestamp:
                slot.frame = []  # cut by a switch
            slot.frame.append(packet)
            if packet.marker:
                self._finish(slot)

    def _finish(self, slot: Slot) -> None:
        frame, slot.frame = slot.frame, []
        slot.leads += sum(streams.is_parameter_sets(packet.payload) for packet in frame)
        frame = [packet for packet in frame if not streams.is_parameter_sets(packet.payload)]
        pieces = [streams.read(packet.payload) for packet in frame]
        last = pieces[-1]
        whole = [piece.index for piece in pieces] == list(range(last.count))
        same = all((piece.stream, piece.frame) == (last.stream, last.frame) for piece in pieces)
        follows = (last.stream, last.base) in slot.known
        if whole and same and (last.key or follows):
            self._decode(slot, frame[-1], last)
        else:
            slot.broken += 1
            self._want_key(slot)

    def _decode(self, slot: Slot, packet: Received, piece: streams.Piece) -> None:
        slot.last = (piece.stream, piece.frame)
        if piece.key:
            slot.known.clear()
        slot.known.add(slot.last)
        slot.decoded.append(
            Decoded(self.world.now, piece.stream, piece.frame, piece.key, packet.timestamp)
        )

    # --- feedback ---------------------------------------------------------------------------------

    def _want_key(self, slot: Slot) -> None:
        now = self.world.now
        if now - slot.pli_at > 0.2:
            slot.pli_at = now
            slot.plis += 1
            self._send(rtcp_writer.picture_loss(self._ssrc, slot.negotiated.ssrc))

    def _send(self, packet: bytes) -> None:
        self.up.send(rtcp_writer.receiver_report(self._ssrc) + packet)

    def _tick(self) -> bool:
        now = self.world.now
        for slot in self.slots:
            due = sorted(number for number, (_, at) in slot.missing.items() if now >= at)
            for number in due:
                slot.missing[number] = (slot.missing[number][0], now + NACK_SPACING)
            if due and slot.is_video and self.asks:
                self._send(rtcp_writer.nack(self._ssrc, slot.negotiated.ssrc, due))
            self._give_up(slot, now)
        return self.closed

    def _give_up(self, slot: Slot, now: float) -> None:
        waiting = slot.missing.get(slot.next)
        if slot.way_out > slot.next and waiting is not None and now - waiting[0] > PATIENCE:
            self._jump_to_key_frame(slot)
        limit = GIVE_UP if slot.is_video else 0.1
        old = [number for number, (since, _) in slot.missing.items() if now - since > limit]
        for number in old:
            del slot.missing[number]
        if old:
            slot.next = max(slot.next, max(old) + 1)
            slot.frame = []
            self._consume(slot)

    def _transport_feedback(self) -> bool:
        for body in self.arrivals.feedback():
            self._send(
                rtcp_writer.transport_feedback(self._ssrc, self.slots[0].negotiated.ssrc, body)
            )
        return self.closed

    def _receiver_report(self) -> bool:
        blocks = []
        for slot in self.slots:
            if not slot.reports or slot.highest < 0:
                continue
            at, report = slot.reports[-1]
            blocks.append(
                rtcp.ReportBlock(
                    slot.negotiated.ssrc,
                    slot.fraction_lost(),
                    0,
                    slot.highest,
                    0,
                    report.ntp >> 16 & 0xFFFFFFFF,
                    round((self.world.now - at) * 65536),
                )
            )
        if blocks:
            self.up.send(rtcp_writer.receiver_report(self._ssrc, blocks))
        return self.closed
