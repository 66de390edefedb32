"""Writing the lines of the audit log into a workbook. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.audit.store import AuditSearch, AuditStore
from signaling.audit.wire import AuditLine
from signaling.audit_exports.wire import AuditExported, AuditExportWish
from signaling.audit_exports.words import Words
from signaling.base.calendar import days
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext

MAX_LINES = 50_000  # of one workbook: what an office reads, and a worker holds
_PAGE = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = ("at", "actor", "what", "target", "detail", "remote")


class AuditExporter:
    """Carries out the exports."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    async def export(self, context: JobContext, wish: AuditExportWish) -> AuditExported:
        """Write the newest lines that the owner may read by now. Raises Forbidden."""
        demand_somewhere(context.actor, Action.READ_AUDIT)
        words = Words(wish.language)
        lines, more = await self._lines(context, wish)
        rows = (self._row(line, words) for line in lines)
        columns = tuple(Column(words.head(name)) for name in _COLUMNS)
        table = Table(words.head("title"), columns, rows)
        name = f"{words.head('title')} {wish.first} {wish.last}.xlsx"
        data = write_workbook([table], context.clock.now())
        kept = await context.files.keep(context.actor, name, _XLSX, [data])
        made = AuditExported(kept.file_id, name, len(lines), more)
        action = AuditAction.AUDIT_EXPORT
        async with context.audit.work(context.actor, action, kept.file_id) as work:
            work.concerns(context.branch or own_branch(context.actor), name)
            context.finish(made)
        return made

    async def _lines(
        self, context: JobContext, wish: AuditExportWish
    ) -> tuple[Sequence[AuditLine], bool]:
        store = AuditStore(context.database)
        branches = branches_granted(context.actor, Action.READ_AUDIT)
        start, end = days(wish.first, (wish.last - wish.first).days + 1, self._zone)
        search = AuditSearch(start, end, wish.actor, wish.action, wish.target, _PAGE)
        lines: list[AuditLine] = []
        while len(lines) < MAX_LINES:
            context.progress(len(lines), 0)
            found, following = await store.page(branches, search)
            lines += found
            if following is None:
                return lines, False
            search = replace(search, after=following)
        return lines, True

    def _row(self, line: AuditLine, words: Words) -> Sequence[Cell]:
        target = line.target_name or line.target
        return (
            line.at.astimezone(self._zone).replace(tzinfo=None),
            line.actor_name or words.head("nobody"),
            words.action(line.action),
            target if target == line.target else f"{target} {line.target}",
            words.detail(line.facts),
            line.remote,
        )
