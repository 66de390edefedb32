"""Making ids: random, short, safe in paths and in `<participant>.<kind>` source ids."""

from __future__ import annotations

import base64
import secrets

JOIN_CODE_DIGITS = 8


def new_id() -> str:
    """An opaque id: 80 random bits as 16 lower-case base32 characters."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def new_secret() -> str:
    """A secret of 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_join_code() -> str:
    """A 课程码 of eight digits; uniqueness among open lessons is the database's to keep."""
    return f"{secrets.randbelow(10**JOIN_CODE_DIGITS):0{JOIN_CODE_DIGITS}d}"
