"""Facts of a county for planning, read at once: term, days, bells, and what lessons share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, tzinfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import SchoolRow
from signaling.timetable.bells import load_schedules
from signaling.timetable.core.bells import BellBook
from signaling.timetable.core.bookings import Limits
from signaling.timetable.core.calendar import Calendar, Term
from signaling.timetable.core.expansion import Surroundings
from signaling.timetable.days import DayBook, load_days
from signaling.timetable.setting_wire import HolidaySource
from signaling.timetable.unwanted import load_unwanted

_KBPS = 1000  # of one Mbit/s


@dataclass(frozen=True, slots=True)
class Reading:
    """Surroundings, and the years for which no days off are known."""

    around: Surroundings
    days: DayBook

    @property
    def unknown_years(self) -> tuple[int, ...]:
        """The years whose holiday notice must be imported."""
        sources = self.days.sources.items()
        return tuple(year for year, source in sources if source is HolidaySource.NONE)


async def load_surroundings(
    session: AsyncSession,
    county_id: str,
    term: Term | None,
    *,
    school_ids: Iterable[str | None],
    dates: Collection[date] = (),
    zone: tzinfo,
) -> Reading:
    """Return what plans of a county need.

    Args:
        session: reads.
        county_id: whose settings.
        term: the term; its years are read.
        school_ids: schools whose own days and bells count.
        dates: other days whose years are read.
        zone: the county's time zone.
    """
    schools = {school_id for school_id in school_ids if school_id is not None}
    years = {day.year for day in dates}
    if term is not None:
        years |= {term.starts_on.year, term.end.year}
    days = await load_days(session, county_id, years, schools)
    schedules = await load_schedules(session, county_id, schools)
    around = Surroundings(
        term=term,
        county=Calendar(*days.layers()),
        schools={school: Calendar(*days.layers(school)) for school in schools & days.schools},
        bells=BellBook(schedule for _, schedule in schedules),
        zone=zone,
    )
    return Reading(around, days)


async def load_limits(
    session: AsyncSession, county_id: str, school_ids: Iterable[str], relay_mbps: int
) -> Limits:
    """Return what the lessons of some schools share."""
    wanted = set(school_ids)
    rows = await session.execute(
        select(SchoolRow.school_id, SchoolRow.uplink_mbps, SchoolRow.max_lessons).where(
            SchoolRow.school_id.in_(wanted)
        )
    )
    found = rows.all()
    return Limits(
        uplink_kbps={
            row.school_id: round(row.uplink_mbps * _KBPS)
            for row in found
            if row.uplink_mbps is not None
        },
        max_lessons={
            row.school_id: row.max_lessons for row in found if row.max_lessons is not None
        },
        relay_kbps=relay_mbps * _KBPS,
        unwanted=await load_unwanted(session, county_id),
    )
