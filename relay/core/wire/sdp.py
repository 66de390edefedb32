"""Reading session descriptions and ICE fragments (RFC 8866, RFC 8840), every size bounded.

What comes in was written by a stranger. A description without the frame that an answer needs raises
`OfferError` naming the line; nothing else is ever raised. A fault inside one section costs that
section alone. A line that the relay does not need is not judged. `sdp_answer` decides the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.api import OfferError
from relay.core.wire.negotiated import TransportOffer

MAX_SDP_BYTES = (
    64 * 1024
)  # Chromium's offer with 32 transceivers stays below 200 lines each, 40 KiB
MAX_SDP_LINES = 2000
MAX_FRAGMENT_BYTES = 16 * 1024
MAX_SECTIONS = 64
MAX_FORMATS = 128  # there are 128 payload types
MAX_MID_LENGTH = 16  # fits a one-byte header extension element (RFC 8285 §4.2)

_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0a-\x1f\x7f]*")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")  # RFC 8866 §9, token
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]+")  # RFC 8839 §5.4, ice-char
_HEX_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*")
_DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_SETUPS = ("actpass", "active", "passive")
_RTP_PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF")


class Direction(StrEnum):
    """A section's media direction, as its writer sees it (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """True if the writer wants to send."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """True if the writer wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)


class Attributes:
    """The ``a=`` lines of one level by name; a flag (``a=rtcp-mux``) has the value ``""``."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """Append one line."""
        self._values.setdefault(name, []).append(value)

    def first(self, name: str) -> str | None:
        """The value of the first such line."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> Sequence[str]:
        """The values of all such lines, in order."""
        return self._values.get(name, ())

    def __contains__(self, name: str) -> bool:
        return name in self._values


@dataclass(frozen=True, slots=True)
class MediaSection:
    """One m-section.

    Attributes:
        mid: ``""`` where the offer gives none (only tolerated for a lone section).
        live: not rejected by its own writer (port 0 without ``a=bundle-only``).
        fault: why the section cannot be used, although the rest of the offer can.
    """

    index: int
    media: str
    protocol: str
    formats: tuple[str, ...]
    mid: str
    direction: Direction
    live: bool
    attributes: Attributes
    fault: OfferError | None = None

    @property
    def field(self) -> str:
        """The name of this section in errors."""
        return f"m={self.media}"

    @property
    def is_rtp(self) -> bool:
        """True if this is audio or video over DTLS-SRTP."""
        return self.media in ("audio", "video") and self.protocol in _RTP_PROTOCOLS


@dataclass(frozen=True, slots=True)
class Offer:
    """A whole description. `bundle` holds the mids of its BUNDLE group, empty without one."""

    attributes: Attributes
    sections: tuple[MediaSection, ...]
    bundle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IceFragment:
    """The ICE credentials of a PATCH body. An ICE-lite agent has no use for its candidates."""

    ice_ufrag: str
    ice_pwd: str


def read_uint(text: str, field: str, maximum: int) -> int:
    """A decimal number in 0…maximum, ASCII digits only.

    Raises:
        OfferError: anything else.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > maximum:
        raise OfferError(field, f"expected a number up to {maximum}")
    return int(text)


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        OfferError: too large, not SDP, or a line that the relay depends on is malformed.
    """
    lines = _split(text, MAX_SDP_BYTES)
    if not lines or lines[0] != "v=0":
        raise OfferError("v=", "a description starts with v=0")
    session = Attributes()
    raw: list[tuple[str, Attributes]] = []
    for line in lines[1:]:
        kind, value = line[0], line[2:]
        if kind == "m":
            if len(raw) == MAX_SECTIONS:
                raise OfferError("m=", f"more than {MAX_SECTIONS} sections")
            raw.append((value, Attributes()))
        elif kind == "a":
            name, _, rest = value.partition(":")
            (raw[-1][1] if raw else session).add(name, rest)
    sections = tuple(
        _section(index, value, attributes, session) for index, (value, attributes) in enumerate(raw)
    )
    mids = [section.mid for section in sections if section.mid]
    if len(set(mids)) != len(mids):
        raise OfferError("a=mid", "used twice")
    return Offer(session, sections, _bundle(session, mids))


def parse_fragment(text: str) -> IceFragment:
    """Read a trickle-ICE fragment (``application/trickle-ice-sdpfrag``).

    Raises:
        OfferError: too large, malformed, or without credentials.
    """
    attributes = Attributes()
    for line in _split(text, MAX_FRAGMENT_BYTES):
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            attributes.add(name, value)
    for name in ("ice-ufrag", "ice-pwd"):
        if len(set(attributes.all(name))) > 1:
            raise OfferError(f"a={name}", "one BUNDLE transport has one set of credentials")
    ufrag, pwd = _credentials(attributes.first("ice-ufrag"), attributes.first("ice-pwd"))
    return IceFragment(ufrag, pwd)


def read_transport(offer: Offer, section: MediaSection) -> TransportOffer:
    """The transport of the section that stands for the BUNDLE group, or of the session level.

    Raises:
        OfferError: credentials, fingerprint or setup missing or malformed.
    """

    def first(name: str) -> str | None:
        value = section.attributes.first(name)
        return value if value is not None else offer.attributes.first(name)

    ufrag, pwd = _credentials(first("ice-ufrag"), first("ice-pwd"))
    setup = first("setup") or "active"  # RFC 4145 §4: the default of an offer
    if setup not in _SETUPS:
        raise OfferError("a=setup", "must be actpass, active or passive")
    lines = section.attributes.all("fingerprint") or offer.attributes.all("fingerprint")
    return TransportOffer(ufrag, pwd, _fingerprints(lines), setup)


def _split(text: str, max_bytes: int) -> list[str]:
    if len(text) > max_bytes or len(text.encode("utf-8", "replace")) > max_bytes:
        raise OfferError("sdp", f"larger than {max_bytes} bytes")
    if text.count("\n") > MAX_SDP_LINES:
        raise OfferError("sdp", f"more than {MAX_SDP_LINES} lines")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for number, line in enumerate(lines, start=1):
        if line and _LINE.fullmatch(line) is None:
            raise OfferError(f"line {number}", "expected <letter>=<value>")
    return [line for line in lines if line]


def _section(index: int, value: str, attributes: Attributes, session: Attributes) -> MediaSection:
    parts = value.split()
    if len(parts) < 4 or _TOKEN.fullmatch(parts[0]) is None:
        raise OfferError("m=", "expected <media> <port> <protocol> <formats>")
    if len(parts) - 3 > MAX_FORMATS:
        raise OfferError(f"m={parts[0][:16]}", f"more than {MAX_FORMATS} formats")
    fault = None
    if any(_TOKEN.fullmatch(part) is None for part in parts[3:]):
        fault = OfferError(f"m={parts[0][:16]}", "malformed format list")
    port = read_uint(parts[1].partition("/")[0], "m=", 65535)
    mid = attributes.first("mid") or ""
    if len(mid) > MAX_MID_LENGTH or (mid and _TOKEN.fullmatch(mid) is None):
        raise OfferError("a=mid", f"must be a token of at most {MAX_MID_LENGTH} characters")
    directions = _directions(attributes)
    if len(directions) > 1:
        fault = OfferError(f"a={directions[1].value}", "two directions in one section")
    inherited = _directions(session)
    return MediaSection(
        index=index,
        media=parts[0][:16],
        protocol=parts[2][:32],
        formats=tuple(parts[3:]),
        mid=mid,
        direction=(directions or inherited or [Direction.SENDRECV])[0],
        live=port != 0 or "bundle-only" in attributes,
        attributes=attributes,
        fault=fault,
    )


def _directions(attributes: Attributes) -> list[Direction]:
    return [direction for direction in Direction if direction.value in attributes]


def _bundle(session: Attributes, mids: Sequence[str]) -> tuple[str, ...]:
    """The first BUNDLE group that names a section; the relay has one transport for one group."""
    for line in session.all("group"):
        words = line.split()
        members = tuple(dict.fromkeys(mid for mid in words[1:] if mid in mids))
        if words[:1] == ["BUNDLE"] and members:
            return members
    return ()


def _credentials(ufrag: str | None, pwd: str | None) -> tuple[str, str]:
    """Lengths and alphabet of RFC 8839 §5.4."""
    if ufrag is None or not 4 <= len(ufrag) <= 256 or _ICE_CHARS.fullmatch(ufrag) is None:
        raise OfferError("a=ice-ufrag", "must be 4 to 256 ice-chars")
    if pwd is None or not 22 <= len(pwd) <= 256 or _ICE_CHARS.fullmatch(pwd) is None:
        raise OfferError("a=ice-pwd", "must be 22 to 256 ice-chars")
    return ufrag, pwd


def _fingerprints(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The whole fingerprints with a supported digest (RFC 8122 §5); others are left out."""
    found: list[tuple[str, str]] = []
    for line in lines[:16]:
        algorithm, _, value = line.strip().partition(" ")
        algorithm = algorithm.lower()
        size = _DIGEST_BYTES.get(algorithm)
        if size is None or _HEX_PAIRS.fullmatch(value) is None or len(value) != size * 3 - 1:
            continue
        found.append((algorithm, value.upper()))
    if not found:
        raise OfferError("a=fingerprint", "a sha-256, sha-384 or sha-512 fingerprint is required")
    return tuple(found)
