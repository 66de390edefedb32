"""Bodies about what a county sets before it plans: terms, bells, days off, wishes."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Name
from signaling.base.text import TextKind, Word, text_of
from signaling.timetable.core.codes import DayKind, Parity, UnwantedLevel
from signaling.timetable.core.holiday_file import HolidayYear

Day = date  # a field may be called `date`
Version = Annotated[int, Meta(ge=0)]
Weekday = Annotated[int, Meta(ge=1, le=7)]
ShortName = Annotated[str, text_of(TextKind.LINE, 40, 0)]  # may be empty


class HolidaySource(StrEnum):
    """Source of a year's days off: the program, an import, or none yet."""

    SHIPPED = "shipped"
    IMPORTED = "imported"
    NONE = "none"


class DayLayer(StrEnum):
    """Layer that has set a day: the holiday notice, the county, or the school."""

    NOTICE = "notice"
    COUNTY = "county"
    SCHOOL = "school"


class CountyName(msgspec.Struct, frozen=True):
    """A county whose timetable the reader may see, and whether the reader plans for it."""

    county_id: str
    name: str
    may_manage: bool


class CountyList(msgspec.Struct, frozen=True):
    """The counties of the reader, the own one first."""

    counties: tuple[CountyName, ...]


# --- terms ---------------------------------------------------------------------------------------


class TermWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """学期: the first day and the number of teaching weeks; week 1 is the first day's week."""

    county_id: Word
    name: Name
    starts_on: Day
    weeks: Annotated[int, Meta(ge=1, le=30)]


class TermChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A changed term."""

    version: Version
    term: TermWish


class Term(msgspec.Struct, frozen=True):
    """学期 with its last day; `week` is today's teaching week, where today lies in the term."""

    term_id: str
    version: int
    county_id: str
    name: str
    starts_on: Day
    ends_on: Day
    weeks: int
    week: int | None
    parity: Parity | None


class TermList(msgspec.Struct, frozen=True):
    """Terms, newest first; `current` is today's, or else the next one, or else the last."""

    terms: tuple[Term, ...]
    current: str | None
    may_manage: bool


# --- bells ---------------------------------------------------------------------------------------


class PeriodTimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """节次: its number, local times, and name such as 第一节."""

    number: Annotated[int, Meta(ge=1, le=16)]
    starts: time
    ends: time
    name: ShortName = ""


class BellsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """作息时间 of a county, or of one school; it holds from `valid_from` to `valid_to`."""

    county_id: Word
    name: Name
    periods: Annotated[tuple[PeriodTimes, ...], Meta(min_length=1, max_length=16)]
    school_id: Word | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


class BellsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A changed bell schedule."""

    version: Version
    bells: BellsWish


class Bells(msgspec.Struct, frozen=True):
    """作息时间."""

    schedule_id: str
    version: int
    county_id: str
    school_id: str | None
    school: str | None
    name: str
    valid_from: Day | None
    valid_to: Day | None
    periods: tuple[PeriodTimes, ...]


class BellsList(msgspec.Struct, frozen=True):
    """The bell schedules of a county: its own first, then those of schools."""

    schedules: tuple[Bells, ...]
    may_manage: bool


# --- days ----------------------------------------------------------------------------------------


class DayWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Wish of a county, or of one of its schools, for a date.

    A make-up day teaches a weekday, or the lessons of a date that is off; `plain` takes back a day
    off. `version` is that of the day as the page shows it, 0 where nobody has set it.
    """

    county_id: Word
    date: Day
    kind: DayKind
    version: Version = 0
    name: ShortName = ""
    school_id: Word | None = None
    teaches: Day | None = None
    teaches_weekday: Weekday | None = None


class DayReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day goes back to what the level above says."""

    county_id: Word
    date: Day
    version: Version
    school_id: Word | None = None


class YearImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A year of the holiday notice, in the shape of NateScarlet/holiday-cn."""

    county_id: Word
    year: HolidayYear


class CalendarDay(msgspec.Struct, frozen=True):
    """A date that differs from the plain week, as it holds, and who has set it."""

    date: Day
    kind: DayKind
    name: str
    teaches: Day | None
    teaches_weekday: int | None
    layer: DayLayer
    version: int


class YearSource(msgspec.Struct, frozen=True):
    """Source of a year's days off; with `none` the year must be imported."""

    year: int
    source: HolidaySource


class CalendarYear(msgspec.Struct, frozen=True):
    """节假日 and 调休 of one year, as they hold for a county or a school."""

    year: int
    source: HolidaySource
    days: tuple[CalendarDay, ...]
    may_manage: bool


class CalendarOutcome(msgspec.Struct, frozen=True):
    """A year after a change, and how many plans the change has yet to reach."""

    calendar: CalendarYear
    plans_to_settle: int


# --- wishes about periods ------------------------------------------------------------------------


class UnwantedWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """不宜排课的节次 of a subject, a teacher or a school; without a weekday it holds every day."""

    county_id: Word
    period: Annotated[int, Meta(ge=1, le=16)]
    weekday: Weekday | None = None
    subject_id: Word | None = None
    teacher_id: Word | None = None
    school_id: Word | None = None
    level: UnwantedLevel = UnwantedLevel.AVOID


class UnwantedPeriod(msgspec.Struct, frozen=True):
    """不宜排课的节次."""

    wish_id: str
    county_id: str
    period: int
    weekday: int | None
    subject_id: str | None
    teacher_id: str | None
    school_id: str | None
    level: UnwantedLevel
    owner: str  # the name of the subject, teacher or school


class UnwantedList(msgspec.Struct, frozen=True):
    """All wishes about periods of a county; ``may_manage``: the reader may change them."""

    wishes: tuple[UnwantedPeriod, ...]
    may_manage: bool


class UnwantedMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One period of the week, and how little it is wanted."""

    weekday: Weekday
    period: Annotated[int, Meta(ge=1, le=16)]
    level: UnwantedLevel


class UnwantedWeek(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole week of one subject, teacher or school, in place of what it was.

    ``seen`` are the ids of the wishes that the page showed.
    """

    county_id: Word
    marks: Annotated[tuple[UnwantedMark, ...], Meta(max_length=7 * 16)]
    seen: Annotated[tuple[Word, ...], Meta(max_length=7 * 16)]
    subject_id: Word | None = None
    teacher_id: Word | None = None
    school_id: Word | None = None
