"""作息时间: the bell schedules of a county and its schools."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.database import Database
from signaling.base.errors import Invalid, NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.directory.tables import SchoolRow
from signaling.timetable import setting_wire as w
from signaling.timetable.core.bells import (
    BadBells,
    BellSchedule,
    BellsProblem,
    Period,
    check_periods,
)
from signaling.timetable.scopes import demand_county, may_manage, own_county
from signaling.timetable.tables import BellPeriodRow, BellScheduleRow
from signaling.timetable.terms import SETTINGS_LOCK, demand_version, mark_stale

MAX_SCHEDULES = 500  # of a county: two seasons of 200 schools, and some

_CODES = {
    BellsProblem.EMPTY: ProblemCode.MISSING,
    BellsProblem.ENDS_EARLY: ProblemCode.PERIOD_ENDS_EARLY,
    BellsProblem.OVERLAP: ProblemCode.PERIODS_OVERLAP,
    BellsProblem.NOT_IN_ORDER: ProblemCode.PERIODS_NOT_IN_ORDER,
}


async def load_schedules(
    session: AsyncSession, county_id: str, school_ids: Iterable[str | None] = ()
) -> list[tuple[BellScheduleRow, BellSchedule]]:
    """Return the schedules of a county, and those of schools anywhere."""
    schools = {school_id for school_id in school_ids if school_id is not None}
    whose: ColumnElement[bool] = or_(
        BellScheduleRow.county_id == county_id, BellScheduleRow.school_id.in_(schools)
    )
    rows = list(
        await session.scalars(
            select(BellScheduleRow)
            .where(whose)
            .order_by(BellScheduleRow.school_id, BellScheduleRow.valid_from)
            .limit(MAX_SCHEDULES)
        )
    )
    periods = await session.scalars(
        select(BellPeriodRow)
        .where(BellPeriodRow.schedule_id.in_([row.schedule_id for row in rows]))
        .order_by(BellPeriodRow.number)
    )
    of: dict[str, list[Period]] = {}
    for one in periods:
        of.setdefault(one.schedule_id, []).append(
            Period(one.number, one.starts, one.ends, one.name)
        )
    return [(row, schedule_of(row, tuple(of.get(row.schedule_id, ())))) for row in rows]


def schedule_of(row: BellScheduleRow, periods: tuple[Period, ...]) -> BellSchedule:
    """Return a schedule as pure rules take it."""
    return BellSchedule(
        row.schedule_id, periods, row.valid_from, row.valid_to, row.school_id, row.name
    )


def shown_periods(schedule: BellSchedule | None) -> tuple[w.PeriodTimes, ...]:
    """Return the periods of a schedule as the API shows them."""
    periods = () if schedule is None else schedule.periods
    return tuple(w.PeriodTimes(one.number, one.starts, one.ends, one.name) for one in periods)


class BellSchedules:
    """The actions on bell schedules."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def listed(self, actor: Actor, county_id: str | None) -> w.BellsList:
        """Return the schedules of a county and its schools. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.READ_TERMS, county)
            found = await load_schedules(session, county)
            names = await _school_names(session, (row.school_id for row, _ in found))
            manages = await may_manage(session, actor, county)
        shown = [_shown(row, one, names) for row, one in found]
        shown.sort(key=lambda one: (one.school or "", one.valid_from or date.min))
        return w.BellsList(tuple(shown), manages)

    async def create(self, actor: Actor, wish: w.BellsWish) -> w.Bells:
        """Create a schedule. Raises NotFound, Forbidden, Invalid."""
        async with self._audit.work(actor, AuditAction.BELLS_CREATE, detail=wish.name) as work:
            await demand_county(
                work.session, actor, Action.MANAGE_TIMETABLE, wish.county_id, wish.school_id
            )
            await concerns_node(work, wish.school_id or wish.county_id, wish.name)
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = BellScheduleRow(
                schedule_id=new_id(), county_id=wish.county_id, school_id=wish.school_id, version=1
            )
            work.target = row.schedule_id
            return await _write(work.session, row, wish, "")

    async def change(self, actor: Actor, schedule_id: str, change: w.BellsChange) -> w.Bells:
        """Change a schedule. Raises NotFound, Forbidden, Invalid, ChangedMeanwhile."""
        wish = change.bells
        action = AuditAction.BELLS_CHANGE
        async with self._audit.work(actor, action, schedule_id, wish.name) as work:
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = await _existing(work.session, actor, schedule_id)
            await _concerns(work, row)
            for field in ("county_id", "school_id"):
                if getattr(wish, field) != getattr(row, field):
                    raise Invalid("the owner stays", field=f"bells.{field}")
            demand_version(row.version, change.version)
            row.version += 1
            return await _write(work.session, row, wish, "bells.")

    async def demand(self, actor: Actor, schedule_id: str) -> None:
        """Raise NotFound or Forbidden unless the actor may change a schedule."""
        async with self._database.read() as session:
            await _existing(session, actor, schedule_id)

    async def remove(self, actor: Actor, schedule_id: str) -> None:
        """Remove a schedule. Raises NotFound, Forbidden."""
        async with self._audit.work(actor, AuditAction.BELLS_REMOVE, schedule_id) as work:
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = await _existing(work.session, actor, schedule_id)
            work.detail = row.name
            await _concerns(work, row)
            await work.session.delete(row)
            await mark_stale(work.session, row.county_id)


async def _existing(session: AsyncSession, actor: Actor, schedule_id: str) -> BellScheduleRow:
    row = await session.get(BellScheduleRow, schedule_id)
    if row is None:
        raise NotFound()
    await demand_county(session, actor, Action.MANAGE_TIMETABLE, row.county_id, row.school_id)
    return row


async def _concerns(work: Work, row: BellScheduleRow) -> None:
    await concerns_node(work, row.school_id or row.county_id, row.name)


async def _write(
    session: AsyncSession, row: BellScheduleRow, wish: w.BellsWish, prefix: str
) -> w.Bells:
    """Write a schedule with its periods, if both can be."""
    periods = tuple(Period(one.number, one.starts, one.ends, one.name) for one in wish.periods)
    try:
        check_periods(periods)
    except BadBells as error:
        field = f"{prefix}periods[{error.index}]"
        raise Invalid(code=_CODES[error.problem], field=field) from None
    row.name, row.valid_from, row.valid_to = wish.name, wish.valid_from, wish.valid_to
    schedule = schedule_of(row, periods)
    if (wish.valid_from or date.min) > (wish.valid_to or date.max):
        raise Invalid(code=ProblemCode.PERIOD_ENDS_EARLY, field=f"{prefix}valid_to")
    for other, times in await load_schedules(session, row.county_id):
        if other.schedule_id != row.schedule_id and times.overlaps(schedule):
            raise Invalid(
                code=ProblemCode.BELLS_OVERLAP,
                field=f"{prefix}valid_from",
                facts={"schedule": other.name},
            )
    session.add(row)
    await session.flush()
    await session.execute(delete(BellPeriodRow).where(BellPeriodRow.schedule_id == row.schedule_id))
    session.add_all(
        BellPeriodRow(
            schedule_id=row.schedule_id,
            number=one.number,
            starts=one.starts,
            ends=one.ends,
            name=one.name,
        )
        for one in periods
    )
    await mark_stale(session, row.county_id)
    names = await _school_names(session, [row.school_id])
    return _shown(row, schedule, names)


async def _school_names(session: AsyncSession, ids: Iterable[str | None]) -> dict[str, str]:
    wanted = {one for one in ids if one is not None}
    query = select(SchoolRow.school_id, SchoolRow.name).where(SchoolRow.school_id.in_(wanted))
    return {row.school_id: row.name for row in await session.execute(query)}


def _shown(row: BellScheduleRow, schedule: BellSchedule, names: dict[str, str]) -> w.Bells:
    return w.Bells(
        schedule_id=row.schedule_id,
        version=row.version,
        county_id=row.county_id,
        school_id=row.school_id,
        school=names.get(row.school_id or ""),
        name=row.name,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        periods=shown_periods(schedule),
    )
