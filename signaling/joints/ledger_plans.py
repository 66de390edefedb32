"""The timetable, as the ledger asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.ledger.core.duties import SCHOOL_DAYS
from signaling.ledger.plans import PlanFacts
from signaling.ledger.wire import UnitChange, UnitOrigin
from signaling.lessons.reasons import MissedReason
from signaling.timetable.core.calendar import Calendar, Taught, Term
from signaling.timetable.days import load_days
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.tables import LessonChangeRow, PlannedLessonRow, PlanRow, TermRow
from signaling.timetable.terms import term_of
from signaling.timetable.wire import ChangeKind

_ORIGINS = {
    PlanKind.PERIODIC: UnitOrigin.PERIODIC,
    PlanKind.SINGLE: UnitOrigin.SINGLE,
    PlanKind.HOLIDAY: UnitOrigin.HOLIDAY,
}
_DAY = timedelta(days=1)


class TimetablePlans:
    """Plans, changes and teaching days of counties with a timetable."""

    async def facts(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, PlanFacts]:
        """Return what the plan says of lessons; those of no plan are left out."""
        row = PlannedLessonRow
        query = (
            select(row.lesson_id, row.make_up_of, row.change, row.reason, PlanRow.kind)
            .outerjoin(PlanRow, PlanRow.plan_id == row.plan_id)
            .where(row.lesson_id.in_(lesson_ids))
        )
        found = (await session.execute(query)).all()
        return {
            one.lesson_id: PlanFacts(
                _origin(one.kind, one.make_up_of), _reason(one.change, one.reason)
            )
            for one in found
        }

    async def changes(self, session: AsyncSession, lesson_id: str) -> Sequence[UnitChange]:
        """Return what was changed about a lesson, the first change first."""
        row = LessonChangeRow
        query = select(row).where(row.lesson_id == lesson_id).order_by(row.version, row.at)
        return [
            UnitChange(
                at=one.at,
                by=one.by_name,
                kind=ChangeKind(one.kind).value,
                reason=None if one.reason is None else MissedReason(one.reason),
                note=one.note or "",
            )
            for one in await session.scalars(query)
        ]

    async def teaching_days(
        self, session: AsyncSession, county_id: str, first: date, last: date
    ) -> Mapping[date, int | None]:
        """Return the days of a county on which is taught, each with its teaching week if known.

        A county without any term teaches from Monday to Friday, but on days off.
        """
        rows = await session.scalars(select(TermRow).where(TermRow.county_id == county_id))
        terms = [term_of(row) for row in rows]
        years = range(first.year, last.year + 1)
        days = await load_days(session, county_id, years)
        calendar = Calendar(*days.layers())
        return dict(_taught(calendar, terms, first, last))


def _origin(kind: str | None, make_up_of: str | None) -> UnitOrigin:
    if make_up_of is not None:
        return UnitOrigin.MAKE_UP
    return UnitOrigin.SINGLE if kind is None else _ORIGINS[PlanKind(kind)]


def _reason(change: str | None, reason: str | None) -> MissedReason | None:
    """Return why a lesson was cancelled; the reason of another change explains nothing missed."""
    cancelled = change is not None and ChangeKind(change) is ChangeKind.CANCEL
    return MissedReason(reason) if cancelled and reason is not None else None


def _taught(
    calendar: Calendar, terms: Sequence[Term], first: date, last: date
) -> Iterator[tuple[date, int | None]]:
    day = first
    while day <= last:
        if not terms and day.isoweekday() <= SCHOOL_DAYS and not calendar.is_off(day):
            yield day, None
        for term in terms:
            taught = calendar.taught_on(day, term) if day in term else None
            if isinstance(taught, Taught) and taught.weekday <= SCHOOL_DAYS:
                yield day, term.week_of(day)
        day += _DAY
