"""Sums of the ledger, from the daily aggregates and the duties of a span of days."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import OrgNodeRow
from signaling.ledger.core.days import monday_of, month_of
from signaling.ledger.core.measures import SUMS, Measures
from signaling.ledger.tables import NOBODY, LedgerDayRow, LedgerDutyRow, LedgerUnitRow
from signaling.ledger.visibility import of_class, under
from signaling.ledger.wire import LedgerGrouping

_PART = 200  # groups taken in one step of the loop


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the ledger that is asked for.

    Attributes:
        first: the first day.
        last: the last day, included.
        paths: the branches that the reader may see.
        county_id: only this county; None: all of them.
        school_id: only this point.
        class_id: only this class; of rooms without a class, the room (see `of_class`).
        subject: only this subject.
        node_path: only what lies below this node of the org tree; None: everywhere.
        giving: the branches are those of the schools that give, not of the points.
    """

    first: date
    last: date
    paths: frozenset[str]
    county_id: str | None = None
    school_id: str | None = None
    class_id: str | None = None
    subject: str | None = None
    node_path: str | None = None
    giving: bool = False

    def days(self) -> ColumnElement[bool]:
        """Return the condition on the daily sums."""
        row = LedgerDayRow
        own = row.lead_path if self.giving else row.path
        return and_(self._asked(row), self._of_class(row), under(own, self.paths))

    def duties(self) -> ColumnElement[bool]:
        """Return the condition on the duties."""
        row = LedgerDutyRow
        own = true() if self.class_id is None else row.class_id == self.class_id
        return and_(self._asked(row), own, under(row.path, self.paths))

    def units(self) -> ColumnElement[bool]:
        """Return the condition on the units."""
        row = LedgerUnitRow
        return and_(self._asked(row), self._of_class(row), under(row.path, self.paths))

    def _asked(self, row: Any) -> ColumnElement[bool]:
        conditions = [row.day >= self.first, row.day <= self.last]
        for column, wanted in (
            (row.county_id, self.county_id),
            (row.school_id, self.school_id),
            (row.subject, self.subject),
        ):
            if wanted is not None:
                conditions.append(column == wanted)
        if self.node_path is not None:
            conditions.append(under(row.path, {self.node_path}))
        return and_(*conditions)

    def _of_class(self, row: Any) -> ColumnElement[bool]:
        return true() if self.class_id is None else of_class(row, self.class_id)


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the ledger: its key, its name, what it belongs to, and its sums."""

    key: str
    label: str
    parent: str
    sums: Measures


async def total_of(session: AsyncSession, scope: Scope) -> Measures:
    """Return the sums of a scope."""
    days = LedgerDayRow
    query = select(*(func.coalesce(func.sum(getattr(days, name)), 0) for name in SUMS))
    row = (await session.execute(query.where(scope.days()))).one()
    sums = {name: int(value) for name, value in zip(SUMS, row, strict=True)}
    owed = 0
    if not scope.giving:
        duties = select(func.coalesce(func.sum(LedgerDutyRow.periods), 0)).where(scope.duties())
        owed = await session.scalar(duties) or 0
    return Measures(**sums, owed=int(owed))


async def groups_of(session: AsyncSession, scope: Scope, by: LedgerGrouping) -> dict[str, Group]:
    """Return the groups of a scope by key, each with its sums."""
    keys = _keys(by)
    found: dict[str, Group] = {}
    async for row in _rows(session, _day_query(keys, scope)):
        key = str(row.key)
        found[key] = Group(key, row.label, row.parent, Measures(*(int(n) for n in row[3:])))
    if keys.duty is not None and not scope.giving:
        async for row in _rows(session, _duty_query(keys, scope)):
            key, owed = str(row.key), Measures(owed=int(row.owed))
            known = found.get(key)
            if known is None:
                found[key] = Group(key, row.label, row.parent, owed)
            else:
                found[key] = Group(key, known.label, known.parent, known.sums + owed)
    if by is LedgerGrouping.COUNTY:
        return await _named_counties(session, found)
    if by in {LedgerGrouping.WEEK, LedgerGrouping.MONTH}:
        return _folded(found, by)
    return found


@dataclass(frozen=True, slots=True)
class _Keys:
    """The columns by which days and duties are grouped: key, name, and what it belongs to."""

    day: tuple[Any, Any, Any]
    duty: tuple[Any, Any, Any] | None


def _keys(by: LedgerGrouping) -> _Keys:
    d, u, none = LedgerDayRow, LedgerDutyRow, func.min("")
    match by:
        case LedgerGrouping.COUNTY:
            return _Keys((d.county_id, none, none), (u.county_id, none, none))
        case LedgerGrouping.SCHOOL:
            return _Keys((d.lead_school_id, func.max(d.lead_school), none), None)
        case LedgerGrouping.POINT:
            return _Keys(
                (d.school_id, func.max(d.school), func.max(d.county_id)),
                (u.school_id, func.max(u.school), func.max(u.county_id)),
            )
        case LedgerGrouping.CLASS:
            nameless = d.class_id == NOBODY  # then the room stands for its class
            key = case((nameless, d.room_id), else_=d.class_id)
            name = func.max(case((nameless, d.room), else_=d.class_name))
            return _Keys(
                (key, name, func.max(d.school)),
                (u.class_id, func.max(u.class_name), func.max(u.school)),
            )
        case LedgerGrouping.SUBJECT:
            return _Keys(
                (d.subject, func.max(d.subject), none), (u.subject, func.max(u.subject), none)
            )
        case _:
            return _Keys((d.day, none, none), (u.day, none, none))


def _day_query(keys: _Keys, scope: Scope) -> Select[Any]:
    key, label, parent = keys.day
    sums = (func.sum(getattr(LedgerDayRow, name)).label(name) for name in SUMS)
    named = (key.label("key"), label.label("label"), parent.label("parent"))
    return select(*named, *sums).where(scope.days()).group_by(key)


def _duty_query(keys: _Keys, scope: Scope) -> Select[Any]:
    assert keys.duty is not None
    key, label, parent = keys.duty
    owed = func.sum(LedgerDutyRow.periods).label("owed")
    named = (key.label("key"), label.label("label"), parent.label("parent"))
    return select(*named, owed).where(scope.duties()).group_by(key)


async def _rows(session: AsyncSession, query: Select[Any]) -> Any:
    found = await session.stream(query)
    async for part in found.partitions(_PART):
        for row in part:
            yield row
        await asyncio.sleep(0)  # media go between the parts


def _folded(by_day: Mapping[str, Group], by: LedgerGrouping) -> dict[str, Group]:
    """Return days as weeks (named by their Mondays) or months."""
    found: dict[str, Group] = {}
    for day_text, group in sorted(by_day.items()):
        day = date.fromisoformat(day_text)
        key = month_of(day) if by is LedgerGrouping.MONTH else monday_of(day).isoformat()
        known = found.get(key)
        sums = group.sums if known is None else known.sums + group.sums
        found[key] = Group(key, key, "", sums)
    return found


async def _named_counties(session: AsyncSession, found: Mapping[str, Group]) -> dict[str, Group]:
    query = select(OrgNodeRow.node_id, OrgNodeRow.name).where(OrgNodeRow.node_id.in_(found))
    names = {row.node_id: row.name for row in (await session.execute(query)).all()}
    return {key: Group(key, names.get(key, key), "", group.sums) for key, group in found.items()}
