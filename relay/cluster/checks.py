"""Sources as an owner describes them: checked against bounds, and read for the media core."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import Layer, MediaKind, PipedCodec, PipedSource, PipedTrack
from relay.core.piping.outlet import AUDIO_LEVEL_ID, CONTROL_SSRC
from relay.core.wire.negotiated import Codec, ExtensionIds, IncomingTrack

_CODECS = {MediaKind.AUDIO: {"opus"}, MediaKind.VIDEO: {"VP8", "H264"}}
_MAX_CODECS = 32  # of a track; browsers offer some ten
_MAX_ID = 256  # characters of a source's or session's id
_MAX_FMTP = 4096  # characters; parameter sets may stand in it
_MAX_CHANNELS = 8
_MAX_RATE = 192_000  # Hz
_MAX_SSRC = 0xFFFFFFFF
_MAX_TYPE = 127
_IDS = ExtensionIds(audio_level=AUDIO_LEVEL_ID)


def check_sources(sources: Sequence[PipedSource], *, most: int) -> None:
    """Check a whole list.

    Raises:
        ValueError: it is malformed or beyond a bound; the message names the field.
    """
    _require(len(sources) <= most, f"more than {most} sources")
    _require(len({one.source_id for one in sources}) == len(sources), "source_id: one twice")
    _require(len({one.session_id for one in sources}) == len(sources), "session_id: one twice")
    numbers: list[int] = []
    for source in sources:
        for text in (source.source_id, source.session_id):
            _require(0 < len(text) <= _MAX_ID, "source_id, session_id: empty or too long")
        kinds = [track.kind for track in source.tracks]
        _require(len(set(kinds)) == len(kinds) > 0, "tracks: none, or two of a kind")
        for track in source.tracks:
            _check_track(track)
            for layer in track.layers:
                numbers += [layer.ssrc, layer.repair_ssrc]
    allowed = all(CONTROL_SSRC < number <= _MAX_SSRC for number in numbers)
    _require(allowed and len(set(numbers)) == len(numbers), "ssrc, repair_ssrc: not unique")


def _check_track(track: PipedTrack) -> None:
    names = [layer.layer for layer in track.layers]
    _require(len(set(names)) == len(names) > 0, "layers: none, or one twice")
    if track.kind is MediaKind.AUDIO:
        _require(names == [None], "layers: sound has one, without a name")
    else:
        _require(set(names) <= set(Layer), "layers: a picture's have names")
    _require(0 < len(track.codecs) <= _MAX_CODECS, "codecs: none or too many")
    own = [codec.payload_type for codec in track.codecs]
    types = own + [codec.repair_payload_type for codec in track.codecs]
    _require(len(set(types)) == len(types), "payload_type: one twice")
    _require(all(0 <= one <= _MAX_TYPE for one in types), "payload_type: not 0…127")
    for codec in track.codecs:
        _check_codec(track.kind, codec)


def _check_codec(kind: MediaKind, codec: PipedCodec) -> None:
    _require(codec.name in _CODECS[kind], f"name: not a codec of {kind.value}")
    _require(0 < codec.clock_rate <= _MAX_RATE, "clock_rate: out of bounds")
    _require(0 < codec.channels <= _MAX_CHANNELS, "channels: out of bounds")
    _require(len(codec.fmtp) <= _MAX_FMTP, "fmtp: too long")


def _require(met: bool, detail: str) -> None:
    if not met:
        raise ValueError(detail)


def incoming_tracks(source: PipedSource) -> tuple[IncomingTrack, ...]:
    """The tracks of a piped source, as if its publisher had negotiated them here."""
    return tuple(_incoming(str(index), track) for index, track in enumerate(source.tracks))


def _incoming(mid: str, track: PipedTrack) -> IncomingTrack:
    codecs = tuple(
        Codec(
            codec.name,
            codec.payload_type,
            codec.clock_rate,
            codec.channels,
            codec.fmtp,
            rtx_payload_type=codec.repair_payload_type,
            nack=True,
            pli=True,
        )
        for codec in track.codecs
    )
    named = {layer.ssrc: layer.layer for layer in track.layers if layer.layer is not None}
    return IncomingTrack(
        mid,
        track.kind,
        codecs,
        _IDS if track.kind is MediaKind.AUDIO else ExtensionIds(),
        layers={name.value: name for name in named.values()},
        ssrcs={layer.ssrc: layer.repair_ssrc for layer in track.layers},
        rids={ssrc: name.value for ssrc, name in named.items()},
    )


def media_ssrcs(source: PipedSource) -> list[int]:
    """Every SSRC of a source's packets, repairs included."""
    layers = [layer for track in source.tracks for layer in track.layers]
    return [number for layer in layers for number in (layer.ssrc, layer.repair_ssrc)]


def repair_ssrcs(source: PipedSource) -> list[int]:
    """The SSRCs of a source's repairs."""
    return [layer.repair_ssrc for track in source.tracks for layer in track.layers]
