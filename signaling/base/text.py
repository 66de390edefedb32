"""Text that people and programs send: one form, visible, bounded, without control characters.

Every string of a body, message or file is declared with one of the kinds here; `cleaned` applies
them to a decoded struct. PostgreSQL takes no NUL, and a title that cannot be seen is none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, inspect

_T = TypeVar("_T")

MAX_PARAMETER_CHARS = 200  # of a path or query parameter; the width of the columns they meet
MAX_WORD_CHARS = 200  # of ids and tokens, as above
_KIND = "text"
_TEXT_CONTROLS = "\n\t"  # what a text of several lines may hold
# Changes of direction (UAX #9): they let a title read as another one.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters and symbols that show nothing: Hangul fillers, the blank Braille pattern.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class TextKind(StrEnum):
    """Ways to read a string."""

    LINE = "line"  # a name, a title: spaces around it do not count
    PARAGRAPH = "paragraph"  # a reason: may have several lines
    WORD = "word"  # an id, a code, a token: no spaces, nothing unseen
    SECRET = "secret"  # noqa: S105 - a kind: a password, in which spaces count (RFC 8265 §4.2)


class BadText(ValueError):
    """A string that cannot be taken; `code` says why, `field` where."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def text_of(kind: TextKind, longest: int, shortest: int = 1, pattern: str | None = None) -> Meta:
    """Mark, for `Annotated`, that makes `str` a bounded text of this kind."""
    return Meta(min_length=shortest, max_length=longest, pattern=pattern, extra={_KIND: kind})


def line(longest: int) -> Meta:
    """A name or a title."""
    return text_of(TextKind.LINE, longest)


def paragraph(longest: int) -> Meta:
    """A text of several lines."""
    return text_of(TextKind.PARAGRAPH, longest)


def word(longest: int, shortest: int = 1, pattern: str | None = None) -> Meta:
    """An id, a code or a token."""
    return text_of(TextKind.WORD, longest, shortest, pattern)


def secret(longest: int, shortest: int = 1) -> Meta:
    """A password."""
    return text_of(TextKind.SECRET, longest, shortest)


def clean(text: str, kind: TextKind, longest: int, shortest: int = 0) -> str:
    """The text in its one form (NFC). Raises BadText."""
    text = unicodedata.normalize("NFC", text)
    if kind in {TextKind.LINE, TextKind.PARAGRAPH}:
        text = text.strip()
    allowed = _TEXT_CONTROLS if kind is TextKind.PARAGRAPH else ""
    for character in text:
        category = unicodedata.category(character)
        if (category in {"Cc", "Cs"} and character not in allowed) or character in _DIRECTION:
            raise BadText("text_control")
        unseen = category == "Cf" or category[0] == "Z"
        if kind is TextKind.WORD and (unseen or character in _BLANK):
            raise BadText("text_control")
    if len(text) > longest:
        raise BadText("text_too_long")
    if (shortest or text) and not any(map(_is_visible, text)):
        raise BadText("text_invisible")
    if len(text) < shortest:
        raise BadText("text_too_short")
    return text


def is_word(text: str) -> bool:
    """Tell whether a text can be an id at all."""
    try:
        return clean(text, TextKind.WORD, MAX_PARAMETER_CHARS, 1) == text
    except BadText:
        return False


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


# --- structs -------------------------------------------------------------------------------------


def cleaned(value: _T) -> _T:
    """A decoded struct with all its strings in their one form. Raises BadText, naming the field."""
    struct: Any = type(value)
    result: _T = _clean(value, _info(struct), "")
    return result


def unbounded(struct: type) -> Iterator[str]:
    """The fields of a struct whose strings are of no kind or without a bound; for tests."""
    yield from _unbounded(_info(struct), struct.__name__, set())


@cache
def _info(struct: Any) -> inspect.Type:
    return inspect.type_info(struct)


def _clean(value: Any, info: inspect.Type, path: str) -> Any:
    kind: TextKind | None = None
    if isinstance(info, inspect.Metadata):
        kind = (info.extra or {}).get(_KIND)
        info = info.type
    if isinstance(value, StrEnum):
        return value
    if isinstance(value, str):
        return _clean_string(value, kind, info, path)
    if isinstance(value, msgspec.Struct):
        return _clean_struct(value, path)
    if isinstance(value, tuple) and isinstance(info, inspect.VarTupleType):
        items = enumerate(value)
        return tuple(_clean(item, info.item_type, f"{path}[{index}]") for index, item in items)
    if isinstance(info, inspect.UnionType):
        for member in info.types:
            if isinstance(value, tuple) == isinstance(member, inspect.VarTupleType):
                return _clean(value, member, path)
    return value


def _clean_struct(value: msgspec.Struct, path: str) -> msgspec.Struct:
    info = _info(type(value))
    assert isinstance(info, inspect.StructType)
    prefix = f"{path}." if path else ""
    changed = {}
    for part in info.fields:
        before = getattr(value, part.name)
        after = _clean(before, part.type, prefix + part.encode_name)
        if after is not before and after != before:
            changed[part.name] = after
    return msgspec.structs.replace(value, **changed) if changed else value


def _clean_string(value: str, kind: TextKind | None, info: inspect.Type, path: str) -> str:
    found = next(_strings(info), None)
    if found is None:
        return value
    own, bounds = found
    longest = bounds.max_length or MAX_WORD_CHARS
    try:
        return clean(value, kind or own or TextKind.WORD, longest, bounds.min_length or 0)
    except BadText as error:
        raise BadText(error.code, path) from None


def _strings(info: inspect.Type) -> Iterator[tuple[TextKind | None, inspect.StrType]]:
    """The string types within a field's type, each with its kind."""
    if isinstance(info, inspect.Metadata):
        kind = (info.extra or {}).get(_KIND)
        for own, bounds in _strings(info.type):
            yield own or kind, bounds
    elif isinstance(info, inspect.StrType):
        yield None, info
    elif isinstance(info, inspect.UnionType):
        for member in info.types:
            yield from _strings(member)


def _unbounded(info: inspect.Type, path: str, seen: set[type]) -> Iterator[str]:
    for kind, bounds in _strings(info):
        if kind is None or bounds.max_length is None:
            yield path
    if isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        for member in info.types:
            if not isinstance(member, inspect.StrType):
                yield from _unbounded(member, path, seen)
    elif isinstance(info, inspect.VarTupleType):
        yield from _unbounded(info.item_type, f"{path}[]", seen)
    elif isinstance(info, inspect.StructType) and info.cls not in seen:
        seen.add(info.cls)
        for part in info.fields:
            yield from _unbounded(part.type, f"{path}.{part.encode_name}", seen)


Word = Annotated[str, word(MAX_WORD_CHARS)]
