"""Sealing envelopes and opening them: HMAC-SHA-256 (RFC 2104) over their JSON."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

import msgspec

from signaling.access.signing import encode
from signaling.forwarding.core.envelope import Envelope, Refusal, Refused

MAX_CHARS = 2048  # an envelope has some 500
_VERSION = "v1"
_decoder = msgspec.json.Decoder(Envelope)


def seal(envelope: Envelope, key: bytes) -> str:
    """The text of an envelope under its signature: ``v1.<envelope>.<mac>``, both base64url."""
    body = f"{_VERSION}.{encode(msgspec.json.encode(envelope))}"
    return f"{body}.{encode(hmac.digest(key, body.encode(), hashlib.sha256))}"


def unseal(text: str | None, find: Callable[[str], bytes | None]) -> Envelope:
    """Return the envelope of a text.

    Args:
        text: of the header, if there was one.
        find: returns the key with an id.

    Raises:
        Refused: it is none, or not signed by a key that is known.
    """
    if text is None:
        raise Refused(Refusal.UNSIGNED)
    if len(text) > MAX_CHARS or not text.isascii():
        raise Refused(Refusal.MALFORMED)
    body, _, mac = text.rpartition(".")
    version, _, payload = body.partition(".")
    if version != _VERSION:
        raise Refused(Refusal.MALFORMED)
    try:
        envelope = _decoder.decode(_decoded(payload))
        given = _decoded(mac)
    except (msgspec.MsgspecError, ValueError, binascii.Error):
        raise Refused(Refusal.MALFORMED) from None
    key = find(envelope.key)
    if key is None:
        raise Refused(Refusal.UNKNOWN_KEY)
    if not hmac.compare_digest(hmac.digest(key, body.encode(), hashlib.sha256), given):
        raise Refused(Refusal.BAD_SIGNATURE)
    return envelope


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
