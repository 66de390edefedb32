"""Codecs, feedback, header extensions and SSRCs of an offer's m-section.

An unreadable line is skipped, like unknown attributes (RFC 8866 §5): only its own content is lost,
never the offer. A section without any codec left raises `OfferError`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import MediaKind, OfferError
from relay.core.wire.negotiated import Codec, ExtensionIds
from relay.core.wire.sdp import MediaSection

MAX_CODECS = 16  # per section; Chromium offers 8 H.264 variants and VP8 of what the relay takes
MAX_FMTP_LENGTH = 1024  # H.264 parameter sets in base64 stay well below
MAX_SSRCS = 32  # per section
_MAX_SSRC = 0xFFFFFFFF  # RFC 3550 §5.1: 32 bits
_MAX_PAYLOAD_TYPE = 127  # RFC 3550 §5.1: 7 bits

EXTENSION_URIS = {
    "mid": "urn:ietf:params:rtp-hdrext:sdes:mid",  # RFC 9143 §15
    "rid": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",  # RFC 8852 §4
    "repaired_rid": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "transport_cc": ("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    "audio_level": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",  # RFC 6464
    "abs_send_time": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "abs_capture_time": "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
}
_EXTENSION_NAMES = {uri: name for name, uri in EXTENSION_URIS.items()}
_MAX_EXTENSION_ID = (
    14  # one-byte headers only (RFC 8285 §4.2); larger ids are left out of the answer
)

# (lower-case encoding name, clock rate, channels) → canonical name
_CODECS: dict[MediaKind, dict[tuple[str, int, int], str]] = {
    MediaKind.VIDEO: {("vp8", 90_000, 1): "VP8", ("h264", 90_000, 1): "H264"},
    MediaKind.AUDIO: {("opus", 48_000, 2): "opus"},
}
# Every libwebrtc retransmits Opus and asks for it, but only where the other side's description says
# ``nack``, and its own never does. Offering transport-cc for Opus is what gives it away.
_RESENDS_SOUND = "transport-cc"
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9._-]{1,32})/(\d{1,10})(?:/(\d{1,3}))?\s*")
_EXTMAP = re.compile(r"(\d{1,5})(?:/[a-z]{1,16})? (\S{1,256})(?: .*)?")


@dataclass(frozen=True, slots=True)
class _RtpMap:
    name: str
    clock_rate: int
    channels: int


def read_codecs(section: MediaSection, extensions: ExtensionIds) -> tuple[Codec, ...]:
    """The codecs of a section that the relay can forward, in the offer's order of preference.

    Raises:
        OfferError: no codec is left.
    """
    kind = MediaKind(section.media)
    payload_types = _payload_types(section)
    maps = _rtpmaps(section)
    fmtps = _fmtps(section)
    feedback = _feedback(section)
    # Only of those listed: an answer names no format that the offer does not (RFC 3264 §6.1).
    listed = {number: maps[number] for number in payload_types if number in maps}
    rtx = _rtx_partners(listed, fmtps)
    red = _red_partners(listed, fmtps)
    codecs = []
    for payload_type in payload_types:
        entry = maps.get(payload_type)
        name = entry and _CODECS[kind].get((entry.name, entry.clock_rate, entry.channels))
        if entry is None or not name or len(fmtps.get(payload_type, "")) > MAX_FMTP_LENGTH:
            continue
        supported = feedback.get(payload_type, set()) | feedback.get(None, set())
        codecs.append(
            Codec(
                name=name,
                payload_type=payload_type,
                clock_rate=entry.clock_rate,
                channels=entry.channels,
                fmtp=_agreed_fmtp(name, fmtps.get(payload_type, "")),
                rtx_payload_type=rtx.get(payload_type),
                nack="nack" in supported or (name == "opus" and _RESENDS_SOUND in supported),
                pli="nack pli" in supported,
                transport_cc="transport-cc" in supported and extensions.transport_cc != 0,
                red_payload_type=red.get(payload_type) if name == "opus" else None,
            )
        )
    codecs = _prefer_packetization_mode_1(codecs)[:MAX_CODECS]
    if not codecs:
        wanted = " or ".join(sorted(set(_CODECS[kind].values())))
        raise OfferError(section.field, f"no codec in common: {wanted} is needed")
    return tuple(codecs)


def accepts_feedback(section: MediaSection, payload_type: int, feedback: str) -> bool:
    """True if the offer has this ``a=rtcp-fb`` for the payload type (or for ``*``)."""
    offered = _feedback(section)
    return feedback in offered.get(payload_type, set()) | offered.get(None, set())


def read_extensions(section: MediaSection, wanted: Sequence[str]) -> ExtensionIds:
    """The header extensions of a section among those wanted (names as in `ExtensionIds`).

    An id that two extensions share (RFC 8285 §5 forbids it) means neither.
    """
    uris: dict[int, set[str]] = {}
    for line in section.attributes.all("extmap"):
        match = _EXTMAP.fullmatch(line)
        if match is not None:
            uris.setdefault(int(match[1]), set()).add(match[2])
    found: dict[str, int] = {}
    for number, names in uris.items():
        name = _EXTENSION_NAMES.get(names.pop(), "") if len(names) == 1 else ""
        if name in wanted and 1 <= number <= _MAX_EXTENSION_ID:
            found.setdefault(name, number)
    return ExtensionIds(**found)


def read_ssrcs(section: MediaSection) -> dict[int, int | None]:
    """Media SSRCs with their RTX SSRC (RFC 5576 §4.2, FID), in the offer's order.

    A group declares its members as well: FFmpeg has no ``a=ssrc`` line for its RTX stream.
    """
    declared: dict[int, int | None] = {}
    for line in section.attributes.all("ssrc"):
        ssrc = _number(line.partition(" ")[0], _MAX_SSRC)
        if ssrc is not None and len(declared) < MAX_SSRCS:
            declared.setdefault(ssrc, None)
    repairs: set[int] = set()
    for line in section.attributes.all("ssrc-group"):
        words = line.split()
        if words[:1] != ["FID"] or len(words) != 3:
            continue
        media, rtx = _number(words[1], _MAX_SSRC), _number(words[2], _MAX_SSRC)
        if media is None or rtx is None or media == rtx or len(repairs) >= MAX_SSRCS:
            continue
        declared[media] = rtx
        repairs.add(rtx)
    return {ssrc: rtx for ssrc, rtx in declared.items() if ssrc not in repairs}


def _number(text: str, maximum: int) -> int | None:
    """A decimal number in 0…maximum; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    number = int(text)
    return number if number <= maximum else None


def _payload_types(section: MediaSection) -> list[int]:
    listed = (_number(word, _MAX_PAYLOAD_TYPE) for word in section.formats)
    numbers = list(dict.fromkeys(number for number in listed if number is not None))
    # RFC 5761 §4: with rtcp-mux 64…95 look like RTCP, so these types can never be received.
    return [number for number in numbers if not 64 <= number <= 95]


def _rtpmaps(section: MediaSection) -> dict[int, _RtpMap]:
    maps = {}
    for line in section.attributes.all("rtpmap"):
        match = _RTPMAP.fullmatch(line)
        if match is not None and int(match[1]) <= _MAX_PAYLOAD_TYPE:
            maps[int(match[1])] = _RtpMap(match[2].lower(), int(match[3]), int(match[4] or 1))
    return maps


def _fmtps(section: MediaSection) -> dict[int, str]:
    found = {}
    for line in section.attributes.all("fmtp"):
        word, _, parameters = line.partition(" ")
        number = _number(word, _MAX_PAYLOAD_TYPE)
        if number is not None:
            found[number] = parameters.strip()
    return found


def _feedback(section: MediaSection) -> dict[int | None, set[str]]:
    """Feedback kinds by payload type; None stands for ``*``."""
    found: dict[int | None, set[str]] = {}
    for line in section.attributes.all("rtcp-fb"):
        word, _, feedback = line.partition(" ")
        payload_type = _number(word, _MAX_PAYLOAD_TYPE)
        if payload_type is not None or word == "*":
            found.setdefault(payload_type, set()).add(" ".join(feedback.split()))
    return found


def _rtx_partners(maps: dict[int, _RtpMap], fmtps: dict[int, str]) -> dict[int, int]:
    """Payload type → its RFC 4588 retransmission payload type."""
    partners: dict[int, int] = {}
    for payload_type, entry in maps.items():
        if entry.name != "rtx":
            continue
        apt = _number(parameters(fmtps.get(payload_type, "")).get("apt", ""), _MAX_PAYLOAD_TYPE)
        if apt is not None:
            partners.setdefault(apt, payload_type)
    return partners


def _red_partners(maps: dict[int, _RtpMap], fmtps: dict[int, str]) -> dict[int, int]:
    """Payload type → the RFC 2198 payload type that carries nothing else (``111/111``, §5)."""
    partners: dict[int, int] = {}
    for payload_type, entry in maps.items():
        if entry.name != "red":
            continue
        blocks = set(fmtps.get(payload_type, "").replace(" ", "").split("/"))
        if len(blocks) != 1:
            continue  # blocks of several codecs, which the relay does not take
        number = _number(blocks.pop(), _MAX_PAYLOAD_TYPE)
        primary = None if number is None else maps.get(number)
        if number is None or primary is None:
            continue
        if (primary.clock_rate, primary.channels) == (entry.clock_rate, entry.channels):
            partners.setdefault(number, payload_type)
    return partners


def parameters(fmtp: str) -> dict[str, str]:
    """``a=1;b=2`` as a mapping with lower-case names."""
    pairs = (part.partition("=") for part in fmtp.split(";") if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _agreed_fmtp(name: str, offered: str) -> str:
    """The offered parameters; Opus always with in-band FEC for bad links (RFC 7587 §6.1)."""
    if name == "opus" and "useinbandfec" not in parameters(offered):
        return f"{offered};useinbandfec=1" if offered else "useinbandfec=1"
    return offered


def _prefer_packetization_mode_1(codecs: list[Codec]) -> list[Codec]:
    """Leave out H.264 in single-NAL mode where the offer also has mode 1 (RFC 6184 §6.2).

    Mode 0 forbids fragments. A publisher in mode 0 would have to slice its pictures to the MTU. A
    stream in mode 1 could not be forwarded to a viewer in mode 0.
    """

    def mode_1(codec: Codec) -> bool:
        return parameters(codec.fmtp).get("packetization-mode") == "1"

    if not any(codec.name == "H264" and mode_1(codec) for codec in codecs):
        return codecs
    return [codec for codec in codecs if codec.name != "H264" or mode_1(codec)]


def answer_fmtp(codec: Codec) -> str:
    """The answer's format parameters, without the sender's parameter sets (RFC 6184 §8.2.2)."""
    return ";".join(
        part for part in codec.fmtp.split(";") if not part.strip().lower().startswith("sprop-")
    )
