"""Documents: what of a resource can be found."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from signaling.library.search.core import tokens
from signaling.library.search.core.pinyin import Readings, readings
from signaling.library.search.core.text import Folded, fold

_VERSION = 2  # of all that makes tokens
# Another value builds the index anew. Folding asks Unicode's tables, which come with Python.
ANALYSER = _VERSION * 1000 + int(unicodedata.unidata_version.partition(".")[0])


class Field(StrEnum):
    """Parts of a document, in the order of their weight."""

    TITLE = "title"
    PEOPLE = "people"  # teacher and school
    WORDS = "words"  # key words, chapter, description


SHORT = (Field.TITLE, Field.PEOPLE)  # found by single characters, pinyin and initials as well


@dataclass(frozen=True, slots=True)
class FieldText:
    """One field: as it is shown, as it is searched, and how it is read aloud."""

    shown: str
    folded: Folded
    readings: Readings


@dataclass(frozen=True, slots=True)
class Document:
    """Words by which one resource is found.

    Attributes:
        resource_id: the resource.
        fields: its texts.
        keys: tokens by `tokens.key`: facets, and who may see it.
    """

    resource_id: str
    fields: dict[Field, FieldText]
    keys: frozenset[str]


def read_document(resource_id: str, texts: dict[Field, str], keys: frozenset[str]) -> Document:
    """Read the texts of a document. Loads the readings of Chinese characters."""
    return Document(resource_id, {one: _field(one, texts.get(one, "")) for one in Field}, keys)


def _field(field: Field, shown: str) -> FieldText:
    folded = fold(shown)
    return FieldText(shown, folded, readings(folded.text) if field in SHORT else ())


def tokens_of(document: Document) -> tuple[str, ...]:
    """Return all tokens of a document, each once."""
    return tokens.unique(_tokens(document))


def _tokens(document: Document) -> Iterator[str]:
    for field, text in document.fields.items():
        yield from tokens.grams(text.folded.text)
        if field in SHORT:
            yield from tokens.characters(text.folded.text)
            yield from tokens.sounds(text.readings)
    yield from sorted(document.keys)
