"""Published resources that name chapters which an import of the catalogue would drop."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.catalogue.rules import Plan
from signaling.library.versions.tables import PublicationRow

_PART = 500  # chapters of one statement


async def chapters_in_use(session: AsyncSession, county_id: str, plan: Plan) -> int:
    """Return how many chapters that are gone some published resource of the county names."""
    used = 0
    for book, gone in plan.gone.items():
        for start in range(0, len(gone), _PART):
            query = select(func.count(PublicationRow.section.distinct())).where(
                PublicationRow.county_id == county_id,
                PublicationRow.subject == book.subject,
                PublicationRow.edition == book.edition,
                PublicationRow.volume == book.volume,
                PublicationRow.section.in_(gone[start : start + _PART]),
            )
            used += await session.scalar(query) or 0
    return used
