"""Long tables: one lesson of the week in a row, as our template has it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from signaling.files.workbooks.sheets import Place, Sheet
from signaling.files.workbooks.values import text_of
from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.weeks import BadWeeks, WeekSet, WeeksProblem, parse_weeks
from signaling.timetable.imports.core.columns import (
    REQUIRED,
    Field,
    class_kind_of,
    delivery_mode_of,
    field_of,
)
from signaling.timetable.imports.core.drafts import (
    Draft,
    Finding,
    HeaderSeen,
    Reading,
    SeatText,
    Source,
)
from signaling.timetable.imports.core.slot_labels import PeriodLabel, period_of, weekday_of
from signaling.timetable.imports.core.wording import plain
from signaling.timetable.imports.wire import ImportReason

_HEADER_ROWS = 20  # in which the header is looked for: titles may stand before it
_SEPARATORS = re.compile(r"[\n、;；,，]+")
_SLASH = re.compile(r"[/／]")
_MOST_CHARS = {
    Field.TITLE: 120,
    Field.GRADE: 80,
    Field.TEXTBOOK_VOLUME: 80,
    Field.TEXTBOOK_SECTION: 80,
}  # as the bodies of plans have them
_WEEK_REASONS = {
    WeeksProblem.UNREADABLE: ImportReason.BAD_WEEKS,
    WeeksProblem.BEYOND_TERM: ImportReason.WEEKS_BEYOND_TERM,
    WeeksProblem.EMPTY: ImportReason.WEEKS_EMPTY,
}

Fields = Mapping[int, Field]  # by column


class _BadCell(Exception):
    """A cell of a row that cannot be taken."""

    def __init__(self, field: Field, reason: ImportReason) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def find_header(sheet: Sheet, answers: Mapping[str, str | None]) -> int | None:
    """Return the row of a table's header; None where the sheet is no long table.

    Args:
        sheet: the sheet.
        answers: fields of headers that somebody named, by the plain header; None for none.
    """
    for row in range(min(len(sheet.rows), _HEADER_ROWS)):
        fields = _fields(sheet.rows[row], answers).values()
        if all(field in fields for field in REQUIRED):
            return row
    return None


def read_table(
    sheet: Sheet, header: int, answers: Mapping[str, str | None], last_week: int
) -> Reading:
    """Read a long table. A row with a cell that cannot be taken gives a finding and no draft."""
    fields = _fields(sheet.rows[header], answers)
    columns = {field: column for column, field in reversed(list(fields.items()))}
    reading = Reading()
    for column, cell in enumerate(sheet.rows[header]):
        if text := text_of(cell):
            source = Source(sheet.name, Place(header, column).address)
            field = fields.get(column)
            answered = plain(text) in answers
            reading.headers.append(HeaderSeen(source, text, field, answered))
    rows = sheet.spread()
    titles = rows[header]
    for number in range(header + 1, len(rows)):
        row = rows[number]
        if row == titles or not any(text_of(row[column]) for column in fields):
            continue
        texts = {field: text_of(row[column]) for field, column in columns.items()}
        try:
            for field in _MOST_CHARS:
                texts[field] = _line(field, texts.get(field, ""))
            reading.drafts.append(_draft(sheet.name, number, columns, texts, last_week))
        except _BadCell as bad:
            place = Place(number, columns.get(bad.field, 0))
            source = Source(sheet.name, place.address)
            reading.findings.append(Finding(source, bad.reason, texts.get(bad.field, "")))
    return reading


def _fields(row: Sequence[object], answers: Mapping[str, str | None]) -> dict[int, Field]:
    """Return the fields of a header row by column; of two columns of a field the first counts."""
    found: dict[int, Field] = {}
    for column, cell in enumerate(row):
        text = cell if isinstance(cell, str) else ""
        answer = answers.get(plain(text), "")
        field = field_of(text) if answer == "" else (None if answer is None else Field(answer))
        if field is not None and field not in found.values():
            found[column] = field
    return found


def _draft(
    sheet: str, row: int, columns: Mapping[Field, int], texts: Mapping[Field, str], last_week: int
) -> Draft:
    """Make the draft of a row. Raises _BadCell."""
    subject = texts[Field.SUBJECT]
    if not subject:
        raise _BadCell(Field.SUBJECT, ImportReason.NO_SUBJECT)
    return Draft(
        source=Source(sheet, Place(row, columns[Field.SUBJECT]).address),
        weekday=_weekday(texts[Field.WEEKDAY]),
        period=_period(texts[Field.PERIOD]),
        subject=subject,
        teacher=texts.get(Field.TEACHER, ""),
        weeks=_weeks(texts.get(Field.WEEKS, ""), last_week),
        school=texts.get(Field.SCHOOL, ""),
        room=texts.get(Field.ROOM, ""),
        class_name=texts.get(Field.CLASS, ""),
        grade=texts[Field.GRADE],
        staff_no=texts.get(Field.STAFF_NO, ""),
        seats=_seats(texts),
        class_kind=_class_kind(texts.get(Field.CLASS_KIND, "")),
        delivery_mode=_delivery_mode(texts.get(Field.DELIVERY_MODE, "")),
        title=texts[Field.TITLE],
        textbook_volume=texts[Field.TEXTBOOK_VOLUME],
        textbook_section=texts[Field.TEXTBOOK_SECTION],
    )


def _line(field: Field, text: str) -> str:
    """Return a text as one line, not too long."""
    line = " ".join(text.split())
    if len(line) > _MOST_CHARS[field]:
        raise _BadCell(field, ImportReason.TEXT_TOO_LONG)
    return line


def _weekday(text: str) -> int:
    weekday = weekday_of(text, bare=True)
    if weekday is None:
        raise _BadCell(Field.WEEKDAY, ImportReason.BAD_DAY)
    return weekday


def _period(text: str) -> PeriodLabel:
    if not text:
        raise _BadCell(Field.PERIOD, ImportReason.NO_PERIOD)
    return period_of(text)


def _weeks(text: str, last_week: int) -> WeekSet | None:
    if not text:
        return None
    try:
        return parse_weeks(text, last_week)
    except BadWeeks as error:
        raise _BadCell(Field.WEEKS, _WEEK_REASONS[error.problem]) from None


def _class_kind(text: str) -> ClassKind:
    kind = class_kind_of(text) if text else ClassKind.DEDICATED
    if kind is None:
        raise _BadCell(Field.CLASS_KIND, ImportReason.BAD_KIND)
    return kind


def _delivery_mode(text: str) -> DeliveryMode:
    mode = delivery_mode_of(text) if text else DeliveryMode.LEAD_WITH_PUPILS
    if mode is None:
        raise _BadCell(Field.DELIVERY_MODE, ImportReason.BAD_MODE)
    return mode


def _seats(texts: Mapping[Field, str]) -> tuple[SeatText, ...]:
    """Read who listens: 山泉教学点/一号教室(三年级), or three columns side by side."""
    schools = _listed(texts.get(Field.RECEIVE_SCHOOL, ""))
    rooms = _listed(texts.get(Field.RECEIVE_ROOMS, ""))
    classes = _listed(texts.get(Field.RECEIVE_CLASS, ""))
    if len(schools) == 1:  # one school with several rooms
        schools *= max(len(rooms), 1)
    seats = []
    for school, room, klass in zip_longest(schools, rooms, classes, fillvalue=""):
        *before, name = _SLASH.split(room, maxsplit=1)
        seat = SeatText(before[0].strip() if before else school, name.strip(), klass)
        if seat.school or seat.room:
            seats.append(seat)
    return tuple(seats)


def _listed(text: str) -> list[str]:
    return [part for part in map(str.strip, _SEPARATORS.split(text)) if part]
