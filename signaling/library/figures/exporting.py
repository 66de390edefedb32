"""导出 of coverage and use as a workbook. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Sequence

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext
from signaling.library.figures import store
from signaling.library.figures.export_kind import FiguresOrder
from signaling.library.figures.wire import FiguresExported, FiguresKind, UseGrouping, UseLine
from signaling.library.figures.words import Words

MAX_ROWS = 20_000  # of one sheet: all schools of a province
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COVERAGE = ("county", "school", "active", "nominated", "rate", "lessons")
_SUMS = ("number", "plays", "minutes", "downloads")
_USE: Sequence[tuple[str, UseGrouping, tuple[str, ...]]] = (
    ("schools", UseGrouping.SCHOOL, ("school",)),
    ("teachers", UseGrouping.TEACHER, ("teacher", "school")),
    ("resources", UseGrouping.RESOURCE, ("title", "teacher")),
)


async def export_figures(context: JobContext, order: FiguresOrder) -> FiguresExported:
    """Write what the owner may see by now. Raises Forbidden."""
    demand_somewhere(context.actor, Action.READ_RESOURCE_FIGURES)
    words = Words(order.language)
    of_use = order.kind is FiguresKind.USE
    tables = await (_use(context, order, words) if of_use else _coverage(context, order, words))
    year = order.school_year
    span = f"{order.first}–{order.last}" if of_use else f"{year}–{year + 1}"
    name = f"{words.of(order.kind)} {span}.xlsx"
    data = write_workbook(tables, context.clock.now())
    kept = await context.files.keep(context.actor, name, _XLSX, [data])
    made = FiguresExported(kept.file_id, name, sum(len(list(one.rows)) for one in tables))
    action = AuditAction.FIGURES_EXPORT
    async with context.audit.work(context.actor, action, kept.file_id, name) as work:
        work.concerns(context.branch or own_branch(context.actor), name)
        context.finish(made)
    return made


async def _coverage(context: JobContext, order: FiguresOrder, words: Words) -> list[Table]:
    paths = branches_granted(context.actor, Action.READ_RESOURCE_FIGURES)
    async with context.database.read() as session:
        now = context.clock.now()
        found = await store.coverage(session, paths, order.school_year, now, MAX_ROWS)
    lines: list[Sequence[Cell]] = [
        (
            *(one.county, one.school, one.teachers, one.nominated),
            None if one.rate is None else round(one.rate * 100, 1),
            one.lessons,
        )
        for one in found
    ]
    columns = tuple(Column(words.of(name)) for name in _COVERAGE)
    return [Table(words.of("coverage"), columns, lines)]


async def _use(context: JobContext, order: FiguresOrder, words: Words) -> list[Table]:
    paths = branches_granted(context.actor, Action.READ_RESOURCE_FIGURES)
    tables = []
    for done, (sheet, by, names) in enumerate(_USE):
        context.progress(done, len(_USE))
        async with context.database.read() as session:
            found = await store.use(session, paths, order.first, order.last, by, limit=MAX_ROWS)
        columns = tuple(Column(words.of(name)) for name in (*names, *_SUMS))
        tables.append(Table(words.of(sheet), columns, [_line(one, len(names)) for one in found]))
    return tables


def _line(one: UseLine, names: int) -> Sequence[Cell]:
    sums = (one.resources, one.plays, one.minutes, one.downloads)
    return (one.label, *((one.parent,) if names > 1 else ()), *sums)
