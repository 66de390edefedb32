"""The timetable's terms, as consent asks for them."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.consent.asked import TermFacts
from signaling.timetable.tables import TermRow
from signaling.timetable.terms import term_of


class TimetableTerms:
    """Terms of counties with a timetable."""

    async def term(self, session: AsyncSession, term_id: str) -> TermFacts | None:
        """Return one term."""
        row = await session.get(TermRow, term_id)
        return None if row is None else _facts(row)

    async def now(self, session: AsyncSession, county_id: str, today: date) -> TermFacts | None:
        """Return the term under way, or else the next, or else the last one."""
        query = select(TermRow).where(TermRow.county_id == county_id).order_by(TermRow.starts_on)
        terms = [_facts(row) for row in await session.scalars(query)]
        return next((one for one in terms if one.last >= today), terms[-1] if terms else None)


def _facts(row: TermRow) -> TermFacts:
    last = term_of(row).end - timedelta(days=1)
    return TermFacts(row.term_id, row.county_id, row.name, row.starts_on, last)
