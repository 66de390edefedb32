"""Cursors of lists in the order of time: a place in the list as a text for the next request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_CHARS = 100  # of a cursor: 17 digits, a dot and an id
_MAX_DIGITS = 17  # microseconds since 1970, until the year 5138


class BadPlace(ValueError):
    """A text that is no cursor."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in a list by time; rows of the same moment stand in the order of their ids."""

    at: datetime
    row_id: str


def cursor_of(place: Place) -> str:
    """Write a place as a cursor: microseconds since 1970 and the id."""
    return f"{(place.at - _EPOCH) // timedelta(microseconds=1)}.{place.row_id}"


def read_cursor(cursor: str) -> Place:
    """Read a cursor. Raises BadPlace."""
    microseconds, _, row_id = cursor.partition(".")
    digits = microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= _MAX_DIGITS
    if not digits or not row_id or len(cursor) > _MAX_CHARS:
        raise BadPlace(cursor[:_MAX_CHARS])
    try:
        return Place(_EPOCH + timedelta(microseconds=int(microseconds)), row_id)
    except OverflowError:
        raise BadPlace(cursor) from None
