"""Making ids: random, short, safe in paths and in `<participant>.<kind>` source ids."""

from __future__ import annotations

import base64
import secrets

_ID_BYTES = 10
_ID_CHARS = 16
JOIN_CODE_DIGITS = 8
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U


def new_id() -> str:
    """An opaque id: 80 random bits as 16 lower-case base32 characters."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """Make so many ids at once."""
    text = base64.b32encode(secrets.token_bytes(_ID_BYTES * count)).decode().lower()
    return [text[first : first + _ID_CHARS] for first in range(0, len(text), _ID_CHARS)]


def new_secret() -> str:
    """A secret of 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_code(characters: int) -> str:
    """A code that people type: so many characters of `CODE_ALPHABET`, each of 5 random bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(characters))


def new_join_code() -> str:
    """A 课程码 of eight digits; uniqueness among open lessons is the database's to keep."""
    return f"{secrets.randbelow(10**JOIN_CODE_DIGITS):0{JOIN_CODE_DIGITS}d}"
