"""The ICE-lite agent (RFC 8445 §2.5): answers authenticated checks and remembers their addresses.

Each session has one agent. The agent is always controlled, and trusts no address until a check with
the session's password came from there. Before it moves to another address it sends a check of its
own. A check can be sent from a forged address, but not answered there. The agent has no sockets:
datagrams go in, answers come out.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from aioice import stun

Address = tuple[str, int] | tuple[str, int, int, int]  # as the socket gives it: IPv4 or IPv6

MAX_ADDRESSES = 8  # per session; a browser with every interface of a laptop uses 2 to 4
MAX_STUN_BYTES = 548  # RFC 8489 §6.1: a request must fit this where the path MTU is unknown
SILENT_S = 15.0  # three consent intervals of 5 s (RFC 7675 §5.1)
UFRAG_BYTES = 9  # 12 characters; RFC 8445 §5.3 asks for at least 24 bits
PASSWORD_BYTES = 24  # 32 characters; at least 128 bits

_HEADER = struct.Struct("!HHI")
_ATTRIBUTE = struct.Struct("!HH")
_BINDING_REQUEST = 0x0001
_BINDING_RESPONSE = 0x0101
_USERNAME = 0x0006
_PEER_REFLEXIVE_PRIORITY = 110 << 24 | 65535 << 8 | 255  # RFC 8445 §5.1.2
_ROLE_CONFLICT = (487, "Role Conflict")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A short-term credential of the relay, with the peer's that belongs to it.

    Until the offer is read the peer's part is unknown, ``""``: no request can match that.
    """

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str


class CheckOutcome(Enum):
    """The judgement of a binding request."""

    REFUSED = auto()  # not authentic, or malformed: dropped without an answer
    ROLE_CONFLICT = auto()  # authentic, answered with 487; proves nothing about the address
    VALID = auto()


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a request, and what to send back to where it came from.

    Attributes:
        reply: the answer, if any.
        probe: a check of our own, which must be answered before media goes there.
    """

    outcome: CheckOutcome
    reply: bytes | None = None
    probe: bytes | None = None


_REFUSED = Check(CheckOutcome.REFUSED)


@dataclass(frozen=True, slots=True)
class _Probe:
    """A check of ours that is on its way."""

    address: Address
    credentials: Credentials
    transaction_id: bytes


def new_credentials(remote_ufrag: str = "", remote_pwd: str = "") -> Credentials:
    """Fresh random credentials in ice-chars (base64 without padding, RFC 8839 §5.4)."""
    return Credentials(
        _ice_chars(UFRAG_BYTES), _ice_chars(PASSWORD_BYTES), remote_ufrag, remote_pwd
    )


def _ice_chars(size: int) -> str:
    # URL-safe base64 differs from ice-chars in two characters.
    return secrets.token_urlsafe(size).replace("-", "+").replace("_", "/")


def is_response(datagram: bytes) -> bool:
    """True if this may answer a check of ours; nothing is authenticated here."""
    size = len(datagram)
    if not stun.HEADER_LENGTH <= size <= MAX_STUN_BYTES:
        return False
    kind, _, cookie = _HEADER.unpack_from(datagram)
    return bool(kind == _BINDING_RESPONSE and cookie == stun.COOKIE)


def peek_local_ufrag(datagram: bytes) -> str | None:
    """The relay's user fragment in a binding request, found by a bounded walk.

    Returns:
        None for whatever is no plausible binding request; nothing is authenticated here.
    """
    size = len(datagram)
    if not stun.HEADER_LENGTH <= size <= MAX_STUN_BYTES:
        return None
    kind, length, cookie = _HEADER.unpack_from(datagram)
    if kind != _BINDING_REQUEST or cookie != stun.COOKIE:
        return None
    if length != size - stun.HEADER_LENGTH or length % 4:
        return None
    ufrag: str | None = None
    position = stun.HEADER_LENGTH
    while position + 4 <= size:
        attribute, length = _ATTRIBUTE.unpack_from(datagram, position)
        if attribute == _USERNAME and ufrag is None:
            name = datagram[position + 4 : position + 4 + length]
            local, separator, _ = name.partition(b":")
            ufrag = local.decode("ascii", "replace") if separator else None
        position += 4 + length + -length % 4
    # An attribute that runs past the end is no STUN, whoever signed it.
    return ufrag if position == size else None


class IceAgent:
    """The relay's end of one session's ICE.

    Attributes:
        credentials: of the present generation.
        previous: of the generation before a restart, until the first check on the new one
            (RFC 8445 §9: media goes on meanwhile).
        selected: the address to send to. The first valid check sets it; the DTLS handshake shows
            that the peer reads there. Nominated checks move it, and others after `SILENT_S` of
            silence, once a check of the relay's own was answered from there.
        last_check: the time of the last valid check, for consent (RFC 7675).
    """

    __slots__ = (
        "_checked",
        "_probe",
        "credentials",
        "last_check",
        "previous",
        "selected",
    )

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.previous: Credentials | None = None
        self.selected: Address | None = None
        self.last_check: float | None = None
        self._checked: OrderedDict[Address, float] = OrderedDict()
        self._probe: _Probe | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address that passed a check and is still remembered, least recent first."""
        return tuple(self._checked)

    def checked_at(self, address: Address) -> float | None:
        """The time of the last valid check from an address."""
        return self._checked.get(address)

    @property
    def local_ufrags(self) -> tuple[str, ...]:
        """The user fragments that requests may name now."""
        if self.previous is None:
            return (self.credentials.local_ufrag,)
        return self.credentials.local_ufrag, self.previous.local_ufrag

    @property
    def remote_ufrags(self) -> tuple[str, ...]:
        """The peer's user fragments of the generations that are alive."""
        if self.previous is None:
            return (self.credentials.remote_ufrag,)
        return self.credentials.remote_ufrag, self.previous.remote_ufrag

    def restart(self, remote_ufrag: str, remote_pwd: str) -> None:
        """Begin a new generation; one that was never used by a check is forgotten at once."""
        self.previous = self.credentials if self.previous is None else self.previous
        self.credentials = new_credentials(remote_ufrag, remote_pwd)

    def on_request(self, datagram: bytes, address: Address, now: float) -> Check:
        """Judge a binding request that named one of `local_ufrags`."""
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error, IndexError):
            return _REFUSED
        credentials = self._authenticate(message)
        if credentials is None:
            return _REFUSED
        if "ICE-CONTROLLED" in message.attributes:
            # RFC 8445 §7.3.1.1: a lite agent facing a full one stays controlled.
            return Check(
                CheckOutcome.ROLE_CONFLICT,
                _reply(message, stun.Class.ERROR, credentials, {"ERROR-CODE": _ROLE_CONFLICT}),
            )
        if credentials is self.credentials:
            self.previous = None
        moves = self._accept(address, "USE-CANDIDATE" in message.attributes, now)
        mapped = {"XOR-MAPPED-ADDRESS": (address[0], address[1])}
        return Check(
            CheckOutcome.VALID,
            _reply(message, stun.Class.RESPONSE, credentials, mapped),
            self._make_probe(address, credentials) if moves else None,
        )

    def on_response(self, datagram: bytes, address: Address) -> bool:
        """Judge an answer to our check; True if the session moved to `address` by it."""
        probe = self._probe
        if probe is None or probe.address != address:
            return False
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error, IndexError):
            return False
        if (
            message.message_class is not stun.Class.RESPONSE
            or not hmac.compare_digest(message.transaction_id, probe.transaction_id)
            or not {"FINGERPRINT", "MESSAGE-INTEGRITY"} <= message.attributes.keys()
            or not message.check_message_integrity(probe.credentials.remote_pwd.encode())
        ):
            return False
        self._probe = None
        if address not in self._checked:
            return False  # forgotten meanwhile
        self.selected = address
        return True

    def _make_probe(self, address: Address, credentials: Credentials) -> bytes:
        """A check towards the peer (RFC 8445 §7.2.4), the same until it is answered or replaced."""
        probe = self._probe
        if probe is None or probe.address != address or probe.credentials is not credentials:
            probe = self._probe = _Probe(address, credentials, secrets.token_bytes(12))
        message = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.REQUEST,
            transaction_id=probe.transaction_id,
            attributes={
                "USERNAME": f"{credentials.remote_ufrag}:{credentials.local_ufrag}",
                "PRIORITY": _PEER_REFLEXIVE_PRIORITY,
                "ICE-CONTROLLED": secrets.randbits(64),
            },
        )
        message.add_message_integrity(credentials.remote_pwd.encode())
        return bytes(message)

    def _authenticate(self, message: stun.Message) -> Credentials | None:
        """The credentials that the request proves to know (RFC 8445 §7.3, RFC 8489 §9.1.3)."""
        attributes = message.attributes
        if "FINGERPRINT" not in attributes or "MESSAGE-INTEGRITY" not in attributes:
            return None
        name = str(attributes.get("USERNAME", "")).encode()
        for credentials in (self.credentials, self.previous):
            if credentials is None:
                continue
            expected = f"{credentials.local_ufrag}:{credentials.remote_ufrag}".encode()
            if hmac.compare_digest(name, expected):
                key = credentials.local_pwd.encode()
                return credentials if message.check_message_integrity(key) else None
        return None

    def _accept(self, address: Address, nominated: bool, now: float) -> bool:
        """Note a valid check; True if the session should move there."""
        self._checked[address] = now
        self._checked.move_to_end(address)
        self.last_check = now
        if self.selected is None:
            self.selected = address
        while len(self._checked) > MAX_ADDRESSES:
            oldest = next(known for known in self._checked if known != self.selected)
            del self._checked[oldest]
        return address != self.selected and (nominated or self._selected_is_silent(now))

    def _selected_is_silent(self, now: float) -> bool:
        """True if nobody was heard at the selected address for long.

        Otherwise a peer that nominated once and then got another port from its NAT would be lost.
        """
        heard = self._checked.get(self.selected) if self.selected is not None else None
        return heard is None or now - heard > SILENT_S


def _reply(
    request: stun.Message,
    kind: stun.Class,
    credentials: Credentials,
    attributes: dict[str, Any],
) -> bytes:
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=kind,
        transaction_id=request.transaction_id,
        attributes=attributes,
    )
    response.add_message_integrity(credentials.local_pwd.encode())
    return bytes(response)
