"""Bodies about the lessons of the timetable: changes, clashes and week pages.

Dates are those of the county's time zone, YYYY-MM-DD. `plan_wire` has plans; `setting_wire` has
terms, bells and days off.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

import msgspec

from signaling.base.fields import Reason
from signaling.base.text import Word
from signaling.directory.wire import PersonRef, RoomRef
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState
from signaling.timetable.core.codes import (
    ChangedPart,
    ClashLevel,
    ClashRule,
    DayKind,
    Parity,
    WhoKind,
)
from signaling.timetable.plan_wire import (
    ClassName,
    FallenLesson,
    PeriodNumber,
    PlanKind,
    PlanSeat,
    PlanWish,
    RoomsWish,
)
from signaling.timetable.setting_wire import PeriodTimes, Version, YearSource

Day = date  # a field may be called `date`


class ChangeKind(StrEnum):
    """调课 / 代课 / 停课 / 补课, other rooms, or a change of the plan or the calendar."""

    MOVE = "move"
    SUBSTITUTE = "substitute"
    CANCEL = "cancel"
    MAKE_UP = "make_up"
    ROOMS = "rooms"
    PLAN = "plan"


class ListKind(StrEnum):
    """Kind of owner whose week a page shows: 按教师 / 按学校 / 按教室 / 按学科 / 按班级."""

    TEACHER = "teacher"
    SCHOOL = "school"
    ROOM = "room"
    SUBJECT = "subject"
    CLASS = "class"


# --- wishes --------------------------------------------------------------------------------------


class SlotWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time: a date, and either a period or both local times."""

    date: Day
    period: PeriodNumber | None = None
    period_count: PeriodNumber = 1
    starts: time | None = None
    ends: time | None = None


class LessonMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """调课: another time, and other rooms if given. `onward` means from this lesson on."""

    version: Version
    slot: SlotWish
    rooms: RoomsWish | None = None
    onward: bool = False
    reason: MissedReason | None = None
    note: Reason | None = None
    waiver: Reason | None = None


class LessonSubstitute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """代课: another teacher."""

    version: Version
    teacher_id: Word
    reason: MissedReason
    onward: bool = False
    note: Reason | None = None
    waiver: Reason | None = None


class LessonStop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """停课, with its reason."""

    version: Version
    reason: MissedReason
    onward: bool = False
    note: Reason | None = None


class LessonMakeUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """补课: a new lesson for one that was cancelled or missed.

    What is not given stays as it was.
    """

    slot: SlotWish
    teacher_id: Word | None = None
    rooms: RoomsWish | None = None
    note: Reason | None = None
    waiver: Reason | None = None


class LessonCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a lesson that is only tried; what is not given stays as it is."""

    lesson_id: Word
    slot: SlotWish | None = None
    teacher_id: Word | None = None
    rooms: RoomsWish | None = None
    onward: bool = False


class TimetableCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dry run: either of a plan (`plan_id` names the one that it changes) or of a lesson."""

    plan: PlanWish | None = None
    plan_id: Word | None = None
    begins: Day | None = None
    lesson: LessonCheck | None = None


# --- answers -------------------------------------------------------------------------------------


class ClashWho(msgspec.Struct, frozen=True):
    """Somebody or something that is wanted twice."""

    kind: WhoKind
    id: str
    name: str


class ClashLesson(msgspec.Struct, frozen=True):
    """A lesson that clashes; `lesson_id` is empty where it does not exist yet."""

    lesson_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    lead_teacher: str


class ClashFound(msgspec.Struct, frozen=True):
    """One broken rule: which, who, the lesson, and those with which it clashes.

    `needed` and `available` are kbit/s, lessons or periods, by the rule.
    """

    rule: ClashRule
    level: ClashLevel
    who: ClashWho
    lesson: ClashLesson
    others: tuple[ClashLesson, ...]
    needed: int | None = None
    available: int | None = None


class CheckResult(msgspec.Struct, frozen=True):
    """Effect that a plan or a change would have.

    `clashes` has the first clashes; `more` says that there are more.
    """

    lessons: int
    clashes: tuple[ClashFound, ...]
    more: bool
    fallen: tuple[FallenLesson, ...]


class LessonChangeNote(msgspec.Struct, frozen=True):
    """One change of a lesson: what, why, by whom, when, and what stood before."""

    version: int
    kind: ChangeKind
    parts: tuple[ChangedPart, ...]
    reason: MissedReason | None
    note: str | None
    waiver: str | None
    by: str
    at: datetime
    before: LessonBefore


class LessonBefore(msgspec.Struct, frozen=True):
    """Time, teacher and lead room of a lesson before a change."""

    starts_at: datetime
    ends_at: datetime
    lead_teacher: str
    lead_room: str | None


class TimetableLesson(msgspec.Struct, frozen=True, kw_only=True):
    """One lesson in the timetable.

    `version` rises with every change and is the SEQUENCE of calendar feeds. `week` is the teaching
    week whose lesson it is; on a make-up day that is another one than the date's. `changed` tells
    that it changed since the moment that was asked about.
    """

    lesson_id: str
    version: int
    changed_at: datetime | None
    changed: bool
    plan_id: str | None
    plan_kind: PlanKind | None
    title: str
    subject: str
    subject_id: str | None
    grade: str
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    state: LessonState
    date: Day
    starts_at: datetime
    ends_at: datetime
    period: int | None
    period_count: int
    week: int | None
    lead_teacher: PersonRef
    lead_room: RoomRef | None
    lead_class: ClassName | None
    seats: tuple[PlanSeat, ...]
    textbook_volume: str | None
    textbook_section: str | None
    change: ChangeKind | None
    reason: MissedReason | None
    note: str | None
    waiver: str | None
    make_up_of: str | None


class LessonDetail(msgspec.Struct, frozen=True):
    """A lesson of the timetable with its changes, newest first, and whether the reader may more."""

    lesson: TimetableLesson
    county_id: str
    changes: tuple[LessonChangeNote, ...]
    may_manage: bool


class LessonsChanged(msgspec.Struct, frozen=True):
    """The lessons that a change has reached; several where it holds from one lesson on."""

    lessons: tuple[TimetableLesson, ...]


class PlansLeft(msgspec.Struct, frozen=True):
    """The number of plans that have yet to follow changed terms, bells and days."""

    plans: int


class WeekDay(msgspec.Struct, frozen=True):
    """A day of a page.

    `kind` is None on a plain day. `teaches` is the date whose lessons a make-up day teaches, and
    `teaches_weekday` the weekday; `week` is the date's own teaching week.
    """

    date: Day
    week: int | None
    parity: Parity | None
    kind: DayKind | None
    name: str
    teaches: Day | None
    teaches_weekday: int | None


class WeekPage(msgspec.Struct, frozen=True, kw_only=True):
    """课表的一周: days, periods and lessons of a teacher, school, room, subject or class.

    Outside of terms, `term_id` and `week` are None. `more` tells that there are more lessons than
    a page holds. `holidays` says for each year of
    the week where its days off come from.
    """

    term_id: str | None
    week: int | None
    weeks: int
    parity: Parity | None
    by: ListKind
    id: str
    name: str
    days: tuple[WeekDay, ...]
    periods: tuple[PeriodTimes, ...]
    lessons: tuple[TimetableLesson, ...]
    more: bool
    holidays: tuple[YearSource, ...]
    may_manage: bool
    since: str
    server_time: datetime


class MyDays(msgspec.Struct, frozen=True):
    """我的课表, and the next days of a room's terminal."""

    days: tuple[WeekDay, ...]
    periods: tuple[PeriodTimes, ...]
    lessons: tuple[TimetableLesson, ...]
    more: bool
    since: str
    server_time: datetime


class TimetableNews(msgspec.Struct, frozen=True):
    """News of lessons that concern the reader: whether any changed after `since` of the question.

    The next question carries the new `since`. `lesson_ids` is empty where too much happened, or the
    server began anew: the page reads everything again.
    """

    since: str
    changed: bool
    lesson_ids: tuple[str, ...]
