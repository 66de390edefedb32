"""Demultiplexing: the stream of an SSRC, by RFC 8843 §9.2, RFC 8852, and simpler senders' ways."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import Layer, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack
from relay.core.wire.rtp import RtpPacket

_MAX_ROUTES = (
    32  # SSRCs per session: 2 tracks × 3 layers × (media, repair) = 12, with room to spare
)
_SILENT_S = 1.0  # s after which a stream's place may be taken by a new SSRC


class Track:
    """One m-section of a publisher with its streams.

    Attributes:
        layers: rid (or ``""`` without simulcast) → stream.
        codecs: payload type → codec; also under the codec's repair and RED payload types.
        repair_types: the payload types of repair packets (RFC 4588).
        red_types: the payload types of redundant audio (RFC 2198).
    """

    __slots__ = ("codecs", "layers", "mid", "negotiated", "red_types", "repair_types")

    def __init__(self, negotiated: IncomingTrack, layers: dict[str, IncomingLayer]) -> None:
        self.negotiated = negotiated
        self.mid = negotiated.mid.encode()
        self.layers = layers
        self.codecs: dict[int, Codec] = {}
        self.repair_types: set[int] = set()
        self.red_types: set[int] = set()
        for codec in negotiated.codecs:
            self.codecs.setdefault(codec.payload_type, codec)
            if codec.rtx_payload_type is not None:
                self.codecs.setdefault(codec.rtx_payload_type, codec)
                self.repair_types.add(codec.rtx_payload_type)
            if codec.red_payload_type is not None:
                self.codecs.setdefault(codec.red_payload_type, codec)
                self.red_types.add(codec.red_payload_type)

    @property
    def simulcast(self) -> bool:
        """True if rids tell the streams apart."""
        return bool(self.negotiated.layers)

    def only_layer(self) -> IncomingLayer | None:
        """The stream, where there is just one."""
        return None if self.simulcast else self.layers[""]


class Route:
    """The destination of an SSRC's packets. `rid` is None without simulcast."""

    __slots__ = ("layer", "mid", "repair", "rid", "track")

    def __init__(self, track: Track, rid: str, layer: IncomingLayer, repair: bool) -> None:
        self.track = track
        self.layer = layer
        self.repair = repair
        self.mid = track.mid
        self.rid = rid.encode() if track.simulcast else None


class Demux:
    """The SSRC table of one publishing session: bounded, and nobody takes another's place."""

    __slots__ = ("_counters", "_declared", "_routes", "_tracks", "ids")

    def __init__(self, tracks: Sequence[Track], counters: Counters) -> None:
        self._tracks = tracks
        self._counters = counters
        self._routes: dict[int, Route] = {}
        # Within a BUNDLE group an id means the same in every m-section (RFC 8843 §9.2).
        self.ids = _merged([track.negotiated.extensions for track in tracks])
        self._declared: dict[int, tuple[Track, bool, str | None]] = {}
        for track in tracks:
            alone = None if track.simulcast else ""
            for ssrc, repair in track.negotiated.ssrcs.items():
                rid = track.negotiated.rids.get(ssrc, alone)
                self._declared.setdefault(ssrc, (track, False, rid))
                if repair is not None:
                    self._declared.setdefault(repair, (track, True, rid))

    def route(self, packet: RtpPacket, now: float) -> Route | None:
        """The route of a packet, or None (counted) if it has none or claims another's SSRC."""
        route = self._routes.get(packet.ssrc)
        if route is None:
            return self._resolve(packet, now)
        extensions = packet.extensions
        if extensions:
            ids = self.ids
            mid = extensions.get(ids.mid)
            rid = extensions.get(ids.repaired_rid if route.repair else ids.rid)
            if (mid is not None and mid != route.mid) or (
                rid is not None and route.rid is not None and rid != route.rid
            ):
                self._counters.rtp_ssrc_conflict += 1
                return None
        return route

    def _resolve(self, packet: RtpPacket, now: float) -> Route | None:
        found = self._by_mid(packet) or self._by_declaration(packet) or self._by_type(packet)
        if found is None:
            self._counters.rtp_ssrc_unknown += 1
            return None
        track, rid, repair = found
        declared = self._declared.get(packet.ssrc)
        if declared is not None and declared[0] is not track:
            self._counters.rtp_ssrc_conflict += 1
            return None
        return self._bind(packet.ssrc, Route(track, rid, track.layers[rid], repair), now)

    def _by_mid(self, packet: RtpPacket) -> tuple[Track, str, bool] | None:
        mid = packet.extensions.get(self.ids.mid)
        if mid is None:
            return None
        track = next((track for track in self._tracks if track.mid == mid), None)
        if track is None:
            return None
        repair = packet.payload_type in track.repair_types
        if not track.simulcast:
            return track, "", repair
        data = packet.extensions.get(self.ids.repaired_rid if repair else self.ids.rid)
        rid = data.decode("ascii", "replace") if data is not None else ""
        return (track, rid, repair) if rid in track.layers else None

    def _by_declaration(self, packet: RtpPacket) -> tuple[Track, str, bool] | None:
        track, repair, rid = self._declared.get(packet.ssrc, (None, False, None))
        if track is None or rid is None:
            return None
        return track, rid, repair

    def _by_type(self, packet: RtpPacket) -> tuple[Track, str, bool] | None:
        """Route senders without MID and a=ssrc (GStreamer, OBS): one track has this type."""
        if self.ids.mid in packet.extensions:
            return None
        possible = [track for track in self._tracks if packet.payload_type in track.codecs]
        if len(possible) != 1 or possible[0].simulcast:
            return None
        return possible[0], "", packet.payload_type in possible[0].repair_types

    def _bind(self, ssrc: int, route: Route, now: float) -> Route | None:
        layer = route.layer
        older = [
            other
            for other, taken in self._routes.items()
            if taken.layer is layer and taken.repair == route.repair
        ]
        if older:
            if layer.flowing and now - layer.last_arrival < _SILENT_S:
                self._counters.rtp_ssrc_conflict += 1
                return None
            for other in older:
                del self._routes[other]
        if len(self._routes) >= _MAX_ROUTES:
            self._counters.rtp_ssrc_table_full += 1
            return None
        self._routes[ssrc] = route
        if not route.repair:
            began_before = layer.ssrc is not None
            layer.ssrc = ssrc  # first: the restart may ask for a key frame, of the new stream
            if began_before:
                layer.restart(now)
        return route

    def media_layer(self, ssrc: int) -> IncomingLayer | None:
        """The stream of a media SSRC."""
        route = self._routes.get(ssrc)
        return None if route is None or route.repair else route.layer


def _merged(ids: Sequence[ExtensionIds]) -> ExtensionIds:
    """The session's ids. 0 never occurs as an element's id, so it matches nothing."""

    def first(name: str) -> int:
        return next((value for one in ids if (value := getattr(one, name))), 0)

    return ExtensionIds(
        mid=first("mid"),
        rid=first("rid"),
        repaired_rid=first("repaired_rid"),
        transport_cc=first("transport_cc"),
        audio_level=first("audio_level"),
        abs_send_time=first("abs_send_time"),
        abs_capture_time=first("abs_capture_time"),
    )


def build_tracks(tracks: Sequence[IncomingTrack]) -> list[IncomingTrack]:
    """The tracks that are used: the first of each kind."""
    used: dict[MediaKind, IncomingTrack] = {}
    for track in tracks:
        used.setdefault(track.kind, track)
    return list(used.values())


def rids(track: IncomingTrack) -> dict[str, Layer | None]:
    """The streams of a track: rid → layer; without simulcast one, under the empty rid."""
    if track.kind is MediaKind.AUDIO:
        return {"": None}
    if not track.layers:
        return {"": Layer.HIGH}
    return dict(track.layers)
