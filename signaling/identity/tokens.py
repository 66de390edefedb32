"""Cookies and CSRF tokens."""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from signaling.access.signing import InvalidToken, Keyring, Purpose, encode, sign, typed, unsign


class KnownBrowser(msgspec.Struct, frozen=True):
    """Accounts and rooms that signed in from a browser before, newest first.

    ``accounts`` are `fingerprint`s, so that a shared computer does not tell who uses it.
    """

    browser_id: str
    accounts: tuple[str, ...]
    issued_at: int


class SessionClaim(msgspec.Struct, frozen=True):
    """Content of the session cookie: the session row, and the end of its time."""

    session_id: str
    expires_at: int


def seal_session(ring: Keyring, claim: SessionClaim) -> str:
    """The value of the session cookie."""
    return sign(ring, Purpose.SESSION, msgspec.json.encode(claim))


def open_session(ring: Keyring, cookie: str, now: float) -> SessionClaim:
    """The claim of a session cookie. `now` in Unix seconds. Raises InvalidToken."""
    claim = typed(unsign(ring, Purpose.SESSION, cookie), SessionClaim)
    if claim.expires_at <= now:
        raise InvalidToken("expired")
    return claim


def seal_known(ring: Keyring, known: KnownBrowser) -> str:
    """The value of the cookie by which a browser is known."""
    return sign(ring, Purpose.KNOWN, msgspec.json.encode(known))


def open_known(ring: Keyring, cookie: str, not_before: float) -> KnownBrowser:
    """The claim of such a cookie. `not_before` in Unix seconds. Raises InvalidToken."""
    known = typed(unsign(ring, Purpose.KNOWN, cookie), KnownBrowser)
    if known.issued_at < not_before:
        raise InvalidToken("too old")
    return known


def csrf_token(ring: Keyring, session_id: str) -> str:
    """The CSRF token that belongs to a session."""
    return _csrf(ring.key(Purpose.CSRF), session_id)


def _csrf(key: bytes, session_id: str) -> str:
    return encode(hmac.digest(key, session_id.encode(), hashlib.sha256))


def is_csrf_token(ring: Keyring, session_id: str, token: str) -> bool:
    """True if a CSRF token belongs to a session; in constant time."""
    given = token.encode(errors="replace")
    tokens = [_csrf(key, session_id).encode() for key in ring.keys(Purpose.CSRF)]
    return any(hmac.compare_digest(expected, given) for expected in tokens)
