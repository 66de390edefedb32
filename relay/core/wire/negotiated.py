"""The agreement of an offer and its answer: `sdp_answer` makes it, the media path uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.api import Layer, MediaKind
from relay.core.wire import h264


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format with its retransmission partner.

    Attributes:
        name: canonical: ``VP8``, ``H264`` or ``opus``.
        fmtp: format parameters as in SDP, without the payload type.
        rtx_payload_type: RFC 4588 payload type for this codec, if negotiated.
        red_payload_type: RFC 2198 payload type whose blocks are all of this codec, if negotiated;
            packets of both types may then be mixed in one stream.
    """

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    fmtp: str = ""
    rtx_payload_type: int | None = None
    nack: bool = False
    pli: bool = False
    transport_cc: bool = False
    red_payload_type: int | None = None

    @property
    def payload_types(self) -> list[int]:
        """The codec's own payload type and those of its partners."""
        numbers = (self.payload_type, self.rtx_payload_type, self.red_payload_type)
        return [number for number in numbers if number is not None]


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """Header extension ids (RFC 8285) as negotiated for one m-section; 0 where not negotiated."""

    mid: int = 0
    rid: int = 0
    repaired_rid: int = 0
    transport_cc: int = 0
    audio_level: int = 0
    abs_send_time: int = 0
    abs_capture_time: int = 0


@dataclass(frozen=True, slots=True)
class IncomingTrack:
    """One sending m-section of a publisher.

    Attributes:
        codecs: what the publisher may send, in the answer's order.
        layers: accepted simulcast streams, rid → layer; empty without simulcast (all is
            `Layer.HIGH`).
        layers_guessed: the rids' names tell no order, so received sizes correct `layers`.
        ssrcs: media SSRC → its RTX SSRC or None, where the offer declares them (RFC 5576).
        rids: media SSRC → rid, where a pipe declares them.
    """

    mid: str
    kind: MediaKind
    codecs: tuple[Codec, ...]
    extensions: ExtensionIds
    layers: dict[str, Layer] = field(default_factory=dict)
    layers_guessed: bool = False
    ssrcs: dict[int, int | None] = field(default_factory=dict)
    rids: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingSlot:
    """One recvonly m-section of a viewer: a slot.

    Attributes:
        index: among the viewer's slots of this kind, in offer order, from 0.
        codecs: what the viewer can take; a source in another codec is not shown to it.
        ssrc: the slot's SSRC for its whole life; `rtx_ssrc` is 0 without RTX.
    """

    index: int
    mid: str
    kind: MediaKind
    codecs: tuple[Codec, ...]
    extensions: ExtensionIds
    ssrc: int
    rtx_ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class TransportOffer:
    """The transport part of an offer: ICE credentials and DTLS identity.

    Attributes:
        fingerprints: (algorithm, value) pairs; at least one with a supported algorithm.
        setup: ``actpass``, ``active`` or ``passive``; the answer takes ``passive`` wherever it may.
    """

    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str


def match_codec(codecs: Sequence[Codec], stream: Codec) -> Codec | None:
    """The receiver's codec under which a stream can be sent, None if there is none."""
    same = [codec for codec in codecs if codec.name == stream.name]
    if stream.name != "H264":
        return same[0] if same else None
    scored = [(h264.compatibility(stream.fmtp, codec.fmtp), codec) for codec in same]
    best = max(scored, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] else None
