"""A publishing session: the way in of its RTP and RTCP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from relay.api import CloseReason, Layer, MediaKind, SessionStats, SourceInfo
from relay.core.counters import Counters
from relay.core.incoming.allowance import Allowance
from relay.core.incoming.clock import SessionClock
from relay.core.incoming.demux import Demux, Track, build_tracks, rids
from relay.core.incoming.layer import SILENT_AFTER_S, IncomingLayer
from relay.core.incoming.reports import Reports
from relay.core.incoming.wanted import Wanted
from relay.core.wire import red, rtcp, rtp
from relay.core.wire.negotiated import Codec, IncomingTrack
from relay.core.wire.rtcp import RtcpError
from relay.core.wire.rtp import RtpError, RtpPacket
from relay.core.wire.serial import extend

_SILENT_LAYER_S = 0.5  # s without a packet while another layer flows: the layer has stopped
_SETTLING_S = 0.5  # s after the first picture in which a simulcast publisher's other layers come
# Changes of layers for which the room chooses again at once; a tick saves up one more. A choice
# for 20 viewers of four slots takes 0.35 ms, as long as five packets to all of them. A picture that
# names another size in every packet must not cost that each time.
_CHANGES_AT_ONCE = 8
# Pictures with B slices since a key frame, at which a publisher is refused. No browser's encoder
# makes any, and a single one could be a broken packet.
_MAX_B_PICTURES = 3
# Frames of one sound. Opus allows 400 per second, of 2.5 ms each, and 510 kbit/s (RFC 6716 §2.1).
# No sender in use goes below 10 ms. After a hole, a second of sound may come at once.
_SOUND_PACKETS_PER_S = 200.0  # per second
_SOUND_BPS = 560e3  # bit/s of its own frames and of those that RED repairs
_MAX_REPORTS = 64  # sender reports read in a second; browsers send one per stream
_REPAIR_HEADER_BYTES = 2  # bytes: the original sequence number (RFC 4588 §4)
_LOWEST_FIRST = (Layer.LOW, Layer.MIDDLE, Layer.HIGH)


class PublisherHost(Protocol):
    """The room, as its publishers see it."""

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        """The choice among this publisher's layers changed."""

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        """The publisher is gone; its layers are closed already."""


class Publisher:
    """A publishing session of one source, made by `Room.add_publisher`.

    Attributes:
        session_id: the session.
        source_id: what it publishes.
        audio: its sound, if it has any.
        video: its picture by layer; empty if it has none.
        settled: every layer has had time to come.
        wanted: the parts that somebody takes, as the publisher was told.
        refused: the reason for which its media is dropped; None while it is not.
        piped: it comes over a pipe.
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
        piped: bool = False,
    ) -> None:
        self.piped = piped
        self.session_id = session_id
        self.source_id = source_id
        self.audio: IncomingLayer | None = None
        self.video: dict[Layer, IncomingLayer] = {}
        self._host = host
        self._reports = Reports(session_id, send_rtcp, counters, now)
        self._counters = counters
        self._clock = SessionClock()
        self._tracks = [self._track(one, now) for one in build_tracks(tracks)]
        self._layers = tuple(layer for track in self._tracks for layer in track.layers.values())
        self._demux = Demux(self._tracks, counters)
        self._sound = Allowance(_SOUND_PACKETS_PER_S, _SOUND_BPS, now)
        self._reports_left = _MAX_REPORTS
        self._arrivals = self._reports.arrivals
        self._layers_guessed = any(track.negotiated.layers_guessed for track in self._tracks)
        # A piped one settles with its first picture. Until then nobody knows codec and size.
        self.settled = len(self.video) < (1 if piped else 2)
        self._settles_at: float | None = None
        self.wanted = Wanted(self.video)
        self.refused: CloseReason | None = None
        self._changes_left = _CHANGES_AT_ONCE
        self._change_waits = False
        self._open = True
        self._info: SourceInfo | None = None
        self._info_made_of: list[tuple[Layer | None, bool, Codec | None]] = []

    def _track(self, negotiated: IncomingTrack, now: float) -> Track:
        layers: dict[str, IncomingLayer] = {}
        for rid, name in rids(negotiated).items():
            layer = IncomingLayer(
                self.source_id,
                negotiated.kind,
                name,
                clock=self._clock,
                listener=self,
                send=self._reports.send,
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
            self._reports.media_ssrc = parsed.ssrc
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
            if route.layer.kind is MediaKind.AUDIO and not self._admit_sound(parsed.payload, now):
                return
            taken = route.layer.receive(parsed, codec, now, repaired=route.repair, level=level)
        except RtpError:
            counters.rtp_payload_malformed += 1
            return
        if route.layer.pictures.b_pictures >= _MAX_B_PICTURES:
            self.refused = CloseReason.B_FRAMES
        captured = parsed.extensions.get(demux.ids.abs_capture_time)
        if captured is not None and taken and not route.repair:
            route.layer.on_capture_time(captured, parsed.timestamp, now)

    def _admit_sound(self, frame: bytes, now: float) -> bool:
        """True if one more frame of sound may pass; else it is counted."""
        if self._sound.take(len(frame), now):
            return True
        self._counters.sound_excess += 1
        return False

    @property
    def refused_sound(self) -> int:
        """Frames of sound so far that were more than any encoder makes."""
        return self._sound.refused

    def _unwrap(self, packet: rtp.RtpPacket) -> bool:
        """Turn a repair packet into the one it repeats (RFC 4588 §4); False for a bare probe."""
        payload = packet.payload
        if len(payload) < _REPAIR_HEADER_BYTES:
            self._counters.rtx_padding += 1
            return False
        packet.sequence_number = payload[0] << 8 | payload[1]
        packet.payload = payload[_REPAIR_HEADER_BYTES:]
        self._counters.rtx_unwrapped += 1
        return True

    def _unpack_red(
        self, packet: RtpPacket, codec: Codec, layer: IncomingLayer, level: bytes | None, now: float
    ) -> None:
        """Turn a RED packet into its own frame, and repair the layer with the repeated ones first.

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
            if not self._admit_sound(lost.payload, now):
                return
            self._counters.red_repaired += 1
            # The repeated frame has no level of its own, and takes its neighbour's (RFC 6464 §4).
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
        if not self._reports_left:
            self._counters.sender_reports_flooded += 1
            return
        self._reports_left -= 1
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

    def on_timer(self, now: float) -> None:
        """Every tick: NACKs, key frame requests, feedback, reports, dead layers."""
        for layer in self._layers:
            layer.on_timer(now)
        self._reports.send_feedback(now)
        if self._reports.send_reports(self._layers, now):
            self._reports_left = _MAX_REPORTS
        self._stop_silent_layers(now)
        self._changes_left = min(self._changes_left + 1, _CHANGES_AT_ONCE)
        if self._change_waits:
            self._change_waits = False
            self._host.on_layers_changed(self, now)
        if not self.settled and self._settles_at is not None and now >= self._settles_at:
            self.settled = True
            if self.piped:
                self._expect_codec(now)
            self._host.on_layers_changed(self, now)

    def _expect_codec(self, now: float) -> None:
        """Let layers be chosen that the pipe never carried: they come in the others' codec."""
        codec = next((one.codec for one in self.video.values() if one.codec is not None), None)
        for layer in self.video.values():
            if codec is not None and layer.codec is None:
                layer.expect(codec, now)

    def _stop_silent_layers(self, now: float) -> None:
        newest = max((layer.last_arrival for layer in self.video.values()), default=now)
        changed = False
        for layer in self._layers:
            if not layer.flowing:
                continue
            behind = newest - layer.last_arrival if layer.kind is MediaKind.VIDEO else 0.0
            if behind > _SILENT_LAYER_S or now - layer.last_arrival > SILENT_AFTER_S:
                layer.flowing = False
                # Its BYE may be lost.
                layer.paused |= layer.kind is MediaKind.AUDIO and self.wanted.sound is False
                changed = True
        if changed:
            self._host.on_layers_changed(self, now)

    def on_layer_changed(self, layer: IncomingLayer, now: float) -> None:
        """See `layer.LayerListener`."""
        if self._settles_at is None and layer.kind is MediaKind.VIDEO:
            self._settles_at = now if self.piped else now + _SETTLING_S
        if self._layers_guessed:
            self._name_by_size()
        self._choose_again(now)

    def _choose_again(self, now: float) -> None:
        """Let the room choose at once, for the first key frame's sake; or, if too often, later."""
        if self._changes_left:
            self._changes_left -= 1
            self._host.on_layers_changed(self, now)
        else:
            self._change_waits = True

    def _name_by_size(self) -> None:
        """Name the layers by received height, where rids tell no order."""
        video = self.video
        names = [one for one in _LOWEST_FIRST if one in video and video[one].pictures.height]
        # The sort is stable: of equal heights none changes its name again and again.
        sized = sorted((video[name] for name in names), key=lambda one: one.pictures.height)
        for layer, name in zip(sized, names, strict=True):
            layer.layer = name
            self.video[name] = layer

    # --- what is wanted ---------------------------------------------------------------------------

    def offers(self, name: Layer) -> bool:
        """True if a layer flows, or would if it were asked for."""
        layer = self.video[name]
        return layer.flowing or self.wanted.awaits(name)

    # --- state ------------------------------------------------------------------------------------

    @property
    def tracks(self) -> list[IncomingTrack]:
        """The tracks that are used, as negotiated."""
        return [track.negotiated for track in self._tracks]

    def layers_of(self, kind: MediaKind) -> list[IncomingLayer]:
        """The streams of one kind, as they are named now."""
        if kind is MediaKind.VIDEO:
            return list(self.video.values())
        return [self.audio] if self.audio is not None else []

    def info(self) -> SourceInfo:
        """The source, as others may know it."""
        # The room asks at every tick, and the answer seldom changed.
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
            send_bps=0,
            loss_fraction=lost / packets if packets else 0.0,
            layers=layers,
            slots=(),
        )
