"""Counting lessons: raw facts → units → sums of days, in one transaction.

Counting is idempotent: a unit is judged anew from its raw facts, and the days that it touches are
summed up anew from their units. So it does not matter how often, or in which order, it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.ledger.core.days import month_of
from signaling.ledger.core.duties import RequirementRule, in_force
from signaling.ledger.core.formula import FormulaSettings, judge
from signaling.ledger.core.measures import SUMS, Measures, combined
from signaling.ledger.corrections import MonthKey, ReportedMonths, measures_of_row
from signaling.ledger.plans import PlannedLessons
from signaling.ledger.plays import PlayedLessons
from signaling.ledger.raw import RawUnit, UnitKey, raw_units
from signaling.ledger.rules_in_force import bound_among, rules_for
from signaling.ledger.tables import LedgerDayRow, LedgerUnitRow
from signaling.ledger.wire import UnitOutcome
from signaling.lessons.tables import LessonRow

COUNTING_LOCK = 0x544B_4C47  # PostgreSQL advisory lock: one counts at a time, else sums are torn
MAX_LESSONS = 8  # of one transaction: others write too, and media go between

# Units that leave no trace when the plan or the lesson goes.
_OPEN_OUTCOMES = frozenset({UnitOutcome.UPCOMING, UnitOutcome.LIVE, UnitOutcome.WITHDRAWN})
_NAMES = (  # of the last unit of a cell
    *("county_id", "path", "school_id", "school", "room", "class_name"),
    *("lead_school", "lead_path"),
)
Cell = tuple[date, str, str, str, str]  # the key of a `LedgerDayRow`


@dataclass(frozen=True, slots=True)
class Counting:
    """Tools that counting needs beside a transaction.

    Attributes:
        plans: the timetable.
        plays: what was watched of pushed resources.
        settings: of months that are open.
        zone: the county's.
    """

    database: Database
    plans: PlannedLessons
    plays: PlayedLessons
    settings: FormulaSettings
    zone: tzinfo

    async def count(
        self, session: AsyncSession, lesson_ids: Collection[str], now: datetime, by: str = ""
    ) -> None:
        """Count lessons, at most `MAX_LESSONS` of them.

        Args:
            session: the writing transaction.
            lesson_ids: which.
            now: the present.
            by: who caused it, for corrections; empty for the server itself.
        """
        await self.database.serialize(session, COUNTING_LOCK)
        raw = await raw_units(session, self.plans, self.plays, lesson_ids, self.zone)
        known = await _known_units(session, lesson_ids)
        reported = ReportedMonths(session, now, by)
        await reported.load(_months(raw, known.values()))
        by_plan = await _by_plan(session, raw)
        cells: set[Cell] = set()
        for unit in raw:
            county_id, day = unit.columns["county_id"], unit.columns["day"]
            formula, settings = reported.formula(county_id, day, self.settings)
            values = _judged(unit, settings, now, by_plan=by_plan[unit.key])
            values["formula"] = formula
            cells |= _write(reported, known.pop(unit.key, None), values)
        cells |= await _drop_gone(reported, known)
        await session.flush()
        await sum_up(session, cells)


async def sum_up(session: AsyncSession, cells: Collection[Cell]) -> None:
    """Write the sums of some cells anew from their units."""
    if not cells:
        return
    days, units = LedgerDayRow, LedgerUnitRow
    on, at = {cell[0] for cell in cells}, {cell[1] for cell in cells}
    rows = await session.scalars(select(days).where(days.day.in_(on), days.room_id.in_(at)))
    known = {_key(row): row for row in rows}
    by_cell: dict[Cell, list[LedgerUnitRow]] = {}
    found = await session.scalars(select(units).where(units.day.in_(on), units.room_id.in_(at)))
    for unit in found:
        by_cell.setdefault(cell_of(unit), []).append(unit)
    for cell in sorted(cells):
        row, some = known.get(cell), by_cell.get(cell)
        if some is not None:
            _sum(session, row, cell, some)
        elif row is not None:
            await session.delete(row)
    await session.flush()


def _sum(
    session: AsyncSession, row: LedgerDayRow | None, cell: Cell, units: list[LedgerUnitRow]
) -> None:
    """Write what the units of one cell add up to."""
    if row is None:
        day, room_id, class_id, subject, lead_school_id = cell
        row = LedgerDayRow(
            day=day,
            room_id=room_id,
            class_id=class_id,
            subject=subject,
            lead_school_id=lead_school_id,
        )
        session.add(row)
    sums = combined(measures_of_row(unit) for unit in units)
    for name in SUMS:
        setattr(row, name, getattr(sums, name))
    for name in _NAMES:
        setattr(row, name, getattr(units[-1], name))


def _key(row: LedgerDayRow) -> Cell:
    return row.day, row.room_id, row.class_id, row.subject, row.lead_school_id


def cell_of(row: LedgerUnitRow) -> Cell:
    """Return the cell to which a unit adds."""
    return row.day, row.room_id, row.class_id, row.subject, row.lead_school_id


# --- one unit ------------------------------------------------------------------------------------


def _judged(
    unit: RawUnit, settings: FormulaSettings, now: datetime, *, by_plan: bool
) -> dict[str, Any]:
    judgement = judge(unit.facts, settings, now)
    missed = judgement.outcome is UnitOutcome.MISSED
    return {
        **unit.columns,
        "by_plan": by_plan,
        "outcome": judgement.outcome,
        "valid": judgement.valid,
        "present_s": judgement.present_s,
        "seen_s": judgement.seen_s,
        "exact": unit.exact,
        "headcount": unit.facts.headcount,
        "cause": judgement.cause,
        "reason": unit.facts.reason if missed else None,
        "confirmed": unit.confirmed and missed,
    }


def _write(
    reported: ReportedMonths, row: LedgerUnitRow | None, values: Mapping[str, Any]
) -> set[Cell]:
    """Bring a unit's row up to date; returns the cells whose sums change."""
    if row is None:
        row = LedgerUnitRow(**values, counted_at=reported.now, version=0)
        reported.session.add(row)
        reported.note(row, Measures(), measures_of_row(row))
        return {cell_of(row)}
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    row.counted_at = reported.now
    if not changed:
        return set()
    before, cell = measures_of_row(row), cell_of(row)
    if (values["county_id"], month_of(values["day"])) != (row.county_id, month_of(row.day)):
        reported.note(row, before, Measures())  # it leaves that month
        before = Measures()
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    reported.note(row, before, measures_of_row(row))
    return {cell, cell_of(row)}


async def _drop_gone(reported: ReportedMonths, gone: Mapping[UnitKey, LedgerUnitRow]) -> set[Cell]:
    """Take out units whose rooms are no longer invited.

    What was held or missed stays, also where the lesson itself is deleted: a fact is a fact.
    """
    if not gone:
        return set()
    session, cells = reported.session, set()
    there = select(LessonRow.lesson_id).where(
        LessonRow.lesson_id.in_({lesson_id for lesson_id, _ in gone})
    )
    lessons = set((await session.scalars(there)).all())
    for row in gone.values():
        held = UnitOutcome(row.outcome) is UnitOutcome.HELD
        if row.outcome in _OPEN_OUTCOMES or (row.lesson_id in lessons and not held):
            reported.note(row, measures_of_row(row), Measures())
            await session.delete(row)
            cells.add(cell_of(row))
    return cells


# --- what units need -----------------------------------------------------------------------------


async def _known_units(
    session: AsyncSession, lesson_ids: Collection[str]
) -> dict[UnitKey, LedgerUnitRow]:
    query = select(LedgerUnitRow).where(LedgerUnitRow.lesson_id.in_(lesson_ids))
    return {(row.lesson_id, row.room_id): row for row in await session.scalars(query)}


def _months(raw: Iterable[RawUnit], known: Iterable[LedgerUnitRow]) -> Iterator[MonthKey]:
    for unit in raw:
        yield unit.columns["county_id"], month_of(unit.columns["day"])
    for row in known:
        yield row.county_id, month_of(row.day)


async def _by_plan(session: AsyncSession, raw: Collection[RawUnit]) -> dict[UnitKey, bool]:
    """Return for each unit whether no requirement says what its class is owed."""
    paths = {unit.columns["county_id"]: unit.columns["path"] for unit in raw}
    rules = await rules_for(session, paths)
    if not any(rules.values()):
        return dict.fromkeys((unit.key for unit in raw), True)
    bound = {}
    for day in {unit.columns["day"] for unit in raw}:
        classes = {unit.columns["class_id"] for unit in raw if unit.columns["day"] == day}
        bound[day] = await bound_among(session, classes, day)
    return {unit.key: not _is_owed(unit, rules, bound) for unit in raw}


def _is_owed(
    unit: RawUnit,
    rules: Mapping[str, Iterable[RequirementRule]],
    bound: Mapping[date, frozenset[str]],
) -> bool:
    columns = unit.columns
    if columns["class_id"] not in bound[columns["day"]]:
        return False
    found = in_force(rules[columns["county_id"]], columns["grade"], columns["day"])
    return columns["subject"] in found
