"""What an m-section of an offer says of media: codecs, feedback, extensions, SSRCs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.api import MediaKind, OfferError
from relay.core.negotiated import Codec, ExtensionIds
from relay.core.sdp import MediaSection, read_uint

MAX_CODECS = 16  # per section; Chromium offers 8 H.264 variants and VP8 of what the relay takes
MAX_FMTP_LENGTH = 1024  # H.264 parameter sets in base64 stay well below
MAX_SSRCS = 32  # per section

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
        OfferError: a line is malformed, or no codec is left.
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
        if entry is None or not name:
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
    """Whether the offer has this ``a=rtcp-fb`` for the payload type (or for ``*``)."""
    offered = _feedback(section)
    return feedback in offered.get(payload_type, set()) | offered.get(None, set())


def read_extensions(section: MediaSection, wanted: Sequence[str]) -> ExtensionIds:
    """The header extensions of a section among those wanted (names as in `ExtensionIds`).

    Raises:
        OfferError: malformed, or one id for two extensions.
    """
    found: dict[str, int] = {}
    taken: set[int] = set()
    for line in section.attributes.all("extmap"):
        match = _EXTMAP.fullmatch(line)
        if match is None or int(match[1]) == 0:
            raise OfferError("a=extmap", "expected <id> <uri>")
        number = int(match[1])
        if number in taken:
            raise OfferError("a=extmap", f"id {number} is used twice")
        taken.add(number)
        name = _EXTENSION_NAMES.get(match[2], "")
        if name in wanted and number <= _MAX_EXTENSION_ID:
            found.setdefault(name, number)
    return ExtensionIds(**found)


def read_ssrcs(section: MediaSection) -> dict[int, int | None]:
    """Declared media SSRCs with their RTX SSRC (RFC 5576 §4.2, FID), in the offer's order."""
    declared: dict[int, int | None] = {}
    for line in section.attributes.all("ssrc"):
        ssrc = read_uint(line.partition(" ")[0], "a=ssrc", 0xFFFFFFFF)
        declared.setdefault(ssrc, None)
        if len(declared) > MAX_SSRCS:
            raise OfferError("a=ssrc", f"more than {MAX_SSRCS} in one section")
    repairs: set[int] = set()
    for line in section.attributes.all("ssrc-group"):
        words = line.split()
        if words[:1] != ["FID"]:
            continue
        members = [read_uint(word, "a=ssrc-group", 0xFFFFFFFF) for word in words[1:3]]
        if len(words) != 3 or any(member not in declared for member in members):
            raise OfferError("a=ssrc-group", "FID names two declared SSRCs")
        declared[members[0]] = members[1]
        repairs.add(members[1])
    return {ssrc: rtx for ssrc, rtx in declared.items() if ssrc not in repairs}


def _payload_types(section: MediaSection) -> list[int]:
    numbers = [read_uint(word, section.field, 127) for word in section.formats]
    if len(set(numbers)) != len(numbers):
        raise OfferError(section.field, "a payload type is listed twice")
    # RFC 5761 §4: with rtcp-mux 64…95 look like RTCP, so such a payload type can never be received.
    return [number for number in numbers if not 64 <= number <= 95]


def _rtpmaps(section: MediaSection) -> dict[int, _RtpMap]:
    maps = {}
    for line in section.attributes.all("rtpmap"):
        match = _RTPMAP.fullmatch(line)
        if match is None or int(match[1]) > 127:
            raise OfferError("a=rtpmap", "expected <payload type> <name>/<clock rate>[/<channels>]")
        maps[int(match[1])] = _RtpMap(match[2].lower(), int(match[3]), int(match[4] or 1))
    return maps


def _fmtps(section: MediaSection) -> dict[int, str]:
    found = {}
    for line in section.attributes.all("fmtp"):
        number, _, parameters = line.partition(" ")
        if len(parameters) > MAX_FMTP_LENGTH:
            raise OfferError("a=fmtp", f"longer than {MAX_FMTP_LENGTH} characters")
        found[read_uint(number, "a=fmtp", 127)] = parameters.strip()
    return found


def _feedback(section: MediaSection) -> dict[int | None, set[str]]:
    """Feedback kinds by payload type; None stands for ``*``."""
    found: dict[int | None, set[str]] = {}
    for line in section.attributes.all("rtcp-fb"):
        number, _, feedback = line.partition(" ")
        payload_type = None if number == "*" else read_uint(number, "a=rtcp-fb", 127)
        found.setdefault(payload_type, set()).add(" ".join(feedback.split()))
    return found


def _rtx_partners(maps: dict[int, _RtpMap], fmtps: dict[int, str]) -> dict[int, int]:
    """Payload type → its RFC 4588 retransmission payload type."""
    partners: dict[int, int] = {}
    for payload_type, entry in maps.items():
        if entry.name != "rtx":
            continue
        apt = parameters(fmtps.get(payload_type, "")).get("apt")
        if apt is None:
            raise OfferError("a=fmtp", f"rtx payload type {payload_type} has no apt")
        partners.setdefault(read_uint(apt, "a=fmtp", 127), payload_type)
    return partners


def _red_partners(maps: dict[int, _RtpMap], fmtps: dict[int, str]) -> dict[int, int]:
    """Payload type → the RFC 2198 payload type that carries nothing else (``111/111``, §5)."""
    partners: dict[int, int] = {}
    for payload_type, entry in maps.items():
        if entry.name != "red":
            continue
        blocks = set(fmtps.get(payload_type, "").replace(" ", "").split("/"))
        if len(blocks) != 1 or not (word := blocks.pop()):
            continue  # blocks of several codecs, or of none that is named: not ours
        primary = maps.get(read_uint(word, "a=fmtp", 127))
        if primary and (primary.clock_rate, primary.channels) == (entry.clock_rate, entry.channels):
            partners.setdefault(int(word), payload_type)
    return partners


def parameters(fmtp: str) -> dict[str, str]:
    """``a=1;b=2`` as a mapping with lower-case names."""
    pairs = (part.partition("=") for part in fmtp.split(";") if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _agreed_fmtp(name: str, offered: str) -> str:
    """Opus always with in-band FEC: sound has to survive a bad link (RFC 7587 §6.1)."""
    if name == "opus" and "useinbandfec" not in parameters(offered):
        return f"{offered};useinbandfec=1" if offered else "useinbandfec=1"
    return offered


def _prefer_packetization_mode_1(codecs: list[Codec]) -> list[Codec]:
    """Leave out H.264 in single-NAL mode where the offer also has mode 1 (RFC 6184 §6.2).

    Mode 0 forbids fragments, so a publisher that took it would have to slice its pictures to the
    MTU, and a stream in mode 1 could not be forwarded to a viewer that took it.
    """

    def mode_1(codec: Codec) -> bool:
        return parameters(codec.fmtp).get("packetization-mode") == "1"

    if not any(codec.name == "H264" and mode_1(codec) for codec in codecs):
        return codecs
    return [codec for codec in codecs if codec.name != "H264" or mode_1(codec)]


def answer_fmtp(codec: Codec) -> str:
    """What the answer says: without the sender's parameter sets (RFC 6184 §8.2.2)."""
    return ";".join(
        part for part in codec.fmtp.split(";") if not part.strip().lower().startswith("sprop-")
    )
