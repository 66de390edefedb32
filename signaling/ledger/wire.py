"""The REST API's bodies about the ledger (开课台账).

The unit is one class at one receive room in one lesson. Days are of the county's time zone, both
ends of a range included. Minutes are whole; a rate is 0…1 or more, None where nothing was due.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.wire import OrgLevel
from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode, HeadcountChange, LessonState

Version = Annotated[int, msgspec.Meta(ge=0)]


class UnitOutcome(StrEnum):
    """Outcome of a unit: 未到, 进行中, 实开, 未开. ``withdrawn``: taken back in the plan."""

    UPCOMING = "upcoming"
    LIVE = "live"
    HELD = "held"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class UnitOrigin(StrEnum):
    """Origin of a lesson in the plan: 周期排课, 临时排课, 补课, 假期排课 (counts for no week)."""

    PERIODIC = "periodic"
    SINGLE = "single"
    MAKE_UP = "make_up"
    HOLIDAY = "holiday"


class MissedCause(StrEnum):
    """A missed unit: 待说明, 因故, 无故."""

    AWAITING = "awaiting"
    EXCUSED = "excused"
    UNEXCUSED = "unexcused"


class LedgerGrouping(StrEnum):
    """Grouping of rows of totals: ``school`` gives lessons, ``point`` receives them."""

    COUNTY = "county"
    SCHOOL = "school"
    POINT = "point"
    CLASS = "class"
    SUBJECT = "subject"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class LedgerArea(msgspec.Struct, frozen=True):
    """A county, or a node of the org tree above counties; ``whole``: the reader sees all of it."""

    node_id: str
    name: str
    level: OrgLevel
    above: str | None
    whole: bool


class LedgerAreaList(msgspec.Struct, frozen=True):
    """Areas, the own county first; ``more``: there are others, to be found by their names."""

    areas: tuple[LedgerArea, ...]
    more: bool


class LedgerFigures(msgspec.Struct, frozen=True):
    """计划 planned, 应开 required, 已到 due, 实开 held, 有效 valid, 看得到的 seen_minutes, 开课率.

    ``planned`` counts what the timetable holds, ``due`` what of it is over. ``required`` follows
    the requirements; where there is none for a grade and subject, what was due. ``extra`` are held
    lessons of holidays, which count nowhere else. ``pupils`` is the sum over ``counted`` units.
    """

    planned: int
    due: int
    required: int
    held: int
    valid: int
    extra: int
    excused: int
    unexcused: int
    awaiting: int
    present_minutes: int
    seen_minutes: int
    counted: int
    pupils: int
    delivery_rate: float | None


class Completeness(msgspec.Struct, frozen=True):
    """开齐 and 开足 of classes, and 教学点覆盖率: points where anything was held, of all."""

    classes: int  # for which subjects are required
    complete: int  # every required subject was held
    sufficient: int  # every required subject was held as often as required
    points: int
    covered_points: int


class LedgerRow(msgspec.Struct, frozen=True):
    """One group. ``key`` is an id, a subject, a date, or a month (YYYY-MM).

    ``label`` names it; ``week`` is the teaching week of a week's row, where a term is known.
    ``lacking`` are a class's subjects that are required and were not held (开齐), ``short`` those
    that were held too seldom (开足).
    """

    key: str
    label: str
    parent: str  # the point of a class, the county of a school; empty if there is none
    week: int | None
    figures: LedgerFigures
    lacking: tuple[str, ...]
    short: tuple[str, ...]


class LedgerTotals(msgspec.Struct, frozen=True):
    """A page of groups, and the sum over all groups. ``frozen`` are the months already reported."""

    first: date
    last: date
    by: LedgerGrouping
    total: LedgerFigures
    completeness: Completeness
    rows: tuple[LedgerRow, ...]
    frozen: tuple[str, ...]
    corrections: int  # in the frozen months
    next: str | None


class HeatCell(msgspec.Struct, frozen=True):
    """One point in one week; ``week`` is its Monday."""

    week: date
    required: int
    held: int
    missed: int


class HeatRow(msgspec.Struct, frozen=True):
    """One point over the weeks; a week without lessons has no cell."""

    school_id: str
    school: str
    cells: tuple[HeatCell, ...]


class LedgerHeat(msgspec.Struct, frozen=True):
    """Points × weeks, a page of points by name."""

    weeks: tuple[date, ...]
    rows: tuple[HeatRow, ...]
    next: str | None


class LedgerUnit(msgspec.Struct, frozen=True):
    """One class at one receive room in one lesson.

    ``may_explain``, ``may_confirm`` and ``may_count`` say what the reader may do with it.
    """

    lesson_id: str
    room_id: str
    day: date
    starts_at: datetime
    ends_at: datetime
    title: str
    subject: str
    grade: str
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    origin: UnitOrigin
    lead_teacher: str
    lead_school: str
    school_id: str
    school: str
    room: str
    class_name: str
    state: LessonState
    outcome: UnitOutcome
    valid: bool
    present_minutes: int
    seen_minutes: int
    exact: bool  # False: a former version kept only that the room came
    headcount: int | None
    cause: MissedCause | None
    reason: MissedReason | None
    confirmed: bool
    may_explain: bool
    may_confirm: bool
    may_count: bool
    version: int


class LedgerUnitList(msgspec.Struct, frozen=True):
    """Units by time, the newest first."""

    units: tuple[LedgerUnit, ...]
    next: str | None


class ReasonEntry(msgspec.Struct, frozen=True):
    """One entry about why a unit was missed.

    ``confirms``: the county says so. ``returns``: the county asks again, and ``note`` says why.
    """

    at: datetime
    by: str
    reason: MissedReason
    note: str
    confirms: bool
    returns: bool


class MissedUnit(msgspec.Struct, frozen=True):
    """A missed unit with the last entry about it, if there is one."""

    unit: LedgerUnit
    said: ReasonEntry | None


class MissedUnitList(msgspec.Struct, frozen=True):
    """Missed units by time, the newest first."""

    units: tuple[MissedUnit, ...]
    next: str | None


class PresenceSpan(msgspec.Struct, frozen=True):
    """Somebody was there from when to when; ``left_at`` None: still there."""

    participant_id: str
    joined_at: datetime
    left_at: datetime | None
    exact: bool


class UnitChange(msgspec.Struct, frozen=True):
    """Change of the lesson in the timetable: 调课, 代课, 补课, 停课."""

    at: datetime | None
    by: str
    kind: str
    reason: MissedReason | None
    note: str


class LedgerCorrection(msgspec.Struct, frozen=True):
    """更正: a change after the month was reported, by what it counted before and counts now."""

    correction_id: str
    at: datetime
    by: str
    month: str
    day: date
    lesson_id: str | None
    room_id: str | None
    school: str
    class_name: str
    subject: str
    before: LedgerFigures
    after: LedgerFigures


class PlayedResource(msgspec.Struct, frozen=True):
    """资源推送: what the room watched of one resource, and between which moments.

    Each second of a resource counts once. ``first_at`` is when the first report of it was made.
    """

    resource_id: str
    title: str
    length_seconds: int
    watched_seconds: int
    first_at: datetime
    last_at: datetime


class LedgerEvidence(msgspec.Struct, frozen=True):
    """A unit with its evidence: who was there, how many, what they saw, what was changed.

    ``needed_seconds`` are those that the room had to watch for the lesson to be held; None where
    it was no lesson of 资源推送.
    """

    unit: LedgerUnit
    held_from: datetime | None
    held_to: datetime | None
    cancel_reason: str | None
    recording_id: str | None
    presence: tuple[PresenceSpan, ...]  # of the lead teacher and the room
    headcounts: tuple[HeadcountChange, ...]
    seen_seconds: int
    reasons: tuple[ReasonEntry, ...]
    changes: tuple[UnitChange, ...]
    corrections: tuple[LedgerCorrection, ...]
    played: tuple[PlayedResource, ...]
    needed_seconds: int | None


class ExportWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """导出报表: the part of the ledger that goes into a workbook, as `totals` takes it."""

    first: date
    last: date
    language: WorkbookLanguage = WorkbookLanguage.ZH
    county: Word | None = None
    point: Word | None = None
    class_: Word | None = msgspec.field(default=None, name="class")
    subject: Name | None = None
    node: Word | None = None


class LedgerExport(msgspec.Struct, frozen=True):
    """The workbook that was made: `/api/files/<file_id>/content`. ``rows`` are those of lessons."""

    file_id: str
    name: str
    rows: int
