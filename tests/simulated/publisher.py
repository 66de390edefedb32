"""A simulated browser that publishes: simulcast, key frames on PLI, RTX on NACK, sender reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import CloseReason, Layer, MediaKind
from relay.core.incoming.clock import unix_to_ntp
from relay.core.room import Room
from relay.core.wire import rtcp, rtcp_writer, rtp, twcc
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack
from tests.simulated import streams
from tests.simulated.network import Link, Profile, World

IDS = ExtensionIds(mid=1, rid=2, repaired_rid=3, transport_cc=4, audio_level=5)
VP8 = Codec("VP8", 96, 90_000, rtx_payload_type=97, nack=True, pli=True, transport_cc=True)
H264 = Codec(
    "H264",
    102,
    90_000,
    fmtp="level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    rtx_payload_type=103,
    nack=True,
    pli=True,
    transport_cc=True,
)
OPUS = Codec("opus", 111, 48_000, channels=2, transport_cc=True)
SIZES = {Layer.HIGH: (1280, 720), Layer.MIDDLE: (640, 360), Layer.LOW: (320, 180)}
FRAME_BYTES = {Layer.HIGH: 5500, Layer.MIDDLE: 1800, Layer.LOW: 600}
KEY_FRAME_FACTOR = 4


@dataclass
class Sent:
    """A media packet kept for retransmission."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes


class Encoding:
    """One outgoing stream of the publisher."""

    def __init__(self, layer: Layer | None, ssrc: int, seed: int) -> None:
        self.layer = layer
        self.ssrc = ssrc
        self.repair_ssrc = ssrc + 1000
        self.sequence = (seed * 7919) & 0xFFFF
        self.timestamp_base = (seed * 104_729_000) & 0xFFFFFFFF
        self.picture_id = (seed * 333) & 0x7FFF
        self.repair_sequence = 0
        self.frame = 0
        self.key_wanted = True
        self.key_frames = 0
        self.since_key = 0
        self.tl0_index = 0
        self.active = True
        self.history: dict[int, Sent] = {}
        self.packets = self.octets = 0


class SimulatedPublisher:
    """Publishes one source into a room over two lossy links."""

    def __init__(
        self,
        world: World,
        room: Room,
        source_id: str,
        *,
        codec: Codec = VP8,
        layers: Sequence[Layer] = (Layer.HIGH, Layer.MIDDLE, Layer.LOW),
        audio: bool = True,
        temporal: bool = False,
        up: Profile | None = None,
        down: Profile | None = None,
        seed: int = 1,
        fps: float = 25.0,
        bps: float | None = None,
        clock_offset: float = 1234.5,
        session: str | None = None,
    ) -> None:
        """`bps`: what each layer's pictures take; None: what is usual of its size."""
        self.world = world
        self.tag = source_id[:3]
        self.source_id = source_id
        self.codec = codec
        self.temporal = temporal
        self.fps = fps
        self._frame_bytes = None if bps is None else round(bps / 8 / fps)
        self.level = 30  # −dBov
        self.send_levels = True
        self.clock_offset = clock_offset
        self.stopped = False
        self.nacks = self.plis = 0
        self.feedback: list[twcc.Feedback] = []
        self.reports: list[rtcp.ReportBlock] = []
        self._wide = 0
        self._start = world.now
        simulcast = len(layers) > 1
        self.encodings = {
            layer: Encoding(layer, 1000 * seed + index, seed * 10 + index)
            for index, layer in enumerate(layers)
        }
        self.sound = Encoding(None, 1000 * seed + 500, seed * 10 + 9) if audio else None
        tracks = []
        if audio:
            tracks.append(IncomingTrack("0", MediaKind.AUDIO, (OPUS,), IDS))
        if layers:
            rids = {layer.value: layer for layer in layers} if simulcast else {}
            tracks.append(IncomingTrack("1", MediaKind.VIDEO, (codec,), IDS, rids))
        self._simulcast = simulcast
        self.down = Link(world, self._on_rtcp, down or Profile(), seed * 2)
        self.session = room.add_publisher(
            session or f"pub-{source_id}-{seed}",
            source_id,
            tracks,
            send_rtcp=self.down.send,
            now=world.now,
        )
        self.up = Link(world, self._arrive, up or Profile(), seed * 2 + 1)
        if layers:
            world.every(1 / fps, self._video_tick)
        if audio:
            world.every(0.02, self._audio_tick, start=0.003)
        world.every(1.0, self._report, start=0.1)

    def stop(self, reason: CloseReason = CloseReason.REQUESTED) -> None:
        self.stopped = True
        self.session.close(reason, self.world.now)

    def _arrive(self, packet: bytes) -> None:
        if 192 <= packet[1] <= 223:  # RFC 5761 §4
            self.session.on_rtcp(packet, self.world.now)
        else:
            self.session.on_rtp(packet, self.world.now)

    # --- media ------------------------------------------------------------------------------------

    def timestamp(self, encoding: Encoding) -> int:
        rate = 48_000 if encoding is self.sound else 90_000
        return encoding.timestamp_base + round((self.world.now - self._start) * rate)

    def _video_tick(self) -> bool:
        for encoding in self.encodings.values():
            if encoding.active:
                self._send_frame(encoding)
        return self.stopped

    def _send_frame(self, encoding: Encoding) -> None:
        assert encoding.layer is not None
        key, encoding.key_wanted = encoding.key_wanted, False
        encoding.key_frames += key
        encoding.frame += 1
        encoding.picture_id += 1
        octets = self._frame_bytes or FRAME_BYTES[encoding.layer]
        octets *= KEY_FRAME_FACTOR if key else 1
        place = self._temporal_place(encoding, key)
        if self.temporal and not key:
            octets = round(octets * streams.L1T3_SHARES[encoding.since_key % 4])
        name = f"{self.tag}{encoding.layer.value}"
        size = SIZES[encoding.layer]
        if self.codec.name == "VP8":
            made = streams.vp8_frame(
                name, encoding.frame, key, octets, size, encoding.picture_id, temporal=place
            )
        else:
            made = streams.h264_frame(name, encoding.frame, key, octets, size)
        timestamp = self.timestamp(encoding)
        for index, payload in enumerate(made):
            self._send(encoding, self.codec, index == len(made) - 1, timestamp, payload)

    def _temporal_place(self, encoding: Encoding, key: bool) -> streams.Temporal:
        if not self.temporal:
            return streams.Temporal(0, encoding.frame, sync=False)
        encoding.since_key = 0 if key else encoding.since_key + 1
        layer, sync, back = streams.L1T3[encoding.since_key % 4]
        encoding.tl0_index += layer == 0
        return streams.Temporal(layer, encoding.tl0_index, sync, back)

    def _audio_tick(self) -> bool:
        sound = self.sound
        assert sound is not None
        if not sound.active:
            return self.stopped
        sound.frame += 1
        payload = streams.opus_packet(f"{self.tag}a", sound.frame)
        self._send(sound, OPUS, False, self.timestamp(sound), payload)
        return self.stopped

    def pause_sound(self, *, bye: bool = True) -> None:
        """Stop as libwebrtc does: send nothing more but a BYE, which may be lost."""
        assert self.sound is not None
        self.sound.active = False
        if not bye:
            return
        self.up.send(
            rtcp_writer.receiver_report(self.sound.ssrc) + rtcp_writer.bye([self.sound.ssrc])
        )

    def resume_sound(self, stalled: float = 0.0) -> None:
        """Go on; before Chromium 111 RTP time stood still for as long as the pause took (s)."""
        assert self.sound is not None
        self.sound.active = True
        self.sound.timestamp_base = (self.sound.timestamp_base - round(stalled * 48_000)) % 2**32

    def _send(
        self, encoding: Encoding, codec: Codec, marker: bool, timestamp: int, payload: bytes
    ) -> None:
        encoding.sequence = (encoding.sequence + 1) & 0xFFFF
        sent = Sent(codec.payload_type, marker, encoding.sequence, timestamp, payload)
        encoding.history[encoding.sequence] = sent
        if len(encoding.history) > 1000:
            del encoding.history[next(iter(encoding.history))]
        encoding.packets += 1
        encoding.octets += len(payload)
        self.up.send(
            rtp.build(
                codec.payload_type,
                encoding.sequence,
                timestamp,
                encoding.ssrc,
                payload,
                marker=marker,
                extensions=self._extensions(encoding, repair=False),
            )
        )

    def _extensions(self, encoding: Encoding, *, repair: bool) -> dict[int, bytes]:
        self._wide = (self._wide + 1) & 0xFFFF
        elements = {IDS.transport_cc: self._wide.to_bytes(2, "big")}
        if encoding.layer is None:
            elements[IDS.mid] = b"0"
            if self.send_levels:
                elements[IDS.audio_level] = bytes([0x80 | self.level])
        else:
            elements[IDS.mid] = b"1"
            if self._simulcast:
                rid = encoding.layer.value.encode()
                elements[IDS.repaired_rid if repair else IDS.rid] = rid
        return elements

    def _report(self) -> bool:
        now = self.world.now
        for encoding in (*self.encodings.values(), *([self.sound] if self.sound else [])):
            if not encoding.active:
                continue
            report = rtcp.SenderReport(
                encoding.ssrc,
                unix_to_ntp(1_700_000_000 + now + self.clock_offset),
                self.timestamp(encoding),
                encoding.packets,
                encoding.octets,
            )
            self.up.send(
                rtcp_writer.sender_report(report)
                + rtcp_writer.source_description(encoding.ssrc, "p")
            )
        return self.stopped

    # --- feedback ---------------------------------------------------------------------------------

    def _on_rtcp(self, packet: bytes) -> None:
        for report in rtcp.parse(packet):
            if isinstance(report, rtcp.Nack):
                self._on_nack(report)
            elif isinstance(report, rtcp.PictureLoss):
                self.plis += 1
                self._by_ssrc(report.media).key_wanted = True
            elif isinstance(report, rtcp.TransportFeedback):
                self.feedback.append(twcc.parse(report.body))
            elif isinstance(report, rtcp.ReceiverReport):
                self.reports.extend(report.blocks)

    def _by_ssrc(self, ssrc: int) -> Encoding:
        every = (*self.encodings.values(), *([self.sound] if self.sound else []))
        return next(encoding for encoding in every if encoding.ssrc == ssrc)

    def _on_nack(self, report: rtcp.Nack) -> None:
        encoding = self._by_ssrc(report.media)
        for number in report.sequence_numbers:
            self.nacks += 1
            sent = encoding.history.get(number)
            if sent is None:
                continue
            encoding.repair_sequence = (encoding.repair_sequence + 1) & 0xFFFF
            assert self.codec.rtx_payload_type is not None
            self.up.send(
                rtp.build(
                    self.codec.rtx_payload_type,
                    encoding.repair_sequence,
                    sent.timestamp,
                    encoding.repair_ssrc,
                    sent.sequence.to_bytes(2, "big") + sent.payload,
                    marker=sent.marker,
                    extensions=self._extensions(encoding, repair=True),
                )
            )
