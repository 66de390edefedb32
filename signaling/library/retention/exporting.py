"""The list of due deletions as a workbook. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.cursors import Place
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext
from signaling.library.retention import store
from signaling.library.retention.reading import Question, asked, shown_due
from signaling.library.retention.wire import DeletionExportWish, DeletionsExported, DueDeletion
from signaling.library.retention.words import Words

MAX_ROWS = 20_000  # of one workbook
_PAGE = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = (
    *("resource", "owner", "place", "reason", "rule", "days"),
    *("since", "due", "noticed", "held", "id"),
)


class DeletionExporter:
    """Carries out the exports."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    async def export(self, context: JobContext, wish: DeletionExportWish) -> DeletionsExported:
        """Write what rules will delete in the branches that the owner may see by now."""
        actor = context.actor
        demand_somewhere(actor, Action.READ_RETENTION)
        words, now = Words(wish.language), context.clock.now()
        lines: list[Sequence[Cell]] = []
        place: Place | None = None
        async with context.database.read() as session:
            rules = await store.all_rules(session)
            question = Question(
                wish.kind,
                wish.node_id,
                wish.q,
                None if wish.within is None else timedelta(days=wish.within),
                wish.held,
            )
            while len(lines) < MAX_ROWS:
                context.progress(len(lines), MAX_ROWS)
                wanted = await asked(session, actor, question, now, place)
                if wanted is None:
                    break
                found = await store.candidates(session, rules, wanted, now, _PAGE)
                lines += [self._line(one, words) for one in await shown_due(session, found)]
                if len(found) < _PAGE:
                    break
                place = Place(found[-1].due_at, found[-1].row.resource_id)
        columns = tuple(Column(words.head(name)) for name in _COLUMNS)
        title = words.head("title")
        name = f"{title} {now.astimezone(self._zone).date().isoformat()}.xlsx"
        data = write_workbook([Table(title, columns, lines)], now)
        kept = await context.files.keep(actor, name, _XLSX, [data])
        made = DeletionsExported(kept.file_id, name, len(lines))
        action = AuditAction.DELETION_EXPORT
        async with context.audit.work(actor, action, kept.file_id, name) as work:
            work.concerns(context.branch or own_branch(actor), name)
            context.finish(made)
        return made

    def _line(self, one: DueDeletion, words: Words) -> Sequence[Cell]:
        held = ""
        if one.held:
            until = "" if one.held_until is None else f" {self._local(one.held_until).date()}"
            held = f"{one.held_by}{until}"
        return (
            *(one.title, one.owner, one.place, words.kind(one.reason), one.rule_place, one.days),
            *(self._local(one.since), self._local(one.due_at)),
            None if one.noticed_at is None else self._local(one.noticed_at),
            *(held, one.resource_id),
        )

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)
