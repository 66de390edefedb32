"""Tables of the timetable: what a county sets, its plans, and what of a lesson is planned."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.codes import DayKind, UnwantedLevel
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.setting_wire import DayLayer
from signaling.timetable.wire import ChangeKind

_COUNTY = "counties.county_id"


class TermRow(Base):
    """学期."""

    __tablename__ = "terms"
    term_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY), index=True)
    name: Mapped[str]
    starts_on: Mapped[date]
    weeks: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


class BellScheduleRow(Base):
    """作息时间 of a county or one school, for a span of dates."""

    __tablename__ = "bell_schedules"
    schedule_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY), index=True)
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.school_id"), index=True)
    name: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class BellPeriodRow(Base):
    """节次 of a bell schedule, in local time."""

    __tablename__ = "bell_periods"
    schedule_id: Mapped[str] = mapped_column(
        ForeignKey("bell_schedules.schedule_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    starts: Mapped[time]
    ends: Mapped[time]
    name: Mapped[str]


class CalendarDayRow(Base):
    """A date that differs from the plain week: by an imported notice, the county or a school.

    `owner_id` is the county's or the school's id. Years that come with the program are no rows.
    """

    __tablename__ = "calendar_days"
    __table_args__ = (
        Index("uq_calendar_days_owner_id", "owner_id", "layer", "on_date", unique=True),
    )
    day_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY), index=True)
    owner_id: Mapped[str]
    layer: Mapped[DayLayer] = mapped_column(String(40))
    on_date: Mapped[date]
    kind: Mapped[DayKind] = mapped_column(String(40))
    name: Mapped[str]
    teaches: Mapped[date | None]
    teaches_weekday: Mapped[int | None]
    notice_year: Mapped[int | None]  # of the imported notice that names the day
    version: Mapped[int] = mapped_column(default=1)


class UnwantedPeriodRow(Base):
    """不宜排课的节次 of a subject, a teacher or a school."""

    __tablename__ = "unwanted_periods"
    wish_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY), index=True)
    period: Mapped[int]
    weekday: Mapped[int | None]
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.subject_id"))
    teacher_id: Mapped[str | None] = mapped_column(ForeignKey("people.person_id"))
    school_id: Mapped[str | None]  # came by a later migration, so without a foreign key
    level: Mapped[UnwantedLevel] = mapped_column(
        String(40), default=UnwantedLevel.AVOID, server_default=UnwantedLevel.AVOID
    )


class PlanRow(Base):
    """排课: what recurs, or single dates. `weeks` is a bitset; `dates` are joined by commas.

    A plan that was ended keeps its row: the lessons that were held point at it.
    """

    __tablename__ = "lesson_plans"
    __table_args__ = (Index("ix_lesson_plans_place", "county_id", "created_at", "plan_id"),)
    plan_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY))
    term_id: Mapped[str | None] = mapped_column(ForeignKey("terms.term_id"), index=True)
    kind: Mapped[PlanKind] = mapped_column(String(40))
    class_kind: Mapped[ClassKind] = mapped_column(String(40))
    delivery_mode: Mapped[DeliveryMode] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.subject_id"))
    title: Mapped[str]
    grade: Mapped[str]
    lead_teacher_id: Mapped[str] = mapped_column(ForeignKey("people.person_id"), index=True)
    lead_room_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.room_id"))
    lead_class_id: Mapped[str | None] = mapped_column(ForeignKey("classes.class_id"))
    weekday: Mapped[int | None]
    weeks: Mapped[int]
    dates: Mapped[str] = mapped_column(String(1000))
    period: Mapped[int | None]
    period_count: Mapped[int]
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    textbook_volume: Mapped[str | None]
    textbook_section: Mapped[str | None]
    waiver: Mapped[str | None] = mapped_column(String(500))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    stale: Mapped[bool] = mapped_column(default=False, index=True)  # terms, bells or days changed
    version: Mapped[int] = mapped_column(default=1)


class PlanRoomRow(Base):
    """A receive room of a plan, and the class that sits in it."""

    __tablename__ = "plan_rooms"
    plan_id: Mapped[str] = mapped_column(
        ForeignKey("lesson_plans.plan_id", ondelete="CASCADE"), primary_key=True
    )
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.room_id"), primary_key=True, index=True)
    class_id: Mapped[str | None] = mapped_column(ForeignKey("classes.class_id"))
    position: Mapped[int]


class PlannedLessonRow(Base):
    """Planned part of a lesson; its time, people and rooms are in `lessons`.

    `source` is the date whose lesson it is: it identifies the lesson within its plan. `parts` are
    those that were changed by themselves, joined by commas: the plan keeps its hands off them.
    """

    __tablename__ = "planned_lessons"
    __table_args__ = (Index("ix_planned_lessons_plan_id", "plan_id", "source"),)
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("lesson_plans.plan_id"))
    county_id: Mapped[str] = mapped_column(ForeignKey(_COUNTY), index=True)
    term_id: Mapped[str | None] = mapped_column(ForeignKey("terms.term_id"), index=True)
    source: Mapped[date]
    on_date: Mapped[date]
    week: Mapped[int | None]  # the teaching week of `source`
    period: Mapped[int | None]
    period_count: Mapped[int] = mapped_column(server_default=text("1"))
    parts: Mapped[str] = mapped_column(String(100), default="", server_default="")
    change: Mapped[ChangeKind | None] = mapped_column(String(40))  # the newest change
    reason: Mapped[MissedReason | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(500))
    waiver: Mapped[str | None] = mapped_column(String(500))
    make_up_of: Mapped[str | None] = mapped_column(ForeignKey("lessons.lesson_id"), index=True)


class LessonChangeRow(Base):
    """One change of a lesson, with what stood before as JSON."""

    __tablename__ = "lesson_changes"
    __table_args__ = (Index("ix_lesson_changes_lesson_id", "lesson_id", "version"),)
    change_id: Mapped[str] = mapped_column(primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.lesson_id", ondelete="CASCADE"))
    version: Mapped[int]  # of the lesson, after the change
    kind: Mapped[ChangeKind] = mapped_column(String(40))
    parts: Mapped[str] = mapped_column(String(100))
    reason: Mapped[MissedReason | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(500))
    waiver: Mapped[str | None] = mapped_column(String(500))
    by_id: Mapped[str | None]
    by_name: Mapped[str]
    at: Mapped[datetime]
    before: Mapped[str] = mapped_column(Text)
