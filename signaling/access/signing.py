"""Signed tokens: cookies, CSRF tokens and the bearer tokens of WHIP and WHEP.

A token is ``v1.<payload>.<mac>``, both base64url, signed with HMAC-SHA-256 (RFC 2104) under a key
derived from the server's secret and the token's purpose, so that one kind never passes for another.
The newest secret signs; older ones verify until their time is over (`tongke secret rotate`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

_T = TypeVar("_T")

MAX_TOKEN_CHARS = 2048
_VERSION = "v1"


class InvalidToken(Exception):
    """Not a token of this server and purpose, or past its time."""

    code = "invalid_token"


class Purpose(StrEnum):
    """Purpose of a token; part of the key."""

    SESSION = "session"
    CSRF = "csrf"
    MEDIA = "media"
    KNOWN = "known"
    OAI = "oai"  # a place in a list that another library reads
    VIEWER = "viewer"  # counts use; names nobody
    SHARE = "share"  # resources whose password was given
    FORWARD = "forward"  # from a web process to the cell of a lesson


class Keyring:
    """The server's secrets: one signs, and older ones verify for a while.

    Args:
        signing: the secret of today.
        older: earlier ones, each with the Unix time until which it verifies.
    """

    def __init__(self, signing: bytes, older: Sequence[tuple[bytes, float]] = ()) -> None:
        self._signing = signing
        self._older = tuple(older)

    def key(self, purpose: Purpose) -> bytes:
        """The key that signs."""
        return _derived(self._signing, purpose)

    def keys(self, purpose: Purpose) -> Iterator[bytes]:
        """The keys that verify, newest first."""
        for secret in (self._signing, *(secret for secret, _ in self._older)):
            yield _derived(secret, purpose)

    def forget_expired(self, now: float) -> None:
        """Let go of secrets past their time; `now` in Unix seconds."""
        self._older = tuple((secret, until) for secret, until in self._older if until > now)


def _derived(secret: bytes, purpose: Purpose) -> bytes:
    return hmac.digest(secret, f"tongke-{purpose}".encode(), hashlib.sha256)


def encode(data: bytes) -> str:
    """Text of base64url, without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken("not base64url") from None


def sign(ring: Keyring, purpose: Purpose, payload: bytes) -> str:
    """Make a token of a payload."""
    body = f"{_VERSION}.{encode(payload)}"
    mac = hmac.digest(ring.key(purpose), body.encode(), hashlib.sha256)
    return f"{body}.{encode(mac)}"


def unsign(ring: Keyring, purpose: Purpose, token: str) -> bytes:
    """The payload of a token. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_CHARS or not token.isascii():
        raise InvalidToken("too long or not ASCII")
    body, _, mac = token.rpartition(".")
    version, _, payload = body.partition(".")
    given = _decode(mac)
    macs = [hmac.digest(key, body.encode(), hashlib.sha256) for key in ring.keys(purpose)]
    if version != _VERSION or not any(hmac.compare_digest(mac, given) for mac in macs):
        raise InvalidToken("bad signature")
    return _decode(payload)


def fingerprint(secret_text: str) -> str:
    """The trace of a token that must not be kept: its SHA-256, hex.

    Enough for tokens of 128 and more random bits; never for passwords.
    """
    return hashlib.sha256(secret_text.encode(errors="replace")).hexdigest()


def typed(payload: bytes, kind: type[_T]) -> _T:
    """Read a payload's JSON as a struct. Raises InvalidToken."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, ValueError):
        raise InvalidToken("bad payload") from None
