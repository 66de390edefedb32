"""不宜排课的节次: wishes of subjects, teachers and schools about periods."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import Busy, ChangedMeanwhile, Invalid, NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.directory.tables import PersonRow, SchoolRow, SubjectRow
from signaling.timetable import setting_wire as w
from signaling.timetable.core.bookings import Unwanted
from signaling.timetable.core.codes import UnwantedLevel
from signaling.timetable.scopes import demand_county, may_manage, own_county, paths_of
from signaling.timetable.tables import UnwantedPeriodRow
from signaling.timetable.terms import SETTINGS_LOCK

MAX_WISHES = 2000  # of a county: some for each of 200 teachers
_PART = 200  # wishes shown in one step of the loop


async def load_unwanted(session: AsyncSession, county_id: str) -> frozenset[Unwanted]:
    """Return the wishes of a county, as clash rules take them."""
    row = UnwantedPeriodRow
    columns = (row.period, row.weekday, row.subject_id, row.teacher_id, row.school_id, row.level)
    query = select(*columns).where(row.county_id == county_id).limit(MAX_WISHES)
    found = (await session.execute(query)).all()
    return frozenset(Unwanted(*one[:-1], UnwantedLevel(one[-1])) for one in found)


class UnwantedPeriods:
    """The actions on wishes about periods."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def listed(self, actor: Actor, county_id: str | None) -> w.UnwantedList:
        """Return the wishes of a county. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.READ_TERMS, county)
            manages = await may_manage(session, actor, county)
            return await _list(session, county, manages=manages)

    async def add(self, actor: Actor, wish: w.UnwantedWish) -> w.UnwantedPeriod:
        """Add a wish. Raises NotFound, Forbidden, Invalid, Busy."""
        async with self._audit.work(actor, AuditAction.UNWANTED_ADD) as work:
            session = work.session
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, wish.county_id)
            await self._database.serialize(session, SETTINGS_LOCK)
            name = await _demand_owner(session, wish)
            await concerns_node(work, wish.school_id or wish.county_id, name)
            await _demand_room(session, wish.county_id, 1)
            row = _row(wish, wish.period, wish.weekday, wish.level)
            session.add(row)
            await session.flush()
            work.target = row.wish_id
        return _shown(row, name)

    async def set_week(self, actor: Actor, wish: w.UnwantedWeek) -> w.UnwantedList:
        """Set the whole week of a subject, teacher or school; returns all wishes of the county.

        Raises:
            NotFound, Forbidden: no county for which the actor plans.
            Invalid: the owner cannot be, or a period is marked twice.
            ChangedMeanwhile: the owner's week is another than the actor saw.
            Busy: the county has too many wishes.
        """
        async with self._audit.work(actor, AuditAction.UNWANTED_SET) as work:
            session = work.session
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, wish.county_id)
            await self._database.serialize(session, SETTINGS_LOCK)
            name = await _demand_owner(session, wish)
            await concerns_node(work, wish.school_id or wish.county_id, name)
            _demand_once(wish.marks)
            known = list(await session.scalars(select(UnwantedPeriodRow).where(*_of_owner(wish))))
            if {row.wish_id for row in known} != set(wish.seen):
                raise ChangedMeanwhile()
            if _says(known) == {(one.weekday, one.period, one.level) for one in wish.marks}:
                work.nothing_to_do()
            else:
                await _demand_room(session, wish.county_id, len(wish.marks) - len(known))
                await session.execute(delete(UnwantedPeriodRow).where(*_of_owner(wish)))
                session.add_all(
                    _row(wish, one.period, one.weekday, one.level) for one in wish.marks
                )
                await session.flush()
                work.target = wish.teacher_id or wish.school_id or wish.subject_id or ""
                work.detail = _told(wish.marks)
            return await _list(session, wish.county_id, manages=True)

    async def remove(self, actor: Actor, wish_id: str) -> None:
        """Remove a wish. Raises NotFound, Forbidden."""
        async with self._audit.work(actor, AuditAction.UNWANTED_REMOVE, wish_id) as work:
            await self._database.serialize(work.session, SETTINGS_LOCK)
            row = await work.session.get(UnwantedPeriodRow, wish_id)
            if row is None:
                raise NotFound()
            await demand_county(work.session, actor, Action.MANAGE_TIMETABLE, row.county_id)
            await concerns_node(work, row.county_id)
            await work.session.delete(row)


Wish = w.UnwantedWish | w.UnwantedWeek


def _row(wish: Wish, period: int, weekday: int | None, level: UnwantedLevel) -> UnwantedPeriodRow:
    return UnwantedPeriodRow(
        wish_id=new_id(),
        county_id=wish.county_id,
        period=period,
        weekday=weekday,
        subject_id=wish.subject_id,
        teacher_id=wish.teacher_id,
        school_id=wish.school_id,
        level=level,
    )


async def _list(session: AsyncSession, county_id: str, *, manages: bool) -> w.UnwantedList:
    """Return the wishes of a county, each with the name of its owner."""
    row = UnwantedPeriodRow
    columns = (row.wish_id, row.county_id, row.period, row.weekday, row.level)
    owners = (row.subject_id, row.teacher_id, row.school_id)
    name = func.coalesce(SubjectRow.name, PersonRow.name, SchoolRow.name, "").label("owner")
    query = (
        select(*columns, *owners, name)
        .outerjoin(SubjectRow, SubjectRow.subject_id == row.subject_id)
        .outerjoin(PersonRow, PersonRow.person_id == row.teacher_id)
        .outerjoin(SchoolRow, SchoolRow.school_id == row.school_id)
        .where(row.county_id == county_id)
        .order_by(row.wish_id)
        .limit(MAX_WISHES)
    )
    found = (await session.execute(query)).all()
    shown: list[w.UnwantedPeriod] = []
    for first in range(0, len(found), _PART):
        await asyncio.sleep(0)  # media go between the parts
        shown += [_shown(one, one.owner) for one in found[first : first + _PART]]
    return w.UnwantedList(tuple(shown), manages)


def _of_owner(wish: Wish) -> tuple[ColumnElement[bool], ...]:
    row = UnwantedPeriodRow
    return (
        row.county_id == wish.county_id,
        row.subject_id.is_not_distinct_from(wish.subject_id),
        row.teacher_id.is_not_distinct_from(wish.teacher_id),
        row.school_id.is_not_distinct_from(wish.school_id),
    )


def _says(rows: Sequence[UnwantedPeriodRow]) -> set[tuple[Any, ...]]:
    return {(row.weekday, row.period, UnwantedLevel(row.level)) for row in rows}


def _told(marks: Sequence[w.UnwantedMark]) -> str:
    """What the audit log keeps of a week: each mark as day.period."""
    told = []
    for level in UnwantedLevel:
        places = [f"{one.weekday}.{one.period}" for one in marks if one.level is level]
        if places:
            told.append(f"{level}: {' '.join(places)}")
    return "; ".join(told)


def _demand_once(marks: Sequence[w.UnwantedMark]) -> None:
    seen: set[tuple[int, int]] = set()
    for number, one in enumerate(marks):
        if (one.weekday, one.period) in seen:
            raise Invalid("marked twice", field=f"marks[{number}].period")
        seen.add((one.weekday, one.period))


async def _demand_room(session: AsyncSession, county_id: str, more: int) -> None:
    count = select(func.count()).where(UnwantedPeriodRow.county_id == county_id)
    if more > 0 and (await session.scalar(count) or 0) + more > MAX_WISHES:
        raise Busy("too many wishes")


async def _demand_owner(session: AsyncSession, wish: Wish) -> str:
    """Return the name of the one subject, teacher or school of the county. Raises Invalid."""
    owners = (wish.subject_id, wish.teacher_id, wish.school_id)
    if sum(one is not None for one in owners) != 1:
        raise Invalid("either a subject or a teacher or a school", field="subject_id")
    if wish.subject_id is not None:
        subject = await session.get(SubjectRow, wish.subject_id)
        if subject is None or subject.county_id != wish.county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_SUBJECT, field="subject_id")
        return subject.name
    if wish.school_id is not None:
        school = await session.get(SchoolRow, wish.school_id)
        if school is None or school.county_id != wish.county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_SCHOOL, field="school_id")
        return school.name
    person = await session.get(PersonRow, wish.teacher_id or "")
    paths = await paths_of(session, [wish.county_id])
    whose = await paths_of(session, [person.node_id] if person is not None else [])
    if person is None or not any(path.startswith(county) for path in whose for county in paths):
        raise Invalid(code=ProblemCode.UNKNOWN_TEACHER, field="teacher_id")
    return person.name


def _shown(row: Any, owner: str) -> w.UnwantedPeriod:
    return w.UnwantedPeriod(
        wish_id=row.wish_id,
        county_id=row.county_id,
        period=row.period,
        weekday=row.weekday,
        subject_id=row.subject_id,
        teacher_id=row.teacher_id,
        school_id=row.school_id,
        level=UnwantedLevel(row.level),
        owner=owner,
    )
