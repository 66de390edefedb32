"""Lessons in one cell of a grid: 语文 张三, 科学(单)/书法(双), 数学[1-16周], 体育 8-9节.

A cell is cut into tokens. Weeks and periods are found by their form, names by the words that the
county knows. A name that nobody knows is judged by its place: subject, teacher, room. Where two
readings are possible, the cell is not read: a guess would put a class into a wrong lesson.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from signaling.timetable.core.weeks import BadWeeks, WeekSet, WeeksProblem, parse_weeks
from signaling.timetable.imports.core.slot_labels import PeriodLabel, period_of
from signaling.timetable.imports.core.wording import class_form, dashed, plain
from signaling.timetable.imports.wire import ImportReason

MAX_CELL_CHARS = 400
MAX_LESSONS = 6  # of one cell
_BLANKS = frozenset(("", "/", "-", "--", "\\", "x", "×", "无", "空", "空课", "没课", "无课"))

_LIST = r"\d{1,2}(?:-\d{1,2})?(?:[,、]\d{1,2}(?:-\d{1,2})?)*"
_WEEKS = re.compile(
    rf"第?{_LIST}周(?:[(\[]?[单双]周?[)\]]?)?(?:[,、]第?{_LIST}周(?:[(\[]?[单双]周?[)\]]?)?)*"
    rf"|[单双]周|每周|全周"
)
_PARITY = re.compile(r"[单双]周?")
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_PERIODS = re.compile(
    rf"第?{_NUMBER}(?:[-,、]第?{_NUMBER})*节|(?:\d\d){{2,8}}节"
    r"|\d{1,2}:\d\d(?:-\d{1,2}:\d\d)?"
)
_DASH = re.compile(r"(?<=[\d节周])\s*[~～—–―−‐‑至到-]\s*(?=[第\d])")
# 三(2)班: the brackets are a part of the name.
_CLASS = re.compile(rf"(?P<grade>[初高]?{_NUMBER})(?:年级|年)?\((?P<number>{_NUMBER})\)班")
_OPEN, _CLOSE = "([{【〔", ")]}】〕"
_BRACKETS = str.maketrans(dict(zip(_OPEN + _CLOSE, "((((()))))", strict=True)))
_SPLIT = re.compile(r"[\n\t ,;、◇|]+")
_WEEK_PROBLEMS = {
    WeeksProblem.UNREADABLE: ImportReason.BAD_WEEKS,
    WeeksProblem.BEYOND_TERM: ImportReason.WEEKS_BEYOND_TERM,
    WeeksProblem.EMPTY: ImportReason.WEEKS_EMPTY,
}


class WordKind(StrEnum):
    """Kind of thing that a name can stand for."""

    SUBJECT = "subject"
    TEACHER = "teacher"
    ROOM = "room"
    CLASS = "class"


_BY_PLACE = (WordKind.SUBJECT, WordKind.TEACHER, WordKind.ROOM)  # of names that nobody knows


class Vocabulary(Protocol):
    """The names that a county knows."""

    def kind_of(self, word: str) -> WordKind | None:
        """Return what a name is; None where nobody or more than one thing has it."""


@dataclass(frozen=True, slots=True)
class CellLesson:
    """One lesson of a cell; empty names were not written."""

    subject: str
    teacher: str = ""
    room: str = ""
    class_name: str = ""
    weeks: WeekSet | None = None
    period: PeriodLabel | None = None


class UnreadableCell(ValueError):
    """A cell that has no one reading; `reason` says why."""

    def __init__(self, reason: ImportReason) -> None:
        super().__init__(reason)
        self.reason = reason


def is_blank(text: str) -> bool:
    """Tell whether a cell says that there is no lesson."""
    return dashed(text) in _BLANKS


def read_cell(text: str, vocabulary: Vocabulary, last_week: int) -> tuple[CellLesson, ...]:
    """Read the lessons of a cell.

    Args:
        text: the cell.
        vocabulary: the county's names.
        last_week: the number of weeks of the term.

    Raises:
        UnreadableCell: no lesson can be read without guessing.
    """
    if len(text) > MAX_CELL_CHARS:
        raise UnreadableCell(ImportReason.TEXT_TOO_LONG)
    if is_blank(text):
        return ()
    lessons = tuple(
        entry.lesson(last_week)
        for part in _parts(text, vocabulary)
        for entry in _entries(part, vocabulary)
    )
    if len(lessons) > MAX_LESSONS:
        raise UnreadableCell(ImportReason.TOO_MANY_WORDS)
    if len(lessons) > 1 and any(lesson.weeks is None for lesson in lessons):
        raise UnreadableCell(ImportReason.TWO_WITHOUT_WEEKS)
    return lessons


# --- tokens --------------------------------------------------------------------------------------


class _TokenKind(StrEnum):
    NAME = "name"
    WEEKS = "weeks"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _TokenKind
    text: str


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a text into weeks, periods and names.

    Brackets around weeks, periods and names mean nothing but that what is in them stands alone.
    """
    for piece in re.split(r"([()])", text):
        if piece in {"(", ")"}:
            continue
        yield from _piece_tokens(piece)


def _piece_tokens(piece: str) -> Iterator[_Token]:
    place = 0
    marks = sorted(
        [(found, _TokenKind.WEEKS) for found in _WEEKS.finditer(piece)]
        + [(found, _TokenKind.PERIOD) for found in _PERIODS.finditer(piece)],
        key=lambda mark: mark[0].start(),
    )
    for found, kind in marks:
        if found.start() < place:
            continue
        yield from _names(piece[place : found.start()])
        yield _Token(kind, found[0])
        place = found.end()
    yield from _names(piece[place:])


def _names(text: str) -> Iterator[_Token]:
    for word in _SPLIT.split(text):
        if _PARITY.fullmatch(word):
            yield _Token(_TokenKind.WEEKS, word.rstrip("周") + "周")
        elif plain(word).strip("-:."):
            yield _Token(_TokenKind.NAME, word)


def _normal(text: str) -> str:
    """Return a cell in one width, with one kind of brackets and dashes; line ends stay."""
    lines = (unicodedata.normalize("NFKC", line).strip() for line in text.split("\n"))
    text = _DASH.sub("-", "\n".join(filter(None, lines))).translate(_BRACKETS)
    return _CLASS.sub(r"\g<grade>年级\g<number>班", text)


# --- entries -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Entry:
    """A lesson under way."""

    names: dict[WordKind, str] = field(default_factory=dict)
    weeks: list[str] = field(default_factory=list)
    period: PeriodLabel | None = None

    def lesson(self, last_week: int) -> CellLesson:
        """Return the lesson. Raises UnreadableCell."""
        subject = self.names.get(WordKind.SUBJECT, "")
        if not subject:
            raise UnreadableCell(ImportReason.NO_SUBJECT)
        return CellLesson(
            subject,
            self.names.get(WordKind.TEACHER, ""),
            self.names.get(WordKind.ROOM, ""),
            self.names.get(WordKind.CLASS, ""),
            _week_set(self.weeks, last_week),
            self.period,
        )


def _week_set(texts: list[str], last_week: int) -> WeekSet | None:
    """Join what a lesson says of weeks: 1-16周 and 单 mean the odd weeks of 1…16."""
    if not texts:
        return None
    try:
        found = parse_weeks(texts[0], last_week)
        for text in texts[1:]:
            found &= parse_weeks(text, last_week)
    except BadWeeks as error:
        raise UnreadableCell(_WEEK_PROBLEMS[error.problem]) from None
    if not found:
        raise UnreadableCell(ImportReason.WEEKS_EMPTY)
    return found


def _parts(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Split a cell at its slashes, where each part is a lesson of its own.

    `语文/张三` is one lesson, if the county knows 张三 as a teacher and not as a subject.
    """
    parts = _normal(text).split("/")
    if len(parts) == 1:
        yield parts[0]
        return
    parts = [part for part in parts if part.strip()]
    begins = [_begins_lesson(part, vocabulary) for part in parts]
    if begins[:1] == [False] or None in begins[1:]:
        raise UnreadableCell(ImportReason.UNCLEAR_SLASH)
    whole: list[str] = []
    for part, begins_here in zip(parts, begins, strict=True):
        if begins_here or not whole:
            whole.append(part)
        else:
            whole[-1] += "\n" + part
    yield from whole


def _begins_lesson(part: str, vocabulary: Vocabulary) -> bool | None:
    """Tell whether a part of a cell is a lesson; None where that is not clear."""
    tokens = list(_tokens(part))
    kinds = {_kind(token.text, vocabulary) for token in tokens if token.kind is _TokenKind.NAME}
    if WordKind.SUBJECT in kinds:
        return True
    if kinds and None not in kinds:
        return False  # teacher, room or class of the lesson before
    if any(token.kind is _TokenKind.WEEKS for token in tokens) and kinds:
        return True
    return None if kinds else False


def _entries(part: str, vocabulary: Vocabulary) -> Iterator[_Entry]:
    """Read the lessons of a part one after another; a known subject begins a new one."""
    entry = _Entry()
    for token in _tokens(part):
        if token.kind is _TokenKind.WEEKS:
            entry.weeks.append(token.text)
        elif token.kind is _TokenKind.PERIOD:
            if entry.period is not None:
                raise UnreadableCell(ImportReason.TOO_MANY_WORDS)
            entry.period = period_of(token.text)
            if entry.period.first is None and entry.period.starts is None:
                raise UnreadableCell(ImportReason.BAD_PERIOD)
        else:
            kind = _kind(token.text, vocabulary)
            if kind is WordKind.SUBJECT and WordKind.SUBJECT in entry.names:
                yield entry
                entry = _Entry()
            _name(entry, kind, token.text)
    if entry.names or entry.weeks or entry.period is not None:
        yield entry


def _kind(text: str, vocabulary: Vocabulary) -> WordKind | None:
    kind = vocabulary.kind_of(text)
    return WordKind.CLASS if kind is None and class_form(text) is not None else kind


def _name(entry: _Entry, kind: WordKind | None, text: str) -> None:
    """Put a name into its place: the one that the county knows, or else the first free one."""
    if kind is None:
        free = [one for one in _BY_PLACE if one not in entry.names]
        if not free:
            raise UnreadableCell(ImportReason.TOO_MANY_WORDS)
        kind = free[0]
    elif kind in entry.names:
        raise UnreadableCell(ImportReason.TOO_MANY_WORDS)
    entry.names[kind] = text
