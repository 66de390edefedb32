"""A WHEP viewer with fixed slots: repairs, measures and, if wanted, decodes what it receives."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import aiohttp
from aiortc import rtp as aiortc_rtp

from load_tests import feedback, rtp, sdp
from load_tests.decode import Decoded, Decoder, DecodeStats
from load_tests.impairment import Impairment
from load_tests.packetize import ReceivedFrame
from load_tests.peer import Endpoint, Peer
from load_tests.receive import CountingSlot, SlotReceiver, SlotStats
from load_tests.sound import SAMPLE_RATE, Samples
from load_tests.transport import MediaTransport

TIMER_S = 0.02
REPORT_INTERVAL_S = 1.0
_TRANSPORT_CC_ELEMENT = sdp.EXTENSION_IDS[sdp.URI_TRANSPORT_CC] << 4 | 1  # id and length − 1
MAX_DECODE_BACKLOG = 60  # frames; beyond, the machine is too slow and frames are left undecoded


class ViewingPeer(Peer):
    """Watches a lesson through fixed slots.

    Args:
        video_slots: receive-only video sections, numbered from 0.
        audio_slots: receive-only audio sections, numbered from 0.
        decode_video: slots to decode; `on_picture` gets the outcome.
        decode_audio: decode all audio slots; `on_sound` gets the samples.
        count_only: only count packets from their clear headers: no repair, no reports, no decoding.
        transport_cc: report what arrives; a player without it may send REMB, as a test does.
        stamped: the kernel says when a packet arrived (`transport.arrived_at`).

    Attributes:
        on_packet: gets (kind, slot, packet) of each media packet, before repair, if set.
        on_picture: gets each `Decoded` picture, on the event loop.
        on_sound: gets (slot, samples, monotonic time), on the event loop.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        endpoint: Endpoint,
        *,
        video_slots: int = 1,
        audio_slots: int = 1,
        codecs: Sequence[str] = ("VP8", "H264"),
        decode_video: Sequence[int] = (),
        decode_audio: bool = False,
        count_only: bool = False,
        transport_cc: bool = True,
        stamped: bool = False,
        send_impairment: Impairment | None = None,
        receive_impairment: Impairment | None = None,
    ) -> None:
        transport = MediaTransport(
            decrypt=not count_only,
            stamped=stamped,
            send_impairment=send_impairment,
            receive_impairment=receive_impairment,
        )
        super().__init__(http, endpoint, transport)
        self.on_packet: Callable[[str, int, rtp.RtpPacket], None] | None = None
        self.on_picture: Callable[[Decoded], None] = lambda _picture: None
        self.on_sound: Callable[[int, Samples, float], None] = lambda _slot, _samples, _at: None
        self.counts: dict[int, CountingSlot] = {}
        self.unmapped = 0
        self.bye_received = False
        self._slots_wanted = (video_slots, audio_slots)
        self._codecs = tuple(codecs)
        self._decode_video = frozenset(decode_video)
        self._decode_audio = decode_audio
        self._own_ssrc = random.randrange(1, 1 << 32)
        self._feedback = feedback.TransportFeedback(self._own_ssrc)
        self._receivers: dict[tuple[str, int], SlotReceiver] = {}
        self._by_ssrc: dict[int, SlotReceiver] = {}
        self._slot_names: dict[int, tuple[str, int]] = {}  # by id() of the receiver
        self._rtx: dict[int, tuple[SlotReceiver, sdp.AnswerSection]] = {}
        self._sections: dict[int, sdp.AnswerSection] = {}  # by id() of the receiver
        self._decoders: dict[tuple[str, int], Decoder] = {}
        self._backlog = 0
        self._executor = (
            ThreadPoolExecutor(1, "decode") if self._decode_video or decode_audio else None
        )
        self._timers: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()
        transport.on_rtp = self._count if count_only else self._on_rtp
        transport.on_rtcp = self._on_rtcp
        self._count_only = count_only
        self._transport_cc = transport_cc

    async def start(self) -> None:
        """Offer and connect. Raises PeerRefused, TransportFailed."""
        video, audio = self._slots_wanted
        offer = sdp.watch_offer(
            self.transport.identity,
            video_slots=video,
            audio_slots=audio,
            codecs=self._codecs,
            transport_cc=self._transport_cc,
        )
        await self._open(offer)
        self._timers.append(asyncio.create_task(self._run_feedback()))
        if not self._count_only:
            self._timers.append(asyncio.create_task(self._run_timer()))

    @property
    def first_picture_s(self) -> float | None:
        """From the session being up to the first slot's first packet; while counting only."""
        slot = self.counts.get(self._receivers["video", 0].ssrc)
        if slot is None or slot.first_packet_at is None or self.up_at is None:
            return None
        return max(0.0, slot.first_packet_at - self.up_at)

    def video(self, slot: int = 0) -> SlotStats:
        """Figures of a video slot."""
        return self._receivers["video", slot].stats

    def audio(self, slot: int = 0) -> SlotStats:
        """Figures of an audio slot."""
        return self._receivers["audio", slot].stats

    def decoding(self, kind: str, slot: int = 0) -> DecodeStats:
        """Figures of decoding in a slot (zeros if it is not decoded)."""
        decoder = self._decoders.get((kind, slot))
        return decoder.stats if decoder is not None else DecodeStats()

    @property
    def all_decoding(self) -> tuple[DecodeStats, ...]:
        """Figures of decoding in all slots that are decoded."""
        return tuple(decoder.stats for decoder in self._decoders.values())

    async def close(self) -> None:
        """End the session."""
        await self._stop()
        await super().close()

    async def vanish(self) -> None:
        """Stop without a word."""
        await self._stop()
        await super().vanish()

    # --- mapping ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        numbers = {"video": 0, "audio": 0}
        for section in self.answer.sections:
            if section.kind not in numbers:
                continue
            name = (section.kind, numbers[section.kind])
            numbers[section.kind] += 1
            receiver = self._make_receiver(name)
            self._receivers[name] = receiver
            self._slot_names[id(receiver)] = name
            self._sections[id(receiver)] = section
            ssrc, rtx = section.fid or ((section.ssrcs or [0])[0], 0)
            if ssrc:
                receiver.ssrc = ssrc
                self._by_ssrc[ssrc] = receiver
            if rtx:
                self._rtx[rtx] = (receiver, section)
            if name[1] in self._decode_video if name[0] == "video" else self._decode_audio:
                self._decoders[name] = Decoder(name[1], DecodeStats())

    def _make_receiver(self, name: tuple[str, int]) -> SlotReceiver:
        return SlotReceiver(
            name[0],
            0,
            clock_rate=90_000 if name[0] == "video" else SAMPLE_RATE,
            own_ssrc=self._own_ssrc,
            feedback=self.transport.send_rtcp,
            on_frame=lambda frame, at: self._decode_frame(name, frame, at),
            on_audio=lambda stamp, payload, at: self._decode_sound(name, stamp, payload, at),
        )

    def _on_rtp(self, data: bytes) -> None:
        now = time.monotonic()
        try:
            packet = rtp.parse_rtp(data)
        except ValueError:
            self.unmapped += 1
            return
        number = packet.extensions.get(sdp.EXTENSION_IDS[sdp.URI_TRANSPORT_CC])
        if number is not None and len(number) == 2:
            self._feedback.add(int.from_bytes(number, "big"), now)
        if (repair := self._rtx.get(packet.ssrc)) is not None:
            self._on_rtx(packet, *repair, now)
            return
        receiver = self._by_ssrc.get(packet.ssrc) or self._learn(packet)
        if receiver is None:
            self.unmapped += 1
            return
        if self.on_packet is not None:
            self.on_packet(*self._slot_names[id(receiver)], packet)
        codec = self._sections[id(receiver)].payload_names.get(packet.payload_type, "")
        receiver.receive(packet, codec.upper(), now)

    def _on_rtx(
        self, packet: rtp.RtpPacket, receiver: SlotReceiver, section: sdp.AnswerSection, now: float
    ) -> None:
        """Unwrap a retransmission (RFC 4588 §4)."""
        if len(packet.payload) <= 2:
            return
        original = rtp.RtpPacket(
            section.apt.get(packet.payload_type, 0),
            packet.marker,
            struct.unpack_from("!H", packet.payload)[0],
            packet.timestamp,
            receiver.ssrc,
            packet.payload[2:],
        )
        codec = section.payload_names.get(original.payload_type, "")
        receiver.receive(original, codec.upper(), now, repaired=True)

    def _learn(self, packet: rtp.RtpPacket) -> SlotReceiver | None:
        """Map an SSRC that the answer did not declare, by its MID extension."""
        for receiver in self._receivers.values():
            section = self._sections[id(receiver)]
            mid = packet.extensions.get(section.extensions.get(sdp.URI_MID, 0))
            if mid is not None and mid.decode(errors="replace") == section.mid:
                if packet.payload_type in section.apt:
                    self._rtx[packet.ssrc] = (receiver, section)
                    return None
                receiver.ssrc = packet.ssrc
                self._by_ssrc[packet.ssrc] = receiver
                return receiver
        return None

    def _count(self, data: bytes) -> None:
        """The count-only receiver: the RTP header is in the clear (RFC 3711 §3.1)."""
        sequence, ssrc = rtp.SEQUENCE_AND_SSRC.unpack_from(data, 2)
        slot = self.counts.get(ssrc)
        if slot is None:
            if len(self.counts) >= 64:
                return
            slot = self.counts[ssrc] = CountingSlot()
        now = time.monotonic()
        slot.count(sequence, len(data), now)
        # The relay puts the transport-wide number first; the profile is RFC 8285's.
        if data[0] & 0x10 and data[16] == _TRANSPORT_CC_ELEMENT:
            self._feedback.add(data[17] << 8 | data[18], now)

    # --- reports ----------------------------------------------------------------------------------

    async def _run_timer(self) -> None:
        reported_at = time.monotonic()
        while True:
            await asyncio.sleep(TIMER_S)
            now = time.monotonic()
            for receiver in self._receivers.values():
                receiver.on_timer(now)
            if now - reported_at >= REPORT_INTERVAL_S:
                reported_at = now
                self._send_report(now)

    async def _run_feedback(self) -> None:
        while True:
            await asyncio.sleep(feedback.INTERVAL_S)
            packet = self._feedback.take(next(iter(self._by_ssrc), 0))
            if packet is not None:
                self.transport.send_rtcp(packet)  # alone, as browsers do

    def _send_report(self, now: float) -> None:
        reports: list[aiortc_rtp.RtcpReceiverInfo] = []
        for receiver in self._receivers.values():
            arrival = receiver.arrival
            if arrival.highest < 0 or len(reports) == 31:
                continue
            expected = arrival.highest - arrival.base + 1
            due = expected - arrival.expected_before
            lost = max(0, due - (arrival.received - arrival.received_before))
            arrival.expected_before, arrival.received_before = expected, arrival.received
            sr_age = int((now - arrival.last_sr_at) * 65536) if arrival.last_sr_ntp else 0
            reports.append(
                aiortc_rtp.RtcpReceiverInfo(
                    ssrc=receiver.ssrc,
                    fraction_lost=min(255, lost * 256 // due) if due > 0 else 0,
                    packets_lost=max(0, expected - arrival.received),
                    highest_sequence=arrival.highest & 0xFFFF_FFFF,
                    jitter=int(arrival.jitter),
                    lsr=arrival.last_sr_ntp,
                    dlsr=sr_age,
                )
            )
        self.transport.send_rtcp(
            bytes(aiortc_rtp.RtcpRrPacket(ssrc=self._own_ssrc, reports=reports))
        )

    def _on_rtcp(self, data: bytes) -> None:
        for part in rtp.split_rtcp(data):
            if part.packet_type == aiortc_rtp.RTCP_SR and len(part.body) >= 24:
                receiver = self._by_ssrc.get(int.from_bytes(part.body[:4], "big"))
                if receiver is not None:
                    # The middle 32 bits of the NTP timestamp (RFC 3550 §6.4.1, LSR).
                    receiver.arrival.last_sr_ntp = int.from_bytes(part.body[6:10], "big")
                    receiver.arrival.last_sr_at = time.monotonic()
            elif part.packet_type == aiortc_rtp.RTCP_BYE:
                self.bye_received = True

    # --- decoding ---------------------------------------------------------------------------------

    def _decode_frame(self, name: tuple[str, int], frame: ReceivedFrame, at: float) -> None:
        decoder = self._decoders.get(name)
        if decoder is None or not self._may_queue(decoder):
            return
        assert self._executor is not None
        future = self._executor.submit(decoder.video, frame, at)
        future.add_done_callback(
            lambda done: self._call(lambda: self._deliver_pictures(done.result()))
        )

    def _decode_sound(
        self, name: tuple[str, int], timestamp: int, payload: bytes, at: float
    ) -> None:
        decoder = self._decoders.get(name)
        if decoder is None or not self._may_queue(decoder):
            return
        assert self._executor is not None
        future = self._executor.submit(decoder.audio, timestamp, payload)
        future.add_done_callback(
            lambda done: self._call(lambda: self._deliver_sound(name[1], done.result(), at))
        )

    def _may_queue(self, decoder: Decoder) -> bool:
        if self._executor is None:
            return False
        if self._backlog >= MAX_DECODE_BACKLOG:
            decoder.stats.skipped += 1
            return False
        self._backlog += 1
        return True

    def _deliver_pictures(self, pictures: list[Decoded]) -> None:
        self._backlog -= 1
        for picture in pictures:
            self.on_picture(picture)

    def _deliver_sound(self, slot: int, sounds: list[Samples], at: float) -> None:
        self._backlog -= 1
        for samples in sounds:
            self.on_sound(slot, samples, at)

    def _call(self, action: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended before the decoder
            self._loop.call_soon_threadsafe(action)

    async def _stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)
        self._timers.clear()
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)
