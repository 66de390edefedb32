"""Metadata from strangers, cut to what ours may hold."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import msgspec

from signaling.exchange.core.records import SharedMetadata

MAX_KEYWORDS = 10
MAX_LINE = 120
MAX_LONG_LINE = 200
MAX_PARAGRAPH = 2000
MAX_URL = 1000
MAX_SECONDS = 24 * 3600  # of a lesson
_PARAGRAPHS = frozenset({"summary", "copyright_note"})
_CODE = re.compile(r"[a-z0-9_]{1,40}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+\-]{1,60}")
_DAY = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_PATTERNS = {
    "kind_of_resource": _CODE,
    "audience": _CODE,
    "language": _LANGUAGE,
    "media_type": _MEDIA_TYPE,
    "created_on": _DAY,
}
# Changes of direction (UAX #9): they let a title read as another one.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def bounded(metadata: SharedMetadata) -> SharedMetadata:
    """Return the metadata with each field as ours may be; what cannot be is left out."""
    changed: dict[str, str | int | tuple[str, ...]] = {}
    for name, value in msgspec.structs.asdict(metadata).items():
        if isinstance(value, str):
            changed[name] = _field(name, value)
    words = (_line(word, MAX_LINE) for word in metadata.keywords[: MAX_KEYWORDS * 2])
    changed["keywords"] = tuple(dict.fromkeys(word for word in words if word))[:MAX_KEYWORDS]
    changed["duration_s"] = max(0, min(metadata.duration_s, MAX_SECONDS))
    return msgspec.structs.replace(metadata, **changed)


def web_address(text: str) -> str:
    """Return an address of the Web, or nothing: a link must not run a script."""
    text = text.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    usable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    plain = text.isascii() and text.isprintable() and " " not in text
    return text if usable and plain and len(text) <= MAX_URL else ""


def _field(name: str, value: str) -> str:
    if name == "page_url":
        return web_address(value)
    pattern = _PATTERNS.get(name)
    if pattern is not None:
        return value if pattern.fullmatch(value) else ""
    if name in _PARAGRAPHS:
        return _visible(value, "\n")[:MAX_PARAGRAPH].strip()
    return _line(value, MAX_LONG_LINE if name == "section" else MAX_LINE)


def _line(text: str, longest: int) -> str:
    return " ".join(_visible(text, "").split())[:longest].strip()


def _visible(text: str, kept: str) -> str:
    """Return a text in its one form (NFC), without control characters."""
    text = unicodedata.normalize("NFC", text[: MAX_PARAGRAPH * 4])
    return "".join(
        character if _is_plain(character, kept) else " "
        for character in text
        if character not in _DIRECTION
    )


def _is_plain(character: str, kept: str) -> bool:
    return character in kept or unicodedata.category(character) not in {"Cc", "Cs"}
