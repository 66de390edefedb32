"""Answers as text: sections mirrored from the offer, on one ICE-lite transport."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.wire.negotiated import (
    Codec,
    ExtensionIds,
    IncomingTrack,
    OutgoingSlot,
    TransportOffer,
)
from relay.core.wire.sdp import MediaSection, Offer
from relay.core.wire.sdp_media import EXTENSION_URIS, accepts_feedback, answer_fmtp

_HOST_TYPE_PREFERENCE = 126  # RFC 8445 §5.1.2.2
_STREAM_PREFIX = "tongke"


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """The relay's side of the transport, as answers announce it.

    Attributes:
        session_number: the ``o=`` line's session id.
        fingerprint: (digest name, value) of the relay's certificate.
        candidates: (address, port), best first.
    """

    session_number: int
    ice_ufrag: str
    ice_pwd: str
    fingerprint: tuple[str, str]
    candidates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The part of an answer that an ICE restart repeats: mids and the first m-line."""

    mids: tuple[str, ...]
    first_media: str


def assemble(
    offer: Offer,
    transport: TransportOffer,
    local: LocalTransport,
    bodies: dict[int, tuple[str, list[str]]],
) -> tuple[str, Bundle]:
    """The whole answer; `bodies` holds (m-line, media lines) of the accepted sections by index."""
    mids = tuple(offer.sections[index].mid for index in sorted(bodies))
    setup = "active" if transport.setup == "passive" else "passive"
    lines = [
        "v=0",
        f"o=- {local.session_number} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",  # RFC 8839 §5.3: session level
        "a=msid-semantic:WMS *",
    ]
    if offer.bundle:
        lines.append("a=group:BUNDLE " + " ".join(mids))
    first = min(bodies)
    for section in offer.sections:
        if section.index not in bodies:
            lines += _rejected(section)
            continue
        media_line, body = bodies[section.index]
        lines += [media_line, "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
        if section.mid:
            lines.append(f"a=mid:{section.mid}")
        lines += [
            f"a=ice-ufrag:{local.ice_ufrag}",
            f"a=ice-pwd:{local.ice_pwd}",
            "a=ice-options:trickle",
            f"a=fingerprint:{local.fingerprint[0]} {local.fingerprint[1]}",
            f"a=setup:{setup}",
            *body,
            *(_candidate_lines(local.candidates) if section.index == first else ()),
        ]
    bundle = Bundle(mids, bodies[first][0])
    return "".join(line + "\r\n" for line in lines), bundle


def _rejected(section: MediaSection) -> list[str]:
    lines = [f"m={section.media} 0 {section.protocol} {' '.join(section.formats)}"]
    lines += ["c=IN IP4 0.0.0.0"]
    if section.mid:
        lines.append(f"a=mid:{section.mid}")
    return [*lines, "a=inactive"]


def publish_body(section: MediaSection, track: IncomingTrack) -> tuple[str, list[str]]:
    """The m-line and the lines of a section that receives a publisher's track."""
    lines = ["a=recvonly", *_rtp_lines(section, track.codecs, track.extensions)]
    lines += [f"a=rid:{rid} recv" for rid in track.layers]
    if track.layers:
        lines.append("a=simulcast:recv " + ";".join(track.layers))
    # RED first: some 34 kbit/s repair most of the lost sound within 20 ms, for all who listen. A
    # muted microphone with DTX repeats next to nothing. A page that cannot afford RED moves Opus to
    # the front in its copy of the answer.
    return _media_line(section, track.codecs, red_first=True), lines


def watch_body(section: MediaSection, slot: OutgoingSlot) -> tuple[str, list[str]]:
    """The m-line and the lines of a section that sends to a viewer's slot."""
    # The n-th video and the n-th audio slot share a stream id. A plain player has one of each, and
    # keeps lips and sound together. No browser ties one sound to sixteen pictures.
    stream = f"{_STREAM_PREFIX}-{slot.index}"
    lines = [
        "a=sendonly",
        f"a=msid:{stream} {stream}-{slot.kind}",
        *_rtp_lines(section, slot.codecs, slot.extensions),
    ]
    if slot.rtx_ssrc:
        lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
    ssrcs = (slot.ssrc, slot.rtx_ssrc) if slot.rtx_ssrc else (slot.ssrc,)
    lines += [f"a=ssrc:{ssrc} cname:{slot.cname}" for ssrc in ssrcs]
    return _media_line(section, slot.codecs), lines


def _media_line(section: MediaSection, codecs: Sequence[Codec], *, red_first: bool = False) -> str:
    """The m-line; `red_first`: prefer RED to the codec in it, which makes libwebrtc send it."""
    types: list[int] = []
    for codec in codecs:
        if red_first and codec.red_payload_type is not None:
            types.append(codec.red_payload_type)
        types += (number for number in codec.payload_types if number not in types)
    return f"m={section.media} 9 {section.protocol} {' '.join(map(str, types))}"


def _rtp_lines(
    section: MediaSection, codecs: Sequence[Codec], extensions: ExtensionIds
) -> list[str]:
    lines = ["a=rtcp-mux"]
    if "rtcp-rsize" in section.attributes:
        lines.append("a=rtcp-rsize")
    for name, uri in EXTENSION_URIS.items():
        if number := getattr(extensions, name):
            lines.append(f"a=extmap:{number} {uri}")
    for codec in codecs:
        lines += _codec_lines(section, codec)
    return lines


def _codec_lines(section: MediaSection, codec: Codec) -> list[str]:
    number = codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}"]
    if codec.transport_cc:
        lines.append(f"a=rtcp-fb:{number} transport-cc")
    elif accepts_feedback(section, number, "goog-remb"):
        lines.append(f"a=rtcp-fb:{number} goog-remb")
    if accepts_feedback(section, number, "ccm fir"):
        lines.append(f"a=rtcp-fb:{number} ccm fir")
    if codec.nack:
        lines.append(f"a=rtcp-fb:{number} nack")
    if codec.pli:
        lines.append(f"a=rtcp-fb:{number} nack pli")
    if accepts_feedback(section, number, "rrtr"):  # libwebrtc's name for RFC 3611 §4.4
        lines.append(f"a=rtcp-fb:{number} rrtr")
    if fmtp := answer_fmtp(codec):
        lines.append(f"a=fmtp:{number} {fmtp}")
    if codec.rtx_payload_type is not None:
        lines.append(f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}")
        lines.append(f"a=fmtp:{codec.rtx_payload_type} apt={number}")
    if codec.red_payload_type is not None:
        lines.append(f"a=rtpmap:{codec.red_payload_type} red/{codec.clock_rate}{channels}")
        lines.append(f"a=fmtp:{codec.red_payload_type} {number}/{number}")
    return lines


def _candidate_lines(candidates: Sequence[tuple[str, int]]) -> list[str]:
    """Host candidates (RFC 8839 §5.1), priority by RFC 8445 §5.1.2.1."""
    lines = []
    for rank, (address, port) in enumerate(candidates):
        preference = 65535 - rank
        priority = (_HOST_TYPE_PREFERENCE << 24) | (preference << 8) | 255
        host = ipaddress.ip_address(address).compressed
        lines.append(f"a=candidate:{rank + 1} 1 udp {priority} {host} {port} typ host")
    return [*lines, "a=end-of-candidates"]


def restart_fragment(bundle: Bundle, local: LocalTransport) -> str:
    """The body of a 200 to an ICE restart (RFC 9725 §4.3.3, RFC 8840 §4.4)."""
    lines = ["a=ice-lite", "a=ice-options:trickle"]
    if any(bundle.mids):
        lines.append("a=group:BUNDLE " + " ".join(bundle.mids))
    lines.append(bundle.first_media)
    if bundle.mids[0]:
        lines.append(f"a=mid:{bundle.mids[0]}")
    lines += [f"a=ice-ufrag:{local.ice_ufrag}", f"a=ice-pwd:{local.ice_pwd}"]
    lines += _candidate_lines(local.candidates)
    return "".join(line + "\r\n" for line in lines)
