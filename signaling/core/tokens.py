"""Signed tokens: session cookies, CSRF tokens and the bearer tokens of WHIP and WHEP.

A token is ``v1.<payload>.<mac>``, both base64url, signed with HMAC-SHA-256 (RFC 2104) under a key
derived from the server's secret and the token's purpose, so that one kind never passes for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
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
    """What a token is for; part of the key."""

    SESSION = "session"
    CSRF = "csrf"
    MEDIA = "media"


class MediaAction(StrEnum):
    """What a media token lets its bearer do."""

    PUBLISH = "publish"
    WATCH = "watch"


class MediaGrant(msgspec.Struct, frozen=True):
    """Exactly what a media token grants.

    ``source_id`` is set for publishing. ``programme`` watches what is on stage, without a
    participant. Times are Unix seconds. ``nonce`` keeps two tokens of one second apart. ``session``
    is the hash of the login with which the grant ends; None for devices, which have none.
    """

    lesson_id: str
    participant_id: str
    action: MediaAction
    source_id: str | None
    programme: bool
    expires_at: int
    nonce: str
    session: str | None = None

    def same_right(self, other: MediaGrant) -> bool:
        """Whether both grant the same thing, whatever their times."""
        return (
            self.lesson_id == other.lesson_id
            and self.participant_id == other.participant_id
            and self.action is other.action
            and self.source_id == other.source_id
            and self.programme == other.programme
        )


class SessionClaim(msgspec.Struct, frozen=True):
    """What the session cookie says: which session row, and until when it can be good at all."""

    session_id: str
    expires_at: int


def _key(secret: bytes, purpose: Purpose) -> bytes:
    return hmac.digest(secret, f"tongke-{purpose}".encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken("not base64url") from None


def sign(secret: bytes, purpose: Purpose, payload: bytes) -> str:
    """Make a token of a payload."""
    body = f"{_VERSION}.{_encode(payload)}"
    mac = hmac.digest(_key(secret, purpose), body.encode(), hashlib.sha256)
    return f"{body}.{_encode(mac)}"


def unsign(secret: bytes, purpose: Purpose, token: str) -> bytes:
    """The payload of a token. Raises InvalidToken."""
    if len(token) > MAX_TOKEN_CHARS or not token.isascii():
        raise InvalidToken("too long or not ASCII")
    body, _, mac = token.rpartition(".")
    version, _, payload = body.partition(".")
    expected = hmac.digest(_key(secret, purpose), body.encode(), hashlib.sha256)
    if version != _VERSION or not hmac.compare_digest(expected, _decode(mac)):
        raise InvalidToken("bad signature")
    return _decode(payload)


def seal_media(secret: bytes, grant: MediaGrant) -> str:
    """A bearer token for a grant."""
    return sign(secret, Purpose.MEDIA, msgspec.json.encode(grant))


def open_media(secret: bytes, token: str) -> MediaGrant:
    """The grant of a bearer token; the caller judges its time. Raises InvalidToken."""
    return _typed(unsign(secret, Purpose.MEDIA, token), MediaGrant)


def seal_session(secret: bytes, claim: SessionClaim) -> str:
    """The value of the session cookie."""
    return sign(secret, Purpose.SESSION, msgspec.json.encode(claim))


def open_session(secret: bytes, cookie: str, now: float) -> SessionClaim:
    """The claim of a session cookie. `now` in Unix seconds. Raises InvalidToken."""
    claim = _typed(unsign(secret, Purpose.SESSION, cookie), SessionClaim)
    if claim.expires_at <= now:
        raise InvalidToken("expired")
    return claim


def csrf_token(secret: bytes, session_id: str) -> str:
    """The CSRF token that belongs to a session."""
    return _encode(hmac.digest(_key(secret, Purpose.CSRF), session_id.encode(), hashlib.sha256))


def is_csrf_token(secret: bytes, session_id: str, token: str) -> bool:
    """Whether a CSRF token belongs to a session; in constant time."""
    expected = csrf_token(secret, session_id).encode()
    return hmac.compare_digest(expected, token.encode(errors="replace"))


def fingerprint(secret_text: str) -> str:
    """What is kept of a token that must not be kept: its SHA-256, hex.

    Enough for tokens of 128 and more random bits; never for passwords.
    """
    return hashlib.sha256(secret_text.encode(errors="replace")).hexdigest()


def _typed(payload: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, ValueError):
        raise InvalidToken("bad payload") from None
