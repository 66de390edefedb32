"""Names that tell the content, so that a cache may keep a file for ever."""

from __future__ import annotations

import hashlib

HASH_CHARS = 16  # 64 bits: files of one recording never meet by chance


def content_hash(data: bytes, chars: int = HASH_CHARS) -> str:
    """Make the part of a name that tells the content."""
    return hashlib.sha256(data).hexdigest()[:chars]


def hashed_name(stem: str, data: bytes, suffix: str) -> str:
    """Name a file by its content; `stem` is for people."""
    return f"{stem}-{content_hash(data)}{suffix}"


def source_stem(name: str) -> str:
    """Return the stem that a source's files share: ``lead.camera`` of ``lead.camera-1.webm``."""
    return name.rpartition(".")[0].rpartition("-")[0]
