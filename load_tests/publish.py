"""A WHIP publisher: audio and up to three simulcast layers, RTX on NACK, key frames on PLI."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from load_tests import rtp, sdp
from load_tests.impairment import Impairment
from load_tests.media import EncodedAudio, EncodedFrame, MediaClock
from load_tests.packetize import packetize_h264, packetize_vp8
from load_tests.peer import Endpoint, Peer
from load_tests.transport import MediaTransport

CACHE_PACKETS = 1024  # per stream: some seconds of video, for NACK
RESEND_GUARD_S = 0.02  # the same packet not twice within a round trip of a LAN
REPORT_INTERVAL_S = 1.0
EARLY_REPORTS_S = (0.0, 0.1, 0.3)  # after the first packet, so that receivers can sync at once
VIDEO_CLOCK_RATE, AUDIO_CLOCK_RATE = 90_000, 48_000


@dataclass(frozen=True, slots=True)
class VideoPlan:
    """Offer of the video section; empty `rids` means one stream without simulcast."""

    codec: str = "VP8"
    rids: tuple[str, ...] = ("l", "m", "h")


@dataclass(slots=True)
class PublishStats:
    """Counts of sent media and of feedback."""

    packets: int = 0
    octets: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    key_frames: dict[str, int] = field(default_factory=dict)
    nacked: int = 0
    retransmitted: int = 0
    plis: dict[str, int] = field(default_factory=dict)
    transport_feedback: int = 0
    receiver_reports: int = 0
    last_fraction_lost: float = 0.0


@dataclass(slots=True)
class _Cached:
    packet: rtp.RtpPacket
    resent_at: float = 0.0


class _Stream:
    """One outgoing SSRC with its RTX partner, retransmission cache and sender reports."""

    def __init__(self, rid: str, payload_type: int, rtx_payload_type: int, rate: int) -> None:
        self.rid = rid
        self.payload_type = payload_type
        self.rtx_payload_type = rtx_payload_type
        self.clock_rate = rate
        self.ssrc = random.randrange(1, 1 << 32)
        self.rtx_ssrc = random.randrange(1, 1 << 32)
        self.extensions: dict[int, bytes] = {}
        self.rtx_extensions: dict[int, bytes] = {}
        self.timestamp_offset = random.randrange(1 << 32)
        self.picture_id = random.randrange(1 << 15)
        self.packets = 0
        self.octets = 0
        self.reports_due: list[float] = []
        self._sequence = random.randrange(1 << 16)
        self._rtx_sequence = random.randrange(1 << 16)
        self._cache: OrderedDict[int, _Cached] = OrderedDict()

    def timestamp(self, capture_s: float) -> int:
        return (self.timestamp_offset + round(capture_s * self.clock_rate)) & 0xFFFF_FFFF

    def packet(self, payload: bytes, timestamp: int, *, marker: bool) -> rtp.RtpPacket:
        made = rtp.RtpPacket(
            self.payload_type, marker, self._sequence, timestamp, self.ssrc, payload,
            dict(self.extensions),
        )  # fmt: skip
        if self.rtx_payload_type:
            self._cache[self._sequence] = _Cached(made)
            if len(self._cache) > CACHE_PACKETS:
                self._cache.popitem(last=False)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return made

    def retransmission(self, sequence: int, now: float) -> rtp.RtpPacket | None:
        """The RTX packet (RFC 4588 §4) for a sequence number, None if unknown or just resent."""
        cached = self._cache.get(sequence)
        if cached is None or now - cached.resent_at < RESEND_GUARD_S:
            return None
        cached.resent_at = now
        original = cached.packet
        made = rtp.RtpPacket(
            self.rtx_payload_type,
            original.marker,
            self._rtx_sequence,
            original.timestamp,
            self.rtx_ssrc,
            struct.pack("!H", sequence) + original.payload,
            dict(self.rtx_extensions),
        )
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return made


class PublishingPeer(Peer):
    """Publishes one source. Feed it with `send_frame` and `send_audio`.

    Attributes:
        on_key_frame_request: called with a rid (``h`` without simulcast) on PLI or FIR.
        on_send: gets each media packet just before it is sent for the first time, if set.
        stats: what was sent and fed back.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        endpoint: Endpoint,
        clock: MediaClock,
        *,
        video: VideoPlan | None = None,
        audio: bool = True,
        send_impairment: Impairment | None = None,
        receive_impairment: Impairment | None = None,
    ) -> None:
        transport = MediaTransport(
            send_impairment=send_impairment, receive_impairment=receive_impairment
        )
        super().__init__(http, endpoint, transport)
        self.on_key_frame_request: Callable[[str], None] = lambda _rid: None
        self.on_send: Callable[[rtp.RtpPacket], None] | None = None
        self.stats = PublishStats()
        self._clock = clock
        self._plan = video
        self._audio = _Stream("", sdp.OPUS_PT, 0, AUDIO_CLOCK_RATE) if audio else None
        self._videos = {rid: self._video_stream(rid) for rid in self._rids()}
        self._by_ssrc = {stream.ssrc: stream for stream in self._videos.values()}
        self._transport_cc_id = 0
        self._transport_cc_audio_id = 0
        self._audio_level_id = 0
        self._transport_sequence = 0
        self._cname = f"tongke-{random.randrange(1 << 32):08x}"
        self._reporter: asyncio.Task[None] | None = None
        transport.on_rtcp = self._on_rtcp

    async def start(self) -> None:
        """Offer and connect. Raises PeerRefused, TransportFailed."""
        video = None
        if self._plan is not None:
            single = self._videos.get("h") if not self._plan.rids else None
            video = sdp.VideoOffer(
                self._plan.codec,
                self._plan.rids,
                single.ssrc if single else 0,
                single.rtx_ssrc if single else 0,
            )
        audio = sdp.AudioOffer(self._audio.ssrc) if self._audio is not None else None
        await self._open(sdp.publish_offer(self.transport.identity, audio=audio, video=video))
        self._reporter = asyncio.create_task(self._report())

    async def close(self) -> None:
        """End the session."""
        await self._stop_reporter()
        await super().close()

    async def vanish(self) -> None:
        """Stop without a word, as after a power cut."""
        await self._stop_reporter()
        await super().vanish()

    def send_frame(self, frame: EncodedFrame) -> None:
        """Packetize and send one encoded picture."""
        stream = self._videos.get(frame.rid)
        if stream is None or not self.transport.connected:
            return
        if frame.codec == "VP8":
            payloads = packetize_vp8(frame.data, stream.picture_id)
            stream.picture_id = (stream.picture_id + 1) & 0x7FFF
        else:
            payloads = packetize_h264(frame.data)
        self.send_payloads(frame.rid, payloads, frame.capture_s)
        self.stats.frames[frame.rid] = self.stats.frames.get(frame.rid, 0) + 1
        if frame.key:
            self.stats.key_frames[frame.rid] = self.stats.key_frames.get(frame.rid, 0) + 1

    def send_payloads(self, rid: str, payloads: list[bytes], capture_s: float) -> None:
        """Send the RTP payloads of one picture of a layer."""
        stream = self._videos[rid]
        timestamp = stream.timestamp(capture_s)
        last = len(payloads) - 1
        for index, payload in enumerate(payloads):
            packet = stream.packet(payload, timestamp, marker=index == last)
            self._send(stream, packet, self._transport_cc_id)

    def send_audio(self, audio: EncodedAudio) -> None:
        """Send one Opus packet with its level (RFC 6464)."""
        stream = self._audio
        if stream is None or not self.transport.connected:
            return
        packet = stream.packet(audio.data, stream.timestamp(audio.capture_s), marker=False)
        if self._audio_level_id:
            voiced = 0x80 if audio.level_dbov < 60 else 0
            packet.extensions[self._audio_level_id] = bytes((voiced | audio.level_dbov,))
        self._send(stream, packet, self._transport_cc_audio_id)

    # --- inside -----------------------------------------------------------------------------------

    def _rids(self) -> tuple[str, ...]:
        if self._plan is None:
            return ()
        return self._plan.rids or ("h",)

    def _video_stream(self, rid: str) -> _Stream:
        assert self._plan is not None
        payload = sdp.VP8_PT if self._plan.codec == "VP8" else sdp.H264_PT
        return _Stream(rid, payload, payload + 1, VIDEO_CLOCK_RATE)

    def _prepare(self) -> None:
        for section in self.answer.sections:
            if not section.accepted:
                continue
            ids = section.extensions
            mid = {ids[sdp.URI_MID]: section.mid.encode()} if sdp.URI_MID in ids else {}
            if section.kind == "audio" and self._audio is not None:
                self._audio.extensions = mid
                self._audio_level_id = ids.get(sdp.URI_AUDIO_LEVEL, 0)
                self._transport_cc_audio_id = ids.get(sdp.URI_TRANSPORT_CC, 0)
            elif section.kind == "video":
                self._transport_cc_id = ids.get(sdp.URI_TRANSPORT_CC, 0)
                for stream in self._videos.values():
                    self._name_stream(stream, mid, ids)

    def _name_stream(self, stream: _Stream, mid: dict[int, bytes], ids: dict[str, int]) -> None:
        stream.extensions, stream.rtx_extensions = dict(mid), dict(mid)
        if self._plan is None or not self._plan.rids:
            return
        if sdp.URI_RID in ids:
            stream.extensions[ids[sdp.URI_RID]] = stream.rid.encode()
        if sdp.URI_REPAIRED_RID in ids:
            stream.rtx_extensions[ids[sdp.URI_REPAIRED_RID]] = stream.rid.encode()

    def _send(self, stream: _Stream, packet: rtp.RtpPacket, transport_cc_id: int) -> None:
        if transport_cc_id:
            packet.extensions[transport_cc_id] = struct.pack("!H", self._transport_sequence)
            self._transport_sequence = (self._transport_sequence + 1) & 0xFFFF
        if self.on_send is not None and packet.payload_type == stream.payload_type:
            self.on_send(packet)
        self.transport.send_rtp(rtp.build_rtp(packet))
        self.stats.packets += 1
        self.stats.octets += len(packet.payload)
        if stream.packets == 0:
            now = time.monotonic()
            stream.reports_due = [now + delay for delay in EARLY_REPORTS_S[1:]]
            self._send_report(stream)
        stream.packets += 1
        stream.octets += len(packet.payload)

    def _streams(self) -> list[_Stream]:
        return [*([self._audio] if self._audio else []), *self._videos.values()]

    async def _report(self) -> None:
        """Sender reports: early ones, then one each second (RFC 3550 §6.2 allows more at first)."""
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            for stream in self._streams():
                if stream.packets and (not stream.reports_due or now >= stream.reports_due[0]):
                    stream.reports_due = stream.reports_due[1:] or [now + REPORT_INTERVAL_S]
                    self._send_report(stream)

    def _send_report(self, stream: _Stream) -> None:
        capture_s = self._clock.now()
        self.transport.send_rtcp(
            rtp.build_sender_report(
                stream.ssrc,
                unix_s=self._clock.unix(capture_s),
                rtp_timestamp=stream.timestamp(capture_s),
                packets=stream.packets,
                octets=stream.octets,
                cname=self._cname,
            )
        )

    def _on_rtcp(self, data: bytes) -> None:
        for part in rtp.split_rtcp(data):
            if part.is_transport_feedback:
                self.stats.transport_feedback += 1
            elif part.is_nack:
                self._on_nack(part)
            for ssrc in part.key_frame_ssrcs():
                if (stream := self._by_ssrc.get(ssrc)) is not None:
                    self.stats.plis[stream.rid] = self.stats.plis.get(stream.rid, 0) + 1
                    self.on_key_frame_request(stream.rid)
            for fraction in part.fractions_lost():
                self.stats.receiver_reports += 1
                self.stats.last_fraction_lost = fraction

    def _on_nack(self, part: rtp.RtcpPart) -> None:
        stream = self._by_ssrc.get(part.media_ssrc)
        if stream is None:
            return
        now = time.monotonic()
        for sequence in part.nacked():
            self.stats.nacked += 1
            if (resent := stream.retransmission(sequence, now)) is not None:
                self.stats.retransmitted += 1
                self._send(stream, resent, self._transport_cc_id)

    async def _stop_reporter(self) -> None:
        if self._reporter is not None:
            self._reporter.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reporter
            self._reporter = None
