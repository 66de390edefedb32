"""Values of cells in one form, whatever program and format they come from."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time, timedelta

from signaling.files.workbooks.sheets import Cell

_MINUTES_OF_DAY = 24 * 60
_LAST_MINUTE = time(23, 59)
_DANGEROUS = ("=", "+", "-", "@")  # begin a formula when a program opens the file
_ESCAPE = "'"
_KEPT_CONTROLS = "\n"

Raw = str | float | int | bool | date | time | datetime | timedelta | None


def normal(raw: Raw) -> Cell:
    """Return a value as readers take it.

    A text is NFC without spaces around it; an empty one is None. A whole number is an int. Times
    are whole minutes: 8:20 of an .xls comes as 08:19:59.998. A date without a time is a date.
    """
    if isinstance(raw, str):
        return normal_text(raw) or None
    if isinstance(raw, bool) or raw is None:
        return raw
    if isinstance(raw, datetime):
        return _moment(raw)
    if isinstance(raw, time):
        return _minute(timedelta(hours=raw.hour, minutes=raw.minute, seconds=raw.second,
                                 microseconds=raw.microsecond))  # fmt: skip
    if isinstance(raw, timedelta):
        return _minute(raw)
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    return raw


def normal_text(text: str) -> str:
    """Return a text of a cell as readers take it: clean, and as it was before `escaped`."""
    return unescaped(clean_text(text))


def clean_text(text: str) -> str:
    """Return a text in NFC, without surrounding spaces and characters that nobody sees."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Letters that an unseen character kept apart may join: what is unseen goes first.
    return unicodedata.normalize("NFC", "".join(filter(_is_kept, text))).strip()


def escaped(text: str) -> str:
    """Return a clean text that no spreadsheet program takes for a formula.

    A reader cleans a cell before it looks for the escape, so a text must be clean before it gets
    one: else the escape of a lone tab would come back as a quote.
    """
    text = clean_text(text)
    return _ESCAPE + text if _needs_escape(text) else text


def unescaped(text: str) -> str:
    """Return a text as it was before `escaped`."""
    return text[1:] if text.startswith(_ESCAPE) and _needs_escape(text[1:]) else text


def text_of(cell: Cell) -> str:
    """Return a value as a reader of the sheet sees it; empty for no value."""
    if cell is None:
        return ""
    if isinstance(cell, time):
        return f"{cell.hour}:{cell.minute:02}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return str(cell)


def _needs_escape(text: str) -> bool:
    return text.startswith(_DANGEROUS) or (text.startswith(_ESCAPE) and _needs_escape(text[1:]))


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in {"Cc", "Cf", "Cs"} or character in _KEPT_CONTROLS


def _moment(raw: datetime) -> Cell:
    raw = raw.replace(tzinfo=None)
    whole = (raw + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return whole.date() if whole.time() == time(0) else whole


def _minute(raw: timedelta) -> Cell:
    minutes = round(raw / timedelta(minutes=1))
    if 0 <= minutes < _MINUTES_OF_DAY:
        return time(*divmod(minutes, 60))
    if minutes == _MINUTES_OF_DAY and raw < timedelta(days=1):
        return _LAST_MINUTE
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02}"  # a duration, which no cell of a timetable means
