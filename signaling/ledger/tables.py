"""Tables of the ledger.

They have no foreign keys and keep the names of what they are about: no deletion of a school, room,
class or person takes anything out of the ledger.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.ledger.wire import MissedCause, UnitOrigin, UnitOutcome
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState

PATH_CHARS = 1000  # as `org_nodes.path`
NOBODY = ""  # the class of a room for which none is named; the school of a lesson without one


class LedgerUnitRow(Base):
    """One class at one receive room in one lesson, as it was counted last.

    `path` is that of the point's school in the org tree, `lead_path` that of the school that gives.
    `by_plan`: no requirement names the grade and subject. `version` counts the changes.
    """

    __tablename__ = "ledger_units"
    __table_args__ = (
        Index("ix_ledger_units_county_id", "county_id", "day"),
        Index("ix_ledger_units_room_id", "room_id", "day"),
        Index("ix_ledger_units_school_id", "school_id", "day"),
        Index("ix_ledger_units_lead_teacher_id", "lead_teacher_id", "day"),
        Index("ix_ledger_units_cause", "cause", "starts_at"),
        Index("ix_ledger_units_cell", "day", "room_id", "class_id", "subject"),
    )
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str]
    path: Mapped[str] = mapped_column(String(PATH_CHARS))
    school_id: Mapped[str]
    school: Mapped[str]
    room: Mapped[str]
    class_id: Mapped[str]
    class_name: Mapped[str]
    grade: Mapped[str]
    subject: Mapped[str]
    lead_school_id: Mapped[str]
    lead_school: Mapped[str]
    lead_path: Mapped[str] = mapped_column(String(PATH_CHARS))
    lead_teacher_id: Mapped[str]
    lead_teacher: Mapped[str]
    title: Mapped[str]
    class_kind: Mapped[ClassKind] = mapped_column(String(40))
    delivery_mode: Mapped[DeliveryMode] = mapped_column(String(40))
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[LessonState] = mapped_column(String(40))
    lesson_version: Mapped[int]
    origin: Mapped[UnitOrigin] = mapped_column(String(40))
    by_plan: Mapped[bool]
    outcome: Mapped[UnitOutcome] = mapped_column(String(40))
    valid: Mapped[bool]
    present_s: Mapped[int]
    seen_s: Mapped[int]
    exact: Mapped[bool]
    headcount: Mapped[int | None]
    cause: Mapped[MissedCause | None] = mapped_column(String(40))
    reason: Mapped[MissedReason | None] = mapped_column(String(40))
    confirmed: Mapped[bool]
    formula: Mapped[int]
    counted_at: Mapped[datetime]
    version: Mapped[int]


class LedgerDayRow(Base):
    """The sums of one class, subject and giving school on one day: the aggregate."""

    __tablename__ = "ledger_days"
    __table_args__ = (Index("ix_ledger_days_county_id", "county_id", "day"),)
    day: Mapped[date] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(primary_key=True)
    class_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    lead_school_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str]
    path: Mapped[str] = mapped_column(String(PATH_CHARS))
    school_id: Mapped[str]
    school: Mapped[str]
    room: Mapped[str]
    class_name: Mapped[str]
    lead_school: Mapped[str]
    lead_path: Mapped[str] = mapped_column(String(PATH_CHARS))
    planned: Mapped[int]
    due: Mapped[int]
    free_due: Mapped[int]
    held: Mapped[int]
    valid: Mapped[int]
    extra: Mapped[int]
    excused: Mapped[int]
    unexcused: Mapped[int]
    awaiting: Mapped[int]
    present_s: Mapped[int]
    seen_s: Mapped[int]
    counted: Mapped[int]
    pupils: Mapped[int]


class LedgerDutyRow(Base):
    """应开: periods of a subject that a requirement asked of a class on a day."""

    __tablename__ = "ledger_duties"
    __table_args__ = (Index("ix_ledger_duties_county_id", "county_id", "day"),)
    day: Mapped[date] = mapped_column(primary_key=True)
    class_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str]
    path: Mapped[str] = mapped_column(String(PATH_CHARS))
    school_id: Mapped[str]
    school: Mapped[str]
    class_name: Mapped[str]
    grade: Mapped[str]
    periods: Mapped[int]
    requirement_id: Mapped[str]


class LedgerMarkRow(Base):
    """The last day up to which the duties of a county are written."""

    __tablename__ = "ledger_marks"
    county_id: Mapped[str] = mapped_column(primary_key=True)
    duties_to: Mapped[date]


class RequirementRow(Base):
    """应开: periods a week of a subject in a grade, for all classes below an org node.

    `by_name` made or changed it last; rows of former versions name nobody.
    """

    __tablename__ = "requirements"
    __table_args__ = (Index("ix_requirements_node_id", "node_id", "grade", "subject"),)
    requirement_id: Mapped[str] = mapped_column(primary_key=True)
    node_id: Mapped[str]
    grade: Mapped[str]
    subject: Mapped[str]
    periods: Mapped[int]
    first: Mapped[date]
    last: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    by_name: Mapped[str] = mapped_column(default=NOBODY, server_default=text("''"))
    at: Mapped[datetime | None]


class MissedReasonRow(Base):
    """One entry about why a unit was missed; the last one counts.

    `confirms`: by the county. `returns`: the county gave the reason back, so none counts.
    """

    __tablename__ = "missed_reasons"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0, in the order of giving
    reason: Mapped[MissedReason] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str]
    by_name: Mapped[str]
    confirms: Mapped[bool]
    returns: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]


class LedgerMonthRow(Base):
    """上报: a month of a county, frozen with its formula. `report` is a `core.frozen.Frozen`."""

    __tablename__ = "ledger_months"
    county_id: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  # YYYY-MM
    formula: Mapped[int]
    valid_minutes: Mapped[int]
    frozen_at: Mapped[datetime]
    frozen_by: Mapped[str]
    report: Mapped[dict[str, Any]] = mapped_column(JSON)


class CorrectionRow(Base):
    """更正: what a unit counted when its month was reported, or last, and what it counts now."""

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_county_id", "county_id", "month"),)
    correction_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str]
    month: Mapped[str] = mapped_column(String(7))
    at: Mapped[datetime]
    by_name: Mapped[str]
    lesson_id: Mapped[str] = mapped_column(index=True)
    room_id: Mapped[str]
    path: Mapped[str] = mapped_column(String(PATH_CHARS))
    day: Mapped[date]
    school: Mapped[str]
    class_name: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
