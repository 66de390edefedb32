"""导出报表: sums and lessons of a span as one workbook. Only the worker process loads this."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.errors import Invalid
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, save_workbook
from signaling.jobs.kinds import JobContext
from signaling.ledger.areas import Areas
from signaling.ledger.core.measures import Measures, figures
from signaling.ledger.export_kind import ExportOrder
from signaling.ledger.tables import CorrectionRow, LedgerUnitRow
from signaling.ledger.totals import Group, Scope, groups_of
from signaling.ledger.visibility import under
from signaling.ledger.wire import (
    LedgerExport,
    LedgerFigures,
    LedgerGrouping,
    MissedCause,
    UnitOutcome,
)
from signaling.ledger.words import Sheet, Words
from signaling.lessons.reasons import MissedReason

MAX_UNITS = 100_000  # lessons of one workbook: half a term of 200 points
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PIECE = 1 << 16
_SUMS = (
    *("planned", "due", "required", "held", "rate", "valid", "invalid"),
    *("excused", "unexcused", "awaiting", "extra", "present_minutes", "seen_minutes", "pupils"),
)
_UNIT = (
    *("day", "starts_at", "ends_at", "school", "class_name", "room", "grade", "subject", "title"),
    *("lead_teacher", "lead_school", "outcome", "present_minutes", "seen_minutes", "headcount"),
    *("cause", "reason"),
)
_CORRECTION = (
    *("at", "by", "day", "school", "class_name", "subject", "held_before", "held_after"),
    *("valid_before", "valid_after", "missed_before", "missed_after"),
)


class Exporter:
    """Carries out the exports."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    async def export(self, context: JobContext, order: ExportOrder) -> LedgerExport:
        """Write a workbook of what the owner may see by now.

        Raises:
            Forbidden: the owner sees no ledger any more.
            NotFound: the owner sees no such area any more.
            Invalid: there are more lessons than a workbook may hold.
        """
        demand_somewhere(context.actor, Action.READ_LEDGER)
        paths = branches_granted(context.actor, Action.READ_LEDGER)
        scope = Scope(
            order.first,
            order.last,
            paths,
            county_id=order.county_id,
            school_id=order.school_id,
            class_id=order.class_id,
            subject=order.subject,
            node_path=await Areas(context.database).path(context.actor, order.node_id),
        )
        words = Words(order.language)
        async with context.database.read() as session:
            tables = [await _sums(session, scope, words, one) for one in _GROUPINGS]
            units = await self._units(session, scope, words)
            tables.append(_table(words, Sheet.UNITS, _UNIT, units))
            tables.append(await self._corrections(session, scope, words))
        name = words.file(order.first.isoformat(), order.last.isoformat())
        with tempfile.TemporaryDirectory(prefix="tongke-ledger-") as folder:
            path = Path(folder) / "made.xlsx"
            context.progress(1, 3)
            save_workbook(path, tables, context.clock.now(), Path(folder))
            context.progress(2, 3)
            kept = await context.files.keep(context.actor, name, XLSX, _pieces(path))
        made = LedgerExport(kept.file_id, name, len(units))
        action = AuditAction.LEDGER_EXPORT
        async with context.audit.work(context.actor, action, kept.file_id, name) as work:
            work.concerns(context.branch or own_branch(context.actor), name)
            context.finish(made)
        return made

    async def _units(
        self, session: AsyncSession, scope: Scope, words: Words
    ) -> list[Sequence[Cell]]:
        row = LedgerUnitRow
        query = select(row).where(scope.units()).order_by(row.starts_at, row.lesson_id, row.room_id)
        found = await session.stream_scalars(query.limit(MAX_UNITS + 1))
        lines: list[Sequence[Cell]] = [self._unit(one, words) async for one in found]
        if len(lines) > MAX_UNITS:
            raise Invalid(f"at most {MAX_UNITS} lessons in one workbook", field="to")
        return lines

    def _unit(self, unit: LedgerUnitRow, words: Words) -> Sequence[Cell]:
        begins, ends = (at.astimezone(self._zone).time() for at in (unit.starts_at, unit.ends_at))
        cause = None if unit.cause is None else MissedCause(unit.cause)
        reason = None if unit.reason is None else MissedReason(unit.reason)
        return (
            *(unit.day, begins, ends, unit.school, unit.class_name, unit.room, unit.grade),
            *(unit.subject, unit.title, unit.lead_teacher, unit.lead_school),
            words.value(UnitOutcome(unit.outcome)),
            *(unit.present_s // 60, unit.seen_s // 60, unit.headcount),
            *(words.value(cause), words.value(reason)),
        )

    async def _corrections(self, session: AsyncSession, scope: Scope, words: Words) -> Table:
        row = CorrectionRow
        conditions = [row.day >= scope.first, row.day <= scope.last, under(row.path, scope.paths)]
        if scope.county_id is not None:
            conditions.append(row.county_id == scope.county_id)
        if scope.node_path is not None:
            conditions.append(under(row.path, {scope.node_path}))
        query = select(row).where(*conditions).order_by(row.at, row.correction_id)
        found = await session.scalars(query.limit(MAX_UNITS))
        lines = [self._correction(one) for one in found]
        return _table(words, Sheet.CORRECTIONS, _CORRECTION, lines)

    def _correction(self, row: CorrectionRow) -> Sequence[Cell]:
        before, after = (msgspec.convert(one, Measures) for one in (row.before, row.after))
        at = row.at.astimezone(self._zone).replace(tzinfo=None)
        return (
            *(at, row.by_name, row.day, row.school, row.class_name, row.subject),
            *(before.held, after.held, before.valid, after.valid),
            *(_missed(before), _missed(after)),
        )


_GROUPINGS = (
    (Sheet.POINTS, LedgerGrouping.POINT),
    (Sheet.CLASSES, LedgerGrouping.CLASS),
    (Sheet.SUBJECTS, LedgerGrouping.SUBJECT),
    (Sheet.WEEKS, LedgerGrouping.WEEK),
)


async def _sums(
    session: AsyncSession, scope: Scope, words: Words, of: tuple[Sheet, LedgerGrouping]
) -> Table:
    sheet, by = of
    groups = sorted(
        (await groups_of(session, scope, by)).values(), key=lambda one: (one.label, one.key)
    )
    named = ("label", "parent") if by is LedgerGrouping.CLASS else ("label",)
    lines = [_line(group, with_parent=len(named) > 1) for group in groups]
    return _table(words, sheet, (*named, *_SUMS), lines)


def _line(group: Group, *, with_parent: bool) -> Sequence[Cell]:
    names = (group.label, group.parent) if with_parent else (group.label,)
    return (*names, *_cells(figures(group.sums)))


def _cells(sums: LedgerFigures) -> Sequence[Cell]:
    rate = None if sums.delivery_rate is None else round(sums.delivery_rate * 100, 1)
    return (
        *(sums.planned, sums.due, sums.required, sums.held, rate, sums.valid),
        *(sums.held - sums.valid, sums.excused, sums.unexcused, sums.awaiting, sums.extra),
        *(sums.present_minutes, sums.seen_minutes, sums.pupils),
    )


def _missed(sums: Measures) -> int:
    return sums.excused + sums.unexcused + sums.awaiting


def _table(
    words: Words, sheet: Sheet, names: Sequence[str], lines: Sequence[Sequence[Cell]]
) -> Table:
    return Table(words.sheet(sheet), tuple(Column(words.head(name)) for name in names), lines)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
