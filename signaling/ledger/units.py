"""Reading units: in pages, and one with its evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.ledger.tables import CorrectionRow, LedgerUnitRow, MissedReasonRow
from signaling.ledger.visibility import (
    UNIT_PREDICATES,
    of_class,
    owns,
    reads,
    under,
    units_in,
)
from signaling.ledger.wire import (
    LedgerUnit,
    MissedCause,
    ReasonEntry,
    UnitOrigin,
    UnitOutcome,
)
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState

PAGE_UNITS = 100
_SEARCHED = (
    *(LedgerUnitRow.school, LedgerUnitRow.class_name, LedgerUnitRow.subject),
    *(LedgerUnitRow.lead_teacher, LedgerUnitRow.title),
)
MAX_CORRECTIONS = 50  # of one unit that are shown, the newest
_COPIED = (
    *("lesson_id", "room_id", "day", "starts_at", "ends_at", "title", "subject", "grade"),
    *("lead_teacher", "lead_school", "school_id", "school", "room", "class_name"),
    *("valid", "exact", "headcount", "confirmed", "version"),
)


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """The units that are asked for; None leaves a field open.

    Attributes:
        first: the first day.
        last: the last day, included.
        county_id: of the points.
        school_id: the point.
        class_id: the class, or the room for which none is named.
        subject: the subject.
        node_path: the points lie below this node of the org tree.
        outcomes: what became of them.
        causes: why they were missed.
        confirmed: whether the county has confirmed the reason.
        words: each of them names the school, class, subject, teacher or lesson.
    """

    first: date | None = None
    last: date | None = None
    county_id: str | None = None
    school_id: str | None = None
    class_id: str | None = None
    subject: str | None = None
    node_path: str | None = None
    outcomes: Collection[UnitOutcome] | None = None
    causes: Collection[MissedCause] | None = None
    confirmed: bool | None = None
    words: tuple[str, ...] = ()

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on units."""
        row = LedgerUnitRow
        conditions: list[ColumnElement[bool]] = [
            column == wanted
            for column, wanted in (
                (row.county_id, self.county_id),
                (row.school_id, self.school_id),
                (row.subject, self.subject),
                (row.confirmed, self.confirmed),
            )
            if wanted is not None
        ]
        if self.class_id is not None:
            conditions.append(of_class(row, self.class_id))
        if self.node_path is not None:
            conditions.append(under(row.path, {self.node_path}))
        if self.first is not None:
            conditions.append(row.day >= self.first)
        if self.last is not None:
            conditions.append(row.day <= self.last)
        if self.outcomes is not None:
            conditions.append(row.outcome.in_(self.outcomes))
        if self.causes is not None:
            conditions.append(row.cause.in_(self.causes))
        for word in self.words:
            conditions += mentions(word, _SEARCHED)
        return and_(True, *conditions)


class UnitReader:
    """Units, as actors may see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, actor: Actor, wanted: UnitFilter, after: Place | None, action: Action
    ) -> tuple[Sequence[LedgerUnitRow], Place | None]:
        """Return a page of the units to which the actor may do this, the newest first."""
        row = LedgerUnitRow
        visible = permitted(actor, action, UNIT_PREDICATES, units_in)
        query = select(row).where(visible, wanted.condition())
        place = tuple_(row.starts_at, row.lesson_id, row.room_id)
        if after is not None:
            lesson_id, _, room_id = after.row_id.rpartition(".")
            query = query.where(place < tuple_(after.at, lesson_id, room_id))
        query = query.order_by(row.starts_at.desc(), row.lesson_id.desc(), row.room_id.desc())
        async with self._database.read() as session:
            found = (await session.scalars(query.limit(PAGE_UNITS + 1))).all()
        if len(found) <= PAGE_UNITS:
            return found, None
        last = found[PAGE_UNITS - 1]
        return found[:PAGE_UNITS], Place(last.starts_at, f"{last.lesson_id}.{last.room_id}")

    async def said(self, rows: Sequence[LedgerUnitRow]) -> Mapping[tuple[str, str], ReasonEntry]:
        """Return the last entry about each unit, by lesson and room."""
        async with self._database.read() as session:
            return await last_said(session, rows)


async def visible_unit(
    session: AsyncSession, actor: Actor, lesson_id: str, room_id: str
) -> LedgerUnitRow:
    """Return a unit that the actor may see. Raises NotFound."""
    row = await session.get(LedgerUnitRow, (lesson_id, room_id))
    if row is None or not granted(Action.READ_LEDGER_UNIT, reads(actor, row)):
        raise NotFound(code=ProblemCode.UNIT_NOT_FOUND)
    return row


async def reasons_of(session: AsyncSession, row: LedgerUnitRow) -> tuple[ReasonEntry, ...]:
    """Return what was said about why a unit was missed, the first entry first."""
    query = (
        select(MissedReasonRow)
        .where(MissedReasonRow.lesson_id == row.lesson_id, MissedReasonRow.room_id == row.room_id)
        .order_by(MissedReasonRow.number)
    )
    return tuple(_entry(one) for one in await session.scalars(query))


async def last_said(
    session: AsyncSession, rows: Sequence[LedgerUnitRow]
) -> Mapping[tuple[str, str], ReasonEntry]:
    """Return the last entry about each unit, by lesson and room."""
    one = MissedReasonRow
    keys = [(row.lesson_id, row.room_id) for row in rows]
    query = select(one).where(tuple_(one.lesson_id, one.room_id).in_(keys)).order_by(one.number)
    return {(row.lesson_id, row.room_id): _entry(row) for row in await session.scalars(query)}


def _entry(row: MissedReasonRow) -> ReasonEntry:
    reason = MissedReason(row.reason)
    return ReasonEntry(row.at, row.by_name, reason, row.note, row.confirms, row.returns)


async def corrections_of(session: AsyncSession, row: LedgerUnitRow) -> Sequence[CorrectionRow]:
    """Return the corrections of a unit, the newest first."""
    query = (
        select(CorrectionRow)
        .where(CorrectionRow.lesson_id == row.lesson_id, CorrectionRow.room_id == row.room_id)
        .order_by(CorrectionRow.at.desc(), CorrectionRow.correction_id)
        .limit(MAX_CORRECTIONS)
    )
    return (await session.scalars(query)).all()


def shown(row: LedgerUnitRow, actor: Actor) -> LedgerUnit:
    """Return a unit as the API shows it to an actor."""
    missed = UnitOutcome(row.outcome) is UnitOutcome.MISSED
    held = UnitOutcome(row.outcome) is UnitOutcome.HELD
    stands = owns(actor, row)
    copied: dict[str, Any] = {name: getattr(row, name) for name in _COPIED}
    return LedgerUnit(
        **copied,
        class_kind=ClassKind(row.class_kind),
        delivery_mode=DeliveryMode(row.delivery_mode),
        origin=UnitOrigin(row.origin),
        state=LessonState(row.state),
        outcome=UnitOutcome(row.outcome),
        present_minutes=row.present_s // 60,
        seen_minutes=row.seen_s // 60,
        cause=None if row.cause is None else MissedCause(row.cause),
        reason=None if row.reason is None else MissedReason(row.reason),
        may_explain=missed and granted(Action.EXPLAIN_MISSED, stands) and not row.confirmed,
        may_confirm=missed and granted(Action.CONFIRM_MISSED, stands),
        may_count=held and granted(Action.AMEND_HEADCOUNT, stands),
    )
