"""One publishing session: its RTP comes in here."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Protocol

from relay.api import CloseReason, Layer, MediaKind, SessionStats, SourceInfo
from relay.core import red, rtcp, rtp
from relay.core.clock import SessionClock
from relay.core.counters import Counters
from relay.core.demux import Demux, Track, build_tracks, rids
from relay.core.layer import SILENT_AFTER, IncomingLayer
from relay.core.negotiated import Codec, IncomingTrack
from relay.core.rtcp import RtcpError
from relay.core.rtp import RtpError, RtpPacket
from relay.core.serial import extend
from relay.core.twcc import ArrivalLog
from relay.core.wanted import Wanted

_REPORT_INTERVAL = 1.0  # s
_FEEDBACK_INTERVAL = 0.08  # s; the draft's 50–100 ms, in whole ticks; at low rates …
_MAX_FEEDBACK_INTERVAL = 0.24  # s … up to this, …
_FEEDBACK_BITS = 900.0  # for so much a packet of feedback takes of the link, headers included, …
_FEEDBACK_SHARE = 0.05  # … shall not be more than this share of what comes, as in libwebrtc
# A layer from which nothing came for so long, while another flowed, is dead.
_DEAD_AFTER = 0.5  # s
# After its first picture, how long a simulcast publisher's other layers are given to come.
_SETTLING = 0.5  # s
# Changes of layers for which the room chooses again at once; one more is saved up per tick. With 20
# viewers of four slots a choice costs as much as five packets sent to all of them (0.35 ms): a
# picture that names another size in every packet must not cost that each time.
_CHANGES_AT_ONCE = 8
# Pictures with B slices since a key frame until a publisher is refused: no browser's encoder makes
# any, and one could be a broken packet.
_MAX_B_PICTURES = 3
_REPAIR_HEADER = 2  # bytes: the original sequence number (RFC 4588 §4)
CNAME = "tongke-relay"
_WORST_FIRST = (Layer.LOW, Layer.MIDDLE, Layer.HIGH)


class PublisherHost(Protocol):
    """The room, as its publishers see it."""

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        """What can be chosen of this publisher's layers changed."""

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        """The publisher is gone; its layers are closed already."""


class Publisher:
    """A publishing session of one source, made by `Room.add_publisher`.

    Attributes:
        session_id: the session.
        source_id: what it publishes.
        audio: its sound, if it has any.
        video: its picture by layer; empty if it has none.
        settled: all layers that come at once have come.
        wanted: what somebody takes of it, as the publisher was told.
        refused: why it cannot go on; None while it can. What it sends then is dropped.
    """

    def __init__(
        self,
        session_id: str,
        source_id: str,
        tracks: Sequence[IncomingTrack],
        *,
        host: PublisherHost,
        send_rtcp: Callable[[bytes], None],
        counters: Counters,
        now: float,
    ) -> None:
        self.session_id = session_id
        self.source_id = source_id
        self.audio: IncomingLayer | None = None
        self.video: dict[Layer, IncomingLayer] = {}
        self._host = host
        self._send_rtcp = send_rtcp
        self._counters = counters
        self._clock = SessionClock()
        self._tracks = [self._track(one, now) for one in build_tracks(tracks)]
        self._layers = tuple(layer for track in self._tracks for layer in track.layers.values())
        self._demux = Demux(self._tracks, counters)
        self._arrivals = ArrivalLog()
        self._layers_guessed = any(track.negotiated.layers_guessed for track in self._tracks)
        self._last_ssrc = 0
        self._report_at = self._feedback_at = now
        self._feedback_interval = _FEEDBACK_INTERVAL
        self.settled = len(self.video) < 2
        self._settles_at: float | None = None
        self.wanted = Wanted(self.video)
        self.refused: CloseReason | None = None
        self._changes_left = _CHANGES_AT_ONCE
        self._change_waits = False
        self._open = True
        self._info: SourceInfo | None = None
        self._info_made_of: list[tuple[Layer | None, bool, Codec | None]] = []
        # Our own SSRC in feedback: fixed per session, so that runs are repeatable.
        own = zlib.crc32(session_id.encode()) or 1
        self._ssrc = own
        self._prelude = rtcp.receiver_report(own) + rtcp.source_description(own, CNAME)

    def _track(self, negotiated: IncomingTrack, now: float) -> Track:
        layers: dict[str, IncomingLayer] = {}
        for rid, name in rids(negotiated).items():
            layer = IncomingLayer(
                self.source_id,
                negotiated.kind,
                name,
                clock=self._clock,
                listener=self,
                send=self._send_feedback,
                counters=self._counters,
                now=now,
            )
            layers[rid] = layer
            if name is None:
                self.audio = layer
            else:
                self.video[name] = layer
        return Track(negotiated, layers)

    # --- in ---------------------------------------------------------------------------------------

    def on_rtp(self, packet: bytes, now: float) -> None:
        """Take one decrypted RTP packet that arrived at `now`. Never raises.

        It may have waited to be read, so `now` may lie up to a second before what a timer was told.
        """
        if not self._open:
            return
        counters = self._counters
        counters.packets_in += 1
        if self.refused is not None:
            counters.rtp_refused += 1
            return
        try:
            parsed = rtp.parse(packet)
        except RtpError:
            counters.rtp_malformed += 1
            return
        demux = self._demux
        wide = parsed.extensions.get(demux.ids.transport_cc)
        if wide is not None and len(wide) == 2:
            self._arrivals.add(wide[0] << 8 | wide[1], now)
            self._last_ssrc = parsed.ssrc
        route = demux.route(parsed, now)
        if route is None:
            return
        track = route.track
        codec = track.codecs.get(parsed.payload_type)
        if codec is None or (parsed.payload_type in track.repair_types) is not route.repair:
            counters.rtp_payload_type_unknown += 1
            return
        if route.repair and not self._unwrap(parsed):
            return
        level = parsed.extensions.get(demux.ids.audio_level)
        try:
            if parsed.payload_type in track.red_types:
                self._unpack_red(parsed, codec, route.layer, level, now)
            taken = route.layer.receive(parsed, codec, now, repaired=route.repair, level=level)
        except RtpError:
            counters.rtp_payload_malformed += 1
            return
        if route.layer.b_pictures >= _MAX_B_PICTURES:
            self.refused = CloseReason.B_FRAMES
        captured = parsed.extensions.get(demux.ids.abs_capture_time)
        if captured is not None and taken and not route.repair:
            route.layer.on_capture_time(captured, parsed.timestamp, now)

    def _unwrap(self, packet: rtp.RtpPacket) -> bool:
        """Turn a repair packet into the one it repeats (RFC 4588 §4); False for a bare probe."""
        payload = packet.payload
        if len(payload) < _REPAIR_HEADER:
            self._counters.rtx_padding += 1
            return False
        packet.sequence_number = payload[0] << 8 | payload[1]
        packet.payload = payload[_REPAIR_HEADER:]
        self._counters.rtx_unwrapped += 1
        return True

    def _unpack_red(
        self, packet: RtpPacket, codec: Codec, layer: IncomingLayer, level: bytes | None, now: float
    ) -> None:
        """Turn a RED packet into its own frame; what it repeats and the layer lacks goes before it.

        Raises:
            RtpError: it is malformed.
        """
        packet.payload, blocks = red.parse(packet.payload, codec.payload_type)
        self._counters.red_unpacked += 1
        newest = layer.highest
        if not blocks or newest < 0:
            return
        sequence = extend(packet.sequence_number, newest, 16)
        if layer.at(sequence - 1) is not None and len(blocks) == 1:
            return  # the usual case: nothing was lost
        timestamp = extend(packet.timestamp, layer.highest_timestamp, 32)
        for lost in red.find_missing(sequence, timestamp, blocks, layer.at, newest):
            self._counters.red_repaired += 1
            # As loud as its neighbour, for want of a level of its own (RFC 6464 §4).
            layer.receive(lost.packet(packet), codec, now, repaired=True, level=level)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, maybe compound, RTCP packet; `now` as in `on_rtp`. Never raises."""
        if not self._open:
            return
        self._counters.rtcp_in += 1
        try:
            reports = rtcp.parse(packet)
        except RtcpError:
            self._counters.rtcp_malformed += 1
            return
        for report in reports:
            if isinstance(report, rtcp.SenderReport):
                self._on_sender_report(report, now)
            elif isinstance(report, rtcp.Bye):
                for ssrc in report.ssrcs:
                    self._on_bye(ssrc, now)

    def _on_sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        layer = self._demux.media_layer(report.ssrc)
        if layer is None or not report.ntp:  # 0: the sender has no clock (RFC 3550 §6.4.1)
            return
        moved = self._clock.on_report(report.ntp, now)
        layer.on_sender_report(report, now)
        for touched in self._layers if moved else (layer,):
            for taker in touched.slots:
                taker.on_clock(touched, now)

    def _on_bye(self, ssrc: int, now: float) -> None:
        layer = self._demux.media_layer(ssrc)
        if layer is not None and layer.flowing:
            layer.flowing = False
            layer.paused = True
            self._choose_again(now)

    # --- out --------------------------------------------------------------------------------------

    def _send_feedback(self, media: int, make: Callable[[int, int], bytes]) -> None:
        self._send_rtcp(self._prelude + make(self._ssrc, media))

    def on_timer(self, now: float) -> None:
        """Every tick: NACKs, key frame requests, feedback, reports, dead layers."""
        for layer in self._layers:
            layer.on_timer(now)
        if now - self._feedback_at >= self._feedback_interval:
            self._feedback_at = now
            for body in self._arrivals.feedback():
                self._counters.transport_feedback_sent += 1
                feedback = rtcp.transport_feedback(self._ssrc, self._last_ssrc, body)
                self._send_rtcp(self._prelude + feedback)
        if now - self._report_at >= _REPORT_INTERVAL:
            self._report_at = now
            self._send_reports(now)
            self._pace_feedback()
        self._bury_the_dead(now)
        self._changes_left = min(self._changes_left + 1, _CHANGES_AT_ONCE)
        if self._change_waits:
            self._change_waits = False
            self._host.on_layers_changed(self, now)
        if not self.settled and self._settles_at is not None and now >= self._settles_at:
            self.settled = True
            self._host.on_layers_changed(self, now)

    def _send_reports(self, now: float) -> None:
        blocks = [block for layer in self._layers if (block := layer.report_block(now))]
        if blocks:
            description = rtcp.source_description(self._ssrc, CNAME)
            self._send_rtcp(rtcp.receiver_report(self._ssrc, blocks) + description)

    def _pace_feedback(self) -> None:
        """A weak link is often weak both ways: do not fill it with reports on how weak it is."""
        received_bps = sum(layer.meter.bitrate_bps for layer in self._layers)
        due = _FEEDBACK_BITS / (_FEEDBACK_SHARE * received_bps) if received_bps else 0.0
        self._feedback_interval = min(max(due, _FEEDBACK_INTERVAL), _MAX_FEEDBACK_INTERVAL)

    def _bury_the_dead(self, now: float) -> None:
        newest = max((layer.last_arrival for layer in self.video.values()), default=now)
        changed = False
        for layer in self._layers:
            if not layer.flowing:
                continue
            behind = newest - layer.last_arrival if layer.kind is MediaKind.VIDEO else 0.0
            if behind > _DEAD_AFTER or now - layer.last_arrival > SILENT_AFTER:
                layer.flowing = False
                # Its BYE may be lost.
                layer.paused |= layer.kind is MediaKind.AUDIO and self.wanted.sound is False
                changed = True
        if changed:
            self._host.on_layers_changed(self, now)

    def on_layer_changed(self, layer: IncomingLayer, now: float) -> None:
        """See `layer.LayerListener`."""
        if self._settles_at is None and layer.kind is MediaKind.VIDEO:
            self._settles_at = now + _SETTLING
        if self._layers_guessed:
            self._name_by_size()
        self._choose_again(now)

    def _choose_again(self, now: float) -> None:
        """At once, so that a stream's first key frame finds its takers; if too often, on time."""
        if self._changes_left:
            self._changes_left -= 1
            self._host.on_layers_changed(self, now)
        else:
            self._change_waits = True

    def _name_by_size(self) -> None:
        """Where rids say nothing of the layers' order, the received heights do."""
        names = [name for name in _WORST_FIRST if name in self.video and self.video[name].height]
        # The sort is stable: of equal heights none changes its name again and again.
        sized = sorted((self.video[name] for name in names), key=lambda one: one.height)
        for layer, name in zip(sized, names, strict=True):
            layer.layer = name
            self.video[name] = layer

    # --- what is wanted ---------------------------------------------------------------------------

    def offers(self, name: Layer) -> bool:
        """Whether a layer flows, or would if it were asked for."""
        layer = self.video[name]
        return layer.flowing or self.wanted.awaits(name)

    # --- state ------------------------------------------------------------------------------------

    def info(self) -> SourceInfo:
        """The source, as others may know it."""
        # Asked for at every tick, to see whether it changed; seldom it did.
        made_of = [(layer.layer, layer.flowing, layer.codec) for layer in self._layers]
        if self._info is None or made_of != self._info_made_of:
            self._info_made_of = made_of
            self._info = self._make_info()
        return self._info

    def _make_info(self) -> SourceInfo:
        negotiated = {track.negotiated.kind: track.negotiated for track in self._tracks}
        picture = negotiated.get(MediaKind.VIDEO)
        codec = next((one.codec for one in self.video.values() if one.codec is not None), None)
        if codec is None and picture is not None and picture.codecs:
            codec = picture.codecs[0]
        return SourceInfo(
            source_id=self.source_id,
            session_id=self.session_id,
            has_audio=self.audio is not None,
            has_video=bool(self.video),
            video_codec=codec.name if codec is not None else None,
            layers=tuple(
                name
                for name in (Layer.HIGH, Layer.MIDDLE, Layer.LOW)
                if name in self.video and self.video[name].flowing
            ),
        )

    def close(self, reason: CloseReason, now: float) -> None:
        """End the session; the source is removed. Closing twice does nothing."""
        if not self._open:
            return
        self._open = False
        for layer in self._layers:
            layer.close(now)
        self._host.on_publisher_closed(self, reason, now)

    def stats(self, now: float) -> SessionStats:
        """The session's figures; `connected` is always True (the transport knows better)."""
        del now
        layers = tuple(layer.stats() for layer in self._layers if layer.highest >= 0)
        packets = sum(layer.packets for layer in layers)
        lost = sum(layer.loss_fraction * layer.packets for layer in layers)
        rtts = [one.missing.rtt for one in self._layers if one.missing.rtt is not None]
        return SessionStats(
            session_id=self.session_id,
            connected=True,
            rtt_ms=1000 * min(rtts) if rtts else None,
            receive_bps=sum(layer.bitrate_bps for layer in layers),
            send_bps=0,
            loss_fraction=lost / packets if packets else 0.0,
            layers=layers,
            slots=(),
        )
