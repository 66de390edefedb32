"""Order of what was found: the better the match, the earlier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from signaling.library.search.core.documents import Document, Field
from signaling.library.search.core.query import Found, Query, finds

# A match in the title says more than one in the names, and that more than one in the key words.
_WEIGHTS = {Field.TITLE: 4.0, Field.PEOPLE: 2.0, Field.WORDS: 1.0}
_ALOUD = 0.6  # a match by sound, against one by letters
_AT_BEGIN = 1.25  # a match at the beginning of its field
_LENGTHS = {Field.TITLE: 14, Field.PEOPLE: 12, Field.WORDS: 60}  # usual characters of a field
_B = 0.3  # how much a long field weighs less: `b` of BM25


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that holds all words of a query, and where it holds them."""

    document: Document
    found: tuple[Found, ...]
    relevance: float


def hits(query: Query, documents: Iterable[Document]) -> Iterator[Hit]:
    """Yield the documents that truly hold all words, in the order in which they come."""
    for document in documents:
        found: list[Found] = []
        relevance = 0.0
        for word in query.words:
            places = finds(word, document)
            if not places:
                break
            found += places
            relevance += max(_worth(place, document) for place in places)
        else:
            yield Hit(document, tuple(found), relevance)


def ranked(found: Sequence[Hit]) -> list[Hit]:
    """Return hits with the most relevant first; equal ones keep their order."""
    return sorted(found, key=lambda hit: hit.relevance, reverse=True)


def _worth(place: Found, document: Document) -> float:
    length = len(document.fields[place.field].shown)
    worth = _WEIGHTS[place.field] / (1 - _B + _B * length / _LENGTHS[place.field])
    worth *= _ALOUD if place.aloud else 1
    return worth * (_AT_BEGIN if place.start == 0 else 1)
