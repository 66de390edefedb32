"""The words of tus 1.0, a protocol of uploads that can be resumed (tus.io/protocols)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
CHECKSUM_ALGORITHMS = ("sha1", "sha256")
MEDIA_TYPE = "application/offset+octet-stream"
_MAX_NUMBER_CHARS = 15
_MAX_PAIRS = 16


class BadHeader(ValueError):
    """A header that cannot be read; `header` names it."""

    def __init__(self, header: str, reason: str) -> None:
        super().__init__(reason)
        self.header = header


@dataclass(frozen=True, slots=True)
class Checksum:
    """Checksum that the bytes of one request must have."""

    algorithm: str
    digest: bytes


def number(headers: Mapping[str, str], name: str) -> int:
    """Read a header that is a count of bytes. Raises BadHeader."""
    text = headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_NUMBER_CHARS:
        raise BadHeader(name, "expected a number of bytes")
    return int(text)


def metadata(text: str) -> dict[str, str]:
    """Read `Upload-Metadata`: pairs of a key and a Base64 value. Raises BadHeader."""
    found: dict[str, str] = {}
    pairs = text.split(",") if text.strip() else []
    if len(pairs) > _MAX_PAIRS:
        raise BadHeader("Upload-Metadata", f"at most {_MAX_PAIRS} pairs")
    for pair in pairs:
        key, _, value = pair.strip().partition(" ")
        if not key or key in found:
            raise BadHeader("Upload-Metadata", "a key is missing, or stands twice")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError:  # UnicodeDecodeError is one
            raise BadHeader("Upload-Metadata", f"{key}: expected UTF-8 in Base64") from None
    return found


def checksum(text: str | None) -> Checksum | None:
    """Read `Upload-Checksum`. Raises BadHeader."""
    if text is None:
        return None
    algorithm, _, value = text.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise BadHeader("Upload-Checksum", f"one of {', '.join(CHECKSUM_ALGORITHMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(value.strip(), validate=True))
    except ValueError:
        raise BadHeader("Upload-Checksum", "expected Base64") from None
