"""Search for words in columns: Chinese has no spaces to split at, so a word is any part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

MAX_QUERY_CHARS = 100
_ESCAPE = "\\"

Columns = Sequence[InstrumentedAttribute[Any]]


def mentions(query: str, columns: Columns) -> list[ColumnElement[bool]]:
    """Return a condition for each word of a query: the word occurs in any of the columns."""
    return [_mentions(word, columns) for word in query[:MAX_QUERY_CHARS].split()]


def _mentions(word: str, columns: Columns) -> ColumnElement[bool]:
    for character in (_ESCAPE, "%", "_"):
        word = word.replace(character, _ESCAPE + character)
    return or_(*(column.ilike(f"%{word}%", escape=_ESCAPE) for column in columns))
