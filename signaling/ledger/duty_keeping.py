"""应开, day by day: what requirements ask of each class is written down as the days come.

A duty is a fact of its day. A class that is closed later keeps what it was owed before; one that is
entered late is owed from the first day of the month on. Days of reported months are left alone.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.ledger.core.days import month_of
from signaling.ledger.core.duties import RequirementRule, in_force, share
from signaling.ledger.counting import COUNTING_LOCK
from signaling.ledger.plans import PlannedLessons
from signaling.ledger.rules_in_force import BoundClass, bound_among, bound_classes, rules_for
from signaling.ledger.tables import LedgerDutyRow, LedgerMarkRow, LedgerMonthRow, LedgerUnitRow

MAX_BACK = timedelta(days=400)  # a requirement reaches no further back: a school year and a bit
_DAY = timedelta(days=1)
_ROWS = 200  # of one statement; media go between


@dataclass(frozen=True, slots=True)
class County:
    """A county, by its node."""

    county_id: str
    path: str


class DutyKeeper:
    """Writes the duties of all counties."""

    def __init__(self, database: Database, plans: PlannedLessons) -> None:
        self._database = database
        self._plans = plans

    async def settle(self, today: date) -> list[str]:
        """Write the duties up to today; returns the lessons that now count otherwise."""
        changed: list[str] = []
        for county in await self._counties():
            changed += await self._settle_county(county, today)
        return changed

    async def rewind(self, session: AsyncSession, counties: Collection[str], day: date) -> None:
        """Let duties be written anew from a day on: requirements or days off have changed.

        It waits for a counter that writes a day: that day may be made of what was before.
        """
        await self._database.serialize(session, COUNTING_LOCK)
        marks = select(LedgerMarkRow).where(LedgerMarkRow.county_id.in_(counties))
        for mark in await session.scalars(marks):
            mark.duties_to = min(mark.duties_to, day - _DAY)

    async def _counties(self) -> list[County]:
        query = select(OrgNodeRow.node_id, OrgNodeRow.path).where(
            OrgNodeRow.level == OrgLevel.COUNTY
        )
        async with self._database.read() as session:
            rows = (await session.execute(query.order_by(OrgNodeRow.node_id))).all()
        return [County(*row) for row in rows]

    async def _settle_county(self, county: County, today: date) -> list[str]:
        """Write the days of a county that are due, one in a transaction.

        All that a day is made of is read in the transaction that writes it, and the day follows
        the mark as it stands there. So a rewind, or another counter, may come between any two.
        """
        async with self._database.read() as session:
            if await self._due(session, county, today) is None:
                return []
        changed: list[str] = []
        begun = False
        while True:
            async with self._database.write() as session:
                await self._database.serialize(session, COUNTING_LOCK)
                due = await self._due(session, county, today, begun=begun)
                if due is None:
                    return changed
                day, rules = due
                begin = min([day, *(rule.first for rule in rules)])
                taught = sorted(
                    await self._plans.teaching_days(session, county.county_id, begin, today)
                )
                changed += await _settle_day(session, county, day, taught, rules)
                await session.merge(LedgerMarkRow(county_id=county.county_id, duties_to=day))
            begun = True
            await asyncio.sleep(0)

    async def _due(
        self, session: AsyncSession, county: County, today: date, *, begun: bool = False
    ) -> tuple[date, Sequence[RequirementRule]] | None:
        """Return the next day to write and its rules, or None if nothing is to be written."""
        mark = await session.get(LedgerMarkRow, county.county_id)
        if begun and mark is not None:
            day = mark.duties_to + _DAY
            if day > today:
                return None
            rules = await rules_for(session, {county.county_id: county.path})
            return max(day, today - MAX_BACK), rules[county.county_id]
        found = (await rules_for(session, {county.county_id: county.path}))[county.county_id]
        first = _first_day(mark, found, today)
        return None if first is None else (first, found)


def _first_day(
    mark: LedgerMarkRow | None, rules: Sequence[RequirementRule], today: date
) -> date | None:
    """Return the first day to write, or None if nothing is to be written."""
    if mark is None:
        begins = [rule.first for rule in rules]
        return max(min(begins), today - MAX_BACK) if begins and min(begins) <= today else None
    if mark.duties_to >= today:
        return None
    following = mark.duties_to + _DAY
    return max(min(following, today.replace(day=1)), today - MAX_BACK)


async def _settle_day(
    session: AsyncSession,
    county: County,
    day: date,
    taught: Sequence[date],
    rules: Sequence[RequirementRule],
) -> list[str]:
    """Write the duties of one day; returns the lessons that now count otherwise."""
    if await session.get(LedgerMonthRow, (county.county_id, month_of(day))) is not None:
        return []
    mine = (LedgerDutyRow.county_id == county.county_id, LedgerDutyRow.day == day)
    kept = await _classes_before(session, mine)
    bound = await bound_classes(session, county.county_id, day)
    classes = {**kept, **{one.class_id: one for one in bound}}
    rows = _duties(county, day, taught, rules, classes.values()) if day in taught else []
    await session.execute(delete(LedgerDutyRow).where(*mine))
    for first in range(0, len(rows), _ROWS):
        await session.execute(insert(LedgerDutyRow), rows[first : first + _ROWS])
        await asyncio.sleep(0)
    return await _counted_otherwise(session, county, day, rules)


async def _classes_before(session: AsyncSession, mine: Any) -> dict[str, BoundClass]:
    row = LedgerDutyRow
    query = select(
        row.class_id, row.class_name, row.grade, row.school_id, row.school, row.path
    ).where(*mine)
    return {one.class_id: BoundClass(*one) for one in (await session.execute(query)).all()}


def _duties(
    county: County,
    day: date,
    taught: Sequence[date],
    rules: Sequence[RequirementRule],
    classes: Collection[BoundClass],
) -> list[dict[str, Any]]:
    by_grade: dict[str, Mapping[str, RequirementRule]] = {}
    rows = []
    for one in classes:
        found = by_grade.get(one.grade)
        if found is None:
            found = by_grade[one.grade] = in_force(rules, one.grade, day)
        for subject, rule in found.items():
            before = bisect_left(taught, day) - bisect_left(taught, rule.first)
            periods = share(rule.periods, before)
            if periods:
                row = _about(county, one) | {"day": day, "subject": subject, "periods": periods}
                rows.append(row | {"requirement_id": rule.requirement_id})
    return rows


def _about(county: County, one: BoundClass) -> dict[str, Any]:
    return {
        "class_id": one.class_id,
        "county_id": county.county_id,
        "path": one.path,
        "school_id": one.school_id,
        "school": one.school,
        "class_name": one.name,
        "grade": one.grade,
    }


async def _counted_otherwise(
    session: AsyncSession, county: County, day: date, rules: Sequence[RequirementRule]
) -> list[str]:
    """Return the lessons of a day with units whose subject is, or no longer is, required."""
    row = LedgerUnitRow
    query = select(row.lesson_id, row.class_id, row.grade, row.subject, row.by_plan).where(
        row.county_id == county.county_id, row.day == day
    )
    units = (await session.execute(query)).all()
    bound = await bound_among(session, {unit.class_id for unit in units}, day)
    by_grade: dict[str, Mapping[str, RequirementRule]] = {}
    changed: dict[str, None] = {}
    for unit in units:
        found = by_grade.setdefault(unit.grade, in_force(rules, unit.grade, day))
        by_plan = unit.class_id not in bound or unit.subject not in found
        if by_plan != unit.by_plan:
            changed[unit.lesson_id] = None
    return list(changed)
