"""Bodies about plans (排课): what is wished, and what stands.

Dates are those of the county's time zone, YYYY-MM-DD.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Name, Reason, Title
from signaling.base.text import Word, line
from signaling.directory.wire import PersonRef, RoomRef
from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.codes import SkipReason
from signaling.timetable.setting_wire import Version, Weekday

MAX_SEATS = 16  # teaching points of one lesson; 1–3 is usual, 8 the most (DOMAIN)
MAX_DATES = 60  # of a plan of single dates

Day = date
PeriodNumber = Annotated[int, Meta(ge=1, le=16)]
WeeksText = Annotated[str, line(120)]
Textbook = Annotated[str, line(80)]


class PlanKind(StrEnum):
    """周期排课 / 临时排课 / 假期排课."""

    PERIODIC = "periodic"
    SINGLE = "single"
    HOLIDAY = "holiday"


class ClassName(msgspec.Struct, frozen=True):
    """班级, by name."""

    class_id: str
    name: str


class SubjectName(msgspec.Struct, frozen=True):
    """学科, by name."""

    subject_id: str
    name: str


class SeatWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receive room, and the class that sits in it."""

    room_id: Word
    class_id: Word | None = None


Seats = Annotated[tuple[SeatWish, ...], Meta(max_length=MAX_SEATS)]


class RoomsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rooms in which a lesson is to take place."""

    seats: Seats
    lead_room_id: Word | None = None


class PlanWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """新建排课.

    周期排课 has `weekday` and `weeks` (such as 1-4,6-17周 or 单周); the others have `dates`. The
    time is a period of the lead room's school, or both local times. A hard clash is refused unless
    `waiver` gives a reason to bear it.
    """

    county_id: Word
    kind: PlanKind
    class_kind: ClassKind
    subject_id: Word
    title: Title
    grade: Name
    lead_teacher_id: Word
    term_id: Word | None = None
    delivery_mode: DeliveryMode = DeliveryMode.LEAD_WITH_PUPILS
    lead_room_id: Word | None = None
    lead_class_id: Word | None = None
    seats: Seats = ()
    weekday: Weekday | None = None
    weeks: WeeksText | None = None
    dates: Annotated[tuple[Day, ...], Meta(max_length=MAX_DATES)] = ()
    period: PeriodNumber | None = None
    period_count: PeriodNumber = 1
    starts: time | None = None
    ends: time | None = None
    textbook_volume: Textbook | None = None
    textbook_section: Textbook | None = None
    waiver: Reason | None = None


class PlanChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A changed plan, from a date on.

    Lessons before `begins` stay, and those whose time, teacher or rooms were changed by themselves
    keep that. Without a date all future lessons follow.
    """

    version: Version
    plan: PlanWish
    begins: Day | None = None


class PlanEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """删除以后的课: the future lessons of a plan from a date on are taken out."""

    version: Version
    begins: Day | None = None


class PlanSeat(msgspec.Struct, frozen=True):
    """A receive room of a plan or a lesson, and its class."""

    room: RoomRef
    class_: ClassName | None = msgspec.field(name="class", default=None)


class FallenLesson(msgspec.Struct, frozen=True):
    """A planned date that does not occur, or occurs without a room, and why."""

    date: Day
    week: int | None
    reason: SkipReason
    name: str
    room: RoomRef | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """排课: a plan with its names. `weeks` is the text, `week_numbers` are the same weeks."""

    plan_id: str
    version: int
    county_id: str
    term_id: str | None
    kind: PlanKind
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    subject: SubjectName
    title: str
    grade: str
    lead_teacher: PersonRef
    lead_room: RoomRef | None
    lead_class: ClassName | None
    seats: tuple[PlanSeat, ...]
    weekday: int | None
    weeks: str
    week_numbers: tuple[int, ...]
    dates: tuple[Day, ...]
    period: int | None
    period_count: int
    starts: time | None
    ends: time | None
    textbook_volume: str | None
    textbook_section: str | None


class PlanOutcome(msgspec.Struct, frozen=True):
    """A plan after it was written, and what became of its lessons.

    `years_without_holidays` are years of the plan for which no days off are known.
    """

    plan: Plan
    created: int
    changed: int
    removed: int
    kept: int
    fallen: tuple[FallenLesson, ...]
    years_without_holidays: tuple[int, ...]


class PlanList(msgspec.Struct, frozen=True):
    """Plans, newest first; `next` continues the list."""

    plans: tuple[Plan, ...]
    next: str | None
