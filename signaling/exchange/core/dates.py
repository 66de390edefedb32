"""Datestamps of OAI-PMH: UTC, to the second or the day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

GRANULARITY = "YYYY-MM-DDThh:mm:ssZ"
_DAY = re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]")
_SECOND = re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z")


class BadDate(ValueError):
    """A text that is no datestamp."""


def stamp(moment: datetime) -> str:
    """Write a moment, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def is_day(text: str) -> bool:
    """Tell whether a datestamp names a whole day."""
    return _DAY.fullmatch(text) is not None


def begin(text: str) -> datetime:
    """Return the first moment of the day or second. Raises BadDate."""
    form = "%Y-%m-%d" if is_day(text) else "%Y-%m-%dT%H:%M:%SZ"
    if not is_day(text) and _SECOND.fullmatch(text) is None:
        raise BadDate(text)
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        raise BadDate(text) from None


def end(text: str) -> datetime:
    """Return the moment behind the day or second. Raises BadDate."""
    first = begin(text)
    try:
        return first + (timedelta(days=1) if is_day(text) else timedelta(seconds=1))
    except OverflowError:
        return first
