"""Offer in, answer out: what the relay agrees to, for publishers (WHIP) and viewers (WHEP).

The answer mirrors the offer section by section (RFC 3264 §6); everything is bundled on one ICE-lite
transport. A section that the relay cannot or need not use is rejected with port 0. An offer is
refused only if no section of it can be used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from relay.api import MediaKind, OfferError
from relay.core.wire.negotiated import (
    IncomingTrack,
    OutgoingSlot,
    TransportOffer,
)
from relay.core.wire.sdp import MediaSection, Offer, parse_offer, read_transport
from relay.core.wire.sdp_media import (
    EXTENSION_URIS,
    read_codecs,
    read_extensions,
    read_ssrcs,
)
from relay.core.wire.sdp_simulcast import Simulcast, read_simulcast
from relay.core.wire.sdp_writer import (
    Bundle,
    LocalTransport,
    assemble,
    publish_body,
    watch_body,
)

_PUBLISH_EXTENSIONS = (
    "mid", "rid", "repaired_rid", "transport_cc", "audio_level", "abs_send_time",
    "abs_capture_time",
)  # fmt: skip
_WATCH_EXTENSIONS = ("mid", "transport_cc", "audio_level", "abs_send_time")


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
    bodies = {index: publish_body(offer.sections[index], tracks[index]) for index in tracks}
    sdp, bundle = assemble(offer, transport, local, bodies)
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
    bodies = {index: watch_body(offer.sections[index], slot) for index, slot in slots.items()}
    sdp, bundle = assemble(offer, transport, local, bodies)
    return WatchAnswer(
        sdp,
        transport,
        transport.setup == "passive",
        bundle,
        tuple(slots.values()),
        tuple(refused),
    )


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
        types = {number for codec in track.codecs for number in codec.payload_types}
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
