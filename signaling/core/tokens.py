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
    """What a token is for; part of the key."""

    SESSION = "session"
    CSRF = "csrf"
    MEDIA = "media"
    KNOWN = "known"


class MediaAction(StrEnum):
    """What a media token lets its bearer do."""

    PUBLISH = "publish"
    WATCH = "watch"


class MediaGrant(msgspec.Struct, frozen=True):
    """Exactly what a media token grants.

    ``source_id`` is set for publishing. ``programme`` watches what is on stage, without a
    participant. Times are Unix seconds. ``nonce`` keeps two tokens of one second apart. ``session``
    is the hash of the login with which the grant ends; None for devices, which have none. A grant
    with ``observer``, a name, watches unseen, and its use is audited.
    """

    lesson_id: str
    participant_id: str
    action: MediaAction
    source_id: str | None
    programme: bool
    expires_at: int
    nonce: str
    session: str | None = None
    observer: str | None = None

    def same_right(self, other: MediaGrant) -> bool:
        """Whether both grant the same thing, whatever their times."""
        return (
            self.lesson_id == other.lesson_id
            and self.participant_id == other.participant_id
            and self.action is other.action
            and self.source_id == other.source_id
            and self.programme == other.programme
        )


class KnownBrowser(msgspec.Struct, frozen=True):
    """Which accounts and rooms signed in from a browser before, newest first.

    ``accounts`` are `fingerprint`s, so that a shared computer does not tell who uses it.
    """

    browser_id: str
    accounts: tuple[str, ...]
    issued_at: int


class SessionClaim(msgspec.Struct, frozen=True):
    """What the session cookie says: which session row, and until when it can be good at all."""

    session_id: str
    expires_at: int


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


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken("not base64url") from None


def sign(ring: Keyring, purpose: Purpose, payload: bytes) -> str:
    """Make a token of a payload."""
    body = f"{_VERSION}.{_encode(payload)}"
    mac = hmac.digest(ring.key(purpose), body.encode(), hashlib.sha256)
    return f"{body}.{_encode(mac)}"


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


def seal_media(ring: Keyring, grant: MediaGrant) -> str:
    """A bearer token for a grant."""
    return sign(ring, Purpose.MEDIA, msgspec.json.encode(grant))


def open_media(ring: Keyring, token: str) -> MediaGrant:
    """The grant of a bearer token; the caller judges its time. Raises InvalidToken."""
    return _typed(unsign(ring, Purpose.MEDIA, token), MediaGrant)


def seal_session(ring: Keyring, claim: SessionClaim) -> str:
    """The value of the session cookie."""
    return sign(ring, Purpose.SESSION, msgspec.json.encode(claim))


def open_session(ring: Keyring, cookie: str, now: float) -> SessionClaim:
    """The claim of a session cookie. `now` in Unix seconds. Raises InvalidToken."""
    claim = _typed(unsign(ring, Purpose.SESSION, cookie), SessionClaim)
    if claim.expires_at <= now:
        raise InvalidToken("expired")
    return claim


def seal_known(ring: Keyring, known: KnownBrowser) -> str:
    """The value of the cookie by which a browser is known."""
    return sign(ring, Purpose.KNOWN, msgspec.json.encode(known))


def open_known(ring: Keyring, cookie: str, not_before: float) -> KnownBrowser:
    """The claim of such a cookie. `not_before` in Unix seconds. Raises InvalidToken."""
    known = _typed(unsign(ring, Purpose.KNOWN, cookie), KnownBrowser)
    if known.issued_at < not_before:
        raise InvalidToken("too old")
    return known


def csrf_token(ring: Keyring, session_id: str) -> str:
    """The CSRF token that belongs to a session."""
    return _csrf(ring.key(Purpose.CSRF), session_id)


def _csrf(key: bytes, session_id: str) -> str:
    return _encode(hmac.digest(key, session_id.encode(), hashlib.sha256))


def is_csrf_token(ring: Keyring, session_id: str, token: str) -> bool:
    """Whether a CSRF token belongs to a session; in constant time."""
    given = token.encode(errors="replace")
    tokens = [_csrf(key, session_id).encode() for key in ring.keys(Purpose.CSRF)]
    return any(hmac.compare_digest(expected, given) for expected in tokens)


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
