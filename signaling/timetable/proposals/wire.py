"""The REST API's bodies about proposals (自动排课)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Name, Title
from signaling.base.text import Word
from signaling.directory.wire import PersonRef, RoomRef
from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.plan_wire import PeriodNumber, PlanSeat, Seats, Textbook, WeeksText
from signaling.timetable.proposals.core.named_rules import RuleKind
from signaling.timetable.setting_wire import Version, Weekday

MAX_NEEDS = 200  # of one wish: 30 points in pairs with five subjects are 75
MAX_CHOICES = 4  # teachers or lead rooms of one need
MAX_WEEKLY = 10  # lessons of one need in a week
MAX_PERIODS_NAMED = 112  # seven days of sixteen periods
MAX_ABSENCES = 50


class ProposalState(StrEnum):
    """待采纳 / 已采纳 / 已放弃."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


# --- wishes --------------------------------------------------------------------------------------


class WeekPeriod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A period of a weekday."""

    weekday: Weekday
    period: PeriodNumber


class NeedWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A subject that some classes are to have together.

    `lengths` has an entry for each lesson of a week: its periods. With `alternate` each lesson is
    given every second week, 单 or 双 as it fits. Without `slots` every period will do. Of teachers
    and lead rooms the first one is preferred.
    """

    subject_id: Word
    title: Title
    grade: Name
    class_kind: ClassKind
    lead_teacher_ids: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=MAX_CHOICES)]
    lengths: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=4)], ...], Meta(min_length=1, max_length=MAX_WEEKLY)
    ]
    weeks: WeeksText
    alternate: bool = False
    delivery_mode: DeliveryMode = DeliveryMode.LEAD_WITH_PUPILS
    lead_room_ids: Annotated[tuple[Word, ...], Meta(max_length=MAX_CHOICES)] = ()
    lead_class_id: Word | None = None
    seats: Seats = ()
    slots: Annotated[tuple[WeekPeriod, ...], Meta(max_length=MAX_PERIODS_NAMED)] = ()
    textbook_volume: Textbook | None = None


class AbsenceWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A teacher who is away, in some periods or (without them) in all, to the end of the term.

    Others of the school who give the subject may take over the teacher's lessons.
    """

    teacher_id: Word
    slots: Annotated[tuple[WeekPeriod, ...], Meta(max_length=MAX_PERIODS_NAMED)] = ()


class ProposalWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """自动排课 for the lessons that one school leads.

    The proposal holds from the first Monday on or after `begins`. With `move_plans` the weekly
    plans of the school may be moved where it must be, and as little as possible.
    """

    county_id: Word
    term_id: Word
    school_id: Word
    begins: date
    needs: Annotated[tuple[NeedWish, ...], Meta(max_length=MAX_NEEDS)] = ()
    move_plans: bool = True
    absences: Annotated[tuple[AbsenceWish, ...], Meta(max_length=MAX_ABSENCES)] = ()
    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)] = (1, 2, 3, 4, 5)
    limit_s: Annotated[int, Meta(ge=5, le=120)] = 60


class ProposalDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """采纳 or 放弃 of a proposal as it was read."""

    version: Version


# --- answers -------------------------------------------------------------------------------------


class ProposedPlace(msgspec.Struct, frozen=True):
    """Place where a weekly lesson stands, or is to stand."""

    weekday: int
    period: int
    weeks: str
    lead_teacher: PersonRef
    lead_room: RoomRef | None


class RuleOf(msgspec.Struct, frozen=True):
    """A named rule: whose it is, by id and name; for `allowed_slots` the lesson's title."""

    kind: RuleKind
    id: str
    name: str


class RuleBlocking(msgspec.Struct, frozen=True):
    """A rule that keeps a lesson from so many of its places."""

    rule: RuleOf
    places: int


class ProposedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A weekly lesson of a proposal.

    `plan_id` is None for a new one. `place` is None where there is none; then `blocked_by` says
    why, of `places` that there would be. `before` is where it stands now.
    """

    plan_id: str | None
    title: str
    subject: str
    grade: str
    period_count: int
    seats: tuple[PlanSeat, ...]
    place: ProposedPlace | None
    before: ProposedPlace | None
    moved: bool
    places: int
    blocked_by: tuple[RuleBlocking, ...]


class RuleConflict(msgspec.Struct, frozen=True):
    """Rules that cannot be kept together with these lessons.

    Where `proved` is true, the lessons fit without any one of the rules.
    """

    rules: tuple[RuleOf, ...]
    lessons: tuple[str, ...]
    proved: bool


class ProposalSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal of a list.

    `ready` tells that the search is over; until then `job_id` has its progress. Once it is
    accepted, `job_id` is the job that writes it.
    """

    proposal_id: str
    version: int
    state: ProposalState
    ready: bool
    job_id: str
    county_id: str
    term_id: str
    school_id: str
    school: str
    begins: date
    made_by: str
    made_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    placed: int
    unplaced: int
    moved: int


class ProposalDetail(msgspec.Struct, frozen=True):
    """A proposal with its lessons. `optimal` tells that nothing better exists."""

    summary: ProposalSummary
    lessons: tuple[ProposedLesson, ...]
    conflicts: tuple[RuleConflict, ...]
    optimal: bool


class ProposalList(msgspec.Struct, frozen=True):
    """Proposals, newest first; `next` continues the list."""

    proposals: tuple[ProposalSummary, ...]
    next: str | None
