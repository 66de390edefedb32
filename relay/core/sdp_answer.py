"""Offer in, answer out: what the relay agrees to, for publishers (WHIP) and viewers (WHEP).

The answer mirrors the offer section by section (RFC 3264 §6); everything is bundled on one ICE-lite
transport. A section that the relay cannot or need not use is rejected with port 0. An offer is
refused only if no section of it can be used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from relay.api import MediaKind, OfferError
from relay.core.negotiated import (
    Codec,
    ExtensionIds,
    IncomingTrack,
    OutgoingSlot,
    TransportOffer,
)
from relay.core.sdp import MediaSection, Offer, parse_offer, read_transport
from relay.core.sdp_media import (
    EXTENSION_URIS,
    accepts_feedback,
    answer_fmtp,
    read_codecs,
    read_extensions,
    read_ssrcs,
)
from relay.core.sdp_simulcast import Simulcast, read_simulcast

_PUBLISH_EXTENSIONS = (
    "mid", "rid", "repaired_rid", "transport_cc", "audio_level", "abs_send_time",
    "abs_capture_time",
)  # fmt: skip
_WATCH_EXTENSIONS = ("mid", "transport_cc", "audio_level", "abs_send_time")
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
    """What an ICE restart repeats of the answer: the mids and the first section's m-line."""

    mids: tuple[str, ...]
    first_media: str


@dataclass(frozen=True, slots=True)
class PublishAnswer:
    """A publisher's agreed session.

    Attributes:
        dtls_active: the relay is the DTLS client.
        refused: why sections of the offer that wanted to send were rejected.
    """

    sdp: str
    transport: TransportOffer
    dtls_active: bool
    bundle: Bundle
    tracks: tuple[IncomingTrack, ...]
    refused: tuple[OfferError, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """A viewer's agreed session. `refused`: as in `PublishAnswer`, of sections to receive."""

    sdp: str
    transport: TransportOffer
    dtls_active: bool
    bundle: Bundle
    slots: tuple[OutgoingSlot, ...]
    refused: tuple[OfferError, ...] = ()


def answer_publish(text: str, local: LocalTransport) -> PublishAnswer:
    """Answer a publisher: the first audio and the first video section that can be used are taken.

    Raises:
        OfferError: the offer cannot be used.
    """
    offer = parse_offer(text)
    names = _SharedNames()
    tracks: dict[int, IncomingTrack] = {}
    taken: set[str] = set()
    refused: list[OfferError] = []
    for section in offer.sections:
        if not (section.live and section.is_rtp and section.direction.sends):
            continue
        if section.media in taken:
            continue
        try:
            _check_section(offer, section)
            tracks[section.index] = names.claim(_incoming_track(section))
        except OfferError as error:
            refused.append(error)
        else:
            taken.add(section.media)
    if not tracks:
        nothing = OfferError("m=", "no section sends audio or video over UDP/TLS/RTP/SAVPF")
        raise (refused or [nothing])[0]
    transport = read_transport(offer, _lead_section(offer, tracks))
    bodies = {index: _publish_body(offer.sections[index], tracks[index]) for index in tracks}
    sdp, bundle = _assemble(offer, transport, local, bodies)
    return PublishAnswer(
        sdp,
        transport,
        transport.setup == "passive",
        bundle,
        tuple(tracks.values()),
        tuple(refused),
    )


def answer_watch(
    text: str,
    local: LocalTransport,
    *,
    new_ssrc: Callable[[], int],
    cname: str,
    max_video_slots: int,
    max_audio_slots: int,
) -> WatchAnswer:
    """Answer a viewer: every usable section that receives audio or video becomes a slot.

    Args:
        text: the offer.
        local: the relay's transport.
        new_ssrc: gives random 32-bit numbers; collisions are sorted out here.
        cname: RFC 3550 §6.5.1 name of the relay towards this viewer.
        max_video_slots: bound; more sections are rejected.
        max_audio_slots: the same for audio.

    Raises:
        OfferError: the offer cannot be used.
    """
    offer = parse_offer(text)
    bounds = {"video": max_video_slots, "audio": max_audio_slots}
    slots: dict[int, OutgoingSlot] = {}
    refused: list[OfferError] = []
    used = {0}
    for section in offer.sections:
        if not (section.live and section.is_rtp and section.direction.receives):
            continue
        position = sum(slot.kind == section.media for slot in slots.values())
        try:
            _check_section(offer, section)
            if position == bounds[section.media]:
                raise OfferError(section.field, f"at most {position} slots")
            slots[section.index] = _outgoing_slot(
                section, position, partial(_unused, new_ssrc, used), cname
            )
        except OfferError as error:
            refused.append(error)
    if not slots:
        nothing = OfferError("m=", "no section receives audio or video over UDP/TLS/RTP/SAVPF")
        raise (refused or [nothing])[0]
    transport = read_transport(offer, _lead_section(offer, slots))
    bodies = {index: _watch_body(offer.sections[index], slot) for index, slot in slots.items()}
    sdp, bundle = _assemble(offer, transport, local, bodies)
    return WatchAnswer(
        sdp,
        transport,
        transport.setup == "passive",
        bundle,
        tuple(slots.values()),
        tuple(refused),
    )


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


# --- what is agreed -------------------------------------------------------------------------------


def _check_section(offer: Offer, section: MediaSection) -> None:
    """Raise OfferError if a section is malformed or cannot share the one transport."""
    if section.fault is not None:
        raise section.fault
    if "rtcp-mux" not in section.attributes:
        raise OfferError("a=rtcp-mux", f"required in {section.field}")
    if offer.bundle and section.mid not in offer.bundle:
        raise OfferError("a=group", f"{section.field} must be part of one BUNDLE group")


def _lead_section(offer: Offer, accepted: Collection[int]) -> MediaSection:
    """The section that describes the one transport of all that is accepted.

    Raises:
        OfferError: several sections without BUNDLE, which would each need a transport.
    """
    if not offer.bundle:
        if len(accepted) > 1:
            raise OfferError("a=group", "several sections must be part of one BUNDLE group")
        return offer.sections[min(accepted)]
    by_mid = {section.mid: section for section in offer.sections if section.mid}
    # The offerer's tagged section carries the transport (RFC 9143 §7.1.1), unless it is bundle-only
    # or leaves it to the session level.
    tagged = by_mid[offer.bundle[0]]
    return tagged if tagged.attributes.first("ice-ufrag") else offer.sections[min(accepted)]


def _incoming_track(section: MediaSection) -> IncomingTrack:
    extensions = read_extensions(section, _PUBLISH_EXTENSIONS)
    # Without these extensions nobody can tell the layers apart (RFC 8853 §5.5).
    tells_layers = section.media == "video" and extensions.mid and extensions.rid
    simulcast = read_simulcast(section) if tells_layers else Simulcast()
    return IncomingTrack(
        mid=section.mid,
        kind=MediaKind(section.media),
        codecs=read_codecs(section, extensions),
        extensions=extensions,
        layers=simulcast.layers,
        layers_guessed=simulcast.guessed,
        ssrcs={} if simulcast.layers else read_ssrcs(section),
    )


def _outgoing_slot(
    section: MediaSection, position: int, new_ssrc: Callable[[], int], cname: str
) -> OutgoingSlot:
    extensions = read_extensions(section, _WATCH_EXTENSIONS)
    codecs = read_codecs(section, extensions)
    has_rtx = any(codec.rtx_payload_type is not None for codec in codecs)
    return OutgoingSlot(
        index=position,
        mid=section.mid,
        kind=MediaKind(section.media),
        codecs=codecs,
        extensions=extensions,
        ssrc=new_ssrc(),
        rtx_ssrc=new_ssrc() if has_rtx else 0,
        cname=cname,
    )


def _unused(new_ssrc: Callable[[], int], used: set[int]) -> int:
    ssrc = new_ssrc() & 0xFFFFFFFF
    while ssrc in used:
        ssrc = (ssrc + 1) & 0xFFFFFFFF
    used.add(ssrc)
    return ssrc


class _SharedNames:
    """Extension ids, payload types and SSRCs, which bundled sections share (RFC 9143 §9.1)."""

    def __init__(self) -> None:
        self._extensions: dict[int, str] = {}
        self._payload_types: set[int] = set()
        self._ssrcs: set[int] = set()

    def claim(self, track: IncomingTrack) -> IncomingTrack:
        """Take a track's names; SSRCs that an earlier track declared are left out of this one.

        Raises:
            OfferError: an id or a payload type already means something else. Nothing is taken then.
        """
        extensions = {
            number: name for name in EXTENSION_URIS if (number := getattr(track.extensions, name))
        }
        for number, name in extensions.items():
            if self._extensions.get(number, name) != name:
                raise OfferError("a=extmap", f"id {number} means two things in one BUNDLE group")
        types = _payload_types(track.codecs)
        if types & self._payload_types:
            raise OfferError(f"m={track.kind}", "a payload type is used by two bundled sections")
        self._extensions |= extensions
        self._payload_types |= types
        own = {
            ssrc: rtx
            for ssrc, rtx in track.ssrcs.items()
            if ssrc not in self._ssrcs and rtx not in self._ssrcs
        }
        self._ssrcs.update(own, (rtx for rtx in own.values() if rtx is not None))
        return track if len(own) == len(track.ssrcs) else replace(track, ssrcs=own)


def _payload_types(codecs: Sequence[Codec]) -> set[int]:
    return {number for codec in codecs for number in _formats(codec)}


def _formats(codec: Codec) -> list[int]:
    """Its payload type and those of its partners."""
    numbers = (codec.payload_type, codec.rtx_payload_type, codec.red_payload_type)
    return [number for number in numbers if number is not None]


# --- what is written ------------------------------------------------------------------------------


def _assemble(
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


def _publish_body(section: MediaSection, track: IncomingTrack) -> tuple[str, list[str]]:
    lines = ["a=recvonly", *_rtp_lines(section, track.codecs, track.extensions)]
    lines += [f"a=rid:{rid} recv" for rid in track.layers]
    if track.layers:
        lines.append("a=simulcast:recv " + ";".join(track.layers))
    # Some 34 kbit/s that buy back most of the lost sound within 20 ms, for all who listen; a muted
    # microphone with DTX repeats next to nothing. A page that cannot afford it puts Opus first in
    # what it takes for the answer.
    return _media_line(section, track.codecs, red_first=True), lines


def _watch_body(section: MediaSection, slot: OutgoingSlot) -> tuple[str, list[str]]:
    # One stream id for the n-th video and the n-th audio slot: a plain player (one of each) then
    # keeps lips and sound together, and no browser ties one sound to sixteen pictures.
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
        types += (number for number in _formats(codec) if number not in types)
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
