"""学期: the terms of a county."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Invalid, NotFound, SignalingError
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.timetable import setting_wire as w
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.weeks import parity_of
from signaling.timetable.events import TeachingDaysChanged
from signaling.timetable.scopes import counties_of, demand_county, may_manage, own_county
from signaling.timetable.tables import PlanRow, TermRow

EARLIEST = date(2000, 1, 1)  # day that is planned; before it somebody mistyped
LATEST = date(2100, 1, 1)
SETTINGS_LOCK = 0x544B_5354  # PostgreSQL advisory lock: one change of settings at a time


class TermInUse(SignalingError):
    """The term has plans; `facts` name how many."""

    status = 409
    code = ProblemCode.TERM_IN_USE
    title = "the term has plans"


def in_range(day: date) -> bool:
    """Tell whether a date is one that people plan for."""
    return EARLIEST <= day < LATEST


def term_of(row: TermRow) -> Term:
    """Return a term as pure rules take it."""
    return Term(row.starts_on, row.weeks)


async def term_on(session: AsyncSession, county_id: str, day: date) -> TermRow | None:
    """Return the term of a county in which a day lies."""
    if not in_range(day):
        return None
    near = select(TermRow).where(
        TermRow.county_id == county_id,
        TermRow.starts_on <= day,
        TermRow.starts_on > day - timedelta(days=370),
    )
    return next((row for row in await session.scalars(near) if day in term_of(row)), None)


class Terms:
    """The actions on terms."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock, zone: tzinfo) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._zone = zone

    async def listed(self, actor: Actor, county_id: str | None) -> w.TermList:
        """Return the terms of a county. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.READ_TERMS, county)
            rows = list(
                await session.scalars(
                    select(TermRow)
                    .where(TermRow.county_id == county)
                    .order_by(TermRow.starts_on.desc())
                )
            )
            manages = await may_manage(session, actor, county)
        today = self._today()
        current = next((row for row in rows if today in term_of(row)), None)
        coming = [row for row in rows if row.starts_on > today]
        if current is None and rows:
            current = coming[-1] if coming else rows[0]
        return w.TermList(
            tuple(self._shown(row, today) for row in rows),
            None if current is None else current.term_id,
            manages,
        )

    async def counties(self, actor: Actor) -> w.CountyList:
        """Return the counties of which the actor may see the terms."""
        async with self._database.read() as session:
            found = await counties_of(session, actor)
        return w.CountyList(
            tuple(
                w.CountyName(county_id, name, allows(actor, Action.MANAGE_TIMETABLE, (), [path]))
                for county_id, name, path in found
            )
        )

    async def create(self, actor: Actor, wish: w.TermWish) -> w.Term:
        """Create a term. Raises NotFound, Forbidden, Invalid."""
        action = AuditAction.TERM_CREATE
        async with self._audit.work(actor, action, detail=wish.name) as work:
            await demand_county(work.session, actor, Action.MANAGE_TIMETABLE, wish.county_id)
            await self._database.serialize(work.session, SETTINGS_LOCK)
            await concerns_node(work, wish.county_id, wish.name)
            await _demand_apart(work.session, wish, None)
            row = TermRow(
                term_id=new_id(),
                county_id=wish.county_id,
                name=wish.name,
                starts_on=wish.starts_on,
                weeks=wish.weeks,
                version=1,
            )
            work.session.add(row)
            await work.session.flush()
            work.target = row.term_id
            work.tell(TeachingDaysChanged(row.county_id, row.starts_on))
        return self._shown(row, self._today())

    async def change(self, actor: Actor, term_id: str, change: w.TermChange) -> w.Term:
        """Change a term. Raises NotFound, Forbidden, Invalid, ChangedMeanwhile."""
        wish = change.term
        action = AuditAction.TERM_CHANGE
        async with self._audit.work(actor, action, term_id, wish.name) as work:
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = await _existing(work.session, actor, term_id)
            if wish.county_id != row.county_id:
                raise Invalid(code=ProblemCode.UNKNOWN_COUNTY, field="term.county_id")
            demand_version(row.version, change.version)
            await concerns_node(work, row.county_id, row.name)
            await _demand_apart(work.session, wish, term_id, "term.")
            first = min(row.starts_on, wish.starts_on)
            work.tell(TeachingDaysChanged(row.county_id, first))
            row.name, row.starts_on, row.weeks = wish.name, wish.starts_on, wish.weeks
            row.version += 1
            await work.session.flush()
            await mark_stale(work.session, row.county_id)
        return self._shown(row, self._today())

    async def remove(self, actor: Actor, term_id: str) -> None:
        """Remove a term without plans. Raises NotFound, Forbidden, TermInUse."""
        async with self._audit.work(actor, AuditAction.TERM_REMOVE, term_id) as work:
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = await _existing(work.session, actor, term_id)
            work.detail = row.name
            await concerns_node(work, row.county_id, row.name)
            if await work.session.scalar(select(exists().where(PlanRow.term_id == term_id))):
                raise TermInUse()
            await work.session.delete(row)
            work.tell(TeachingDaysChanged(row.county_id, row.starts_on))

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _shown(self, row: TermRow, today: date) -> w.Term:
        term = term_of(row)
        week = term.week_of(today)
        return w.Term(
            term_id=row.term_id,
            version=row.version,
            county_id=row.county_id,
            name=row.name,
            starts_on=row.starts_on,
            ends_on=term.end - timedelta(days=1),
            weeks=row.weeks,
            week=week,
            parity=None if week is None else parity_of(week),
        )


async def mark_stale(session: AsyncSession, county_id: str) -> int:
    """Note that the plans of a county must follow its changed settings; returns how many."""
    marked = await session.scalars(
        update(PlanRow)
        .where(PlanRow.county_id == county_id, PlanRow.active)
        .values(stale=True)
        .returning(PlanRow.plan_id)
    )
    return len(marked.all())


def demand_version(present: int, read: int) -> None:
    """Raise ChangedMeanwhile unless the caller has read the present version."""
    if present != read:
        raise ChangedMeanwhile(facts={"version": present})


async def _existing(session: AsyncSession, actor: Actor, term_id: str) -> TermRow:
    row = await session.get(TermRow, term_id)
    if row is None:
        raise NotFound(code=ProblemCode.UNKNOWN_TERM)
    await demand_county(session, actor, Action.MANAGE_TIMETABLE, row.county_id)
    return row


async def _demand_apart(
    session: AsyncSession, wish: w.TermWish, but: str | None, prefix: str = ""
) -> None:
    if not in_range(wish.starts_on):
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field=f"{prefix}starts_on")
    term = Term(wish.starts_on, wish.weeks)
    others = await session.scalars(select(TermRow).where(TermRow.county_id == wish.county_id))
    for other in others:
        if other.term_id != but and term.overlaps(term_of(other)):
            raise Invalid(
                code=ProblemCode.TERM_OVERLAP,
                field=f"{prefix}starts_on",
                facts={"term": other.name},
            )
