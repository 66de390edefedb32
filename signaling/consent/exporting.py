"""The consents of a term as a workbook: evidence for the yearly audit of minors' data (合规审计).

Only the worker process loads this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.consent import store
from signaling.consent.export_kind import ConsentExportOrder
from signaling.consent.rules import state_of
from signaling.consent.store import ClassConsent, Search, given_of
from signaling.consent.visibility import readable
from signaling.consent.wire import Consent, ConsentExported, ConsentState
from signaling.consent.words import Words
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.kinds import JobContext

MAX_CLASSES = 20_000  # of one workbook: a county has some thousands
_PAGE = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = (
    *("school", "grade", "class_name", "state", "purposes", "pupils", "refusals", "remedy"),
    *("covers_from", "covers_to", "until", "given_on", "pages", "at", "by", "note"),
    *("withdrawn_on", "withdrawn_reason", "withdrawn_by"),
)
_WITHOUT_CONSENT = len(_COLUMNS) - 4  # cells that a class without any record leaves empty


class ConsentExporter:
    """Carries out the exports."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    async def export(self, context: JobContext, order: ConsentExportOrder) -> ConsentExported:
        """Write the classes of a term that the owner may see by now. Raises Forbidden."""
        demand_somewhere(context.actor, Action.READ_CONSENT)
        today = context.clock.now().astimezone(self._zone).date()
        search = Search(readable(context.actor), order.county_id, order.term_id, today)
        words = Words(order.language)
        lines: list[Sequence[Cell]] = []
        past: list[Sequence[Cell]] = []
        async with context.database.read() as session:
            counted = await store.counts(session, search)
            after: str | None = None
            while len(lines) < MAX_CLASSES:
                context.progress(len(lines), sum(counted.values()))
                found, after = await store.page(session, search, _PAGE, after)
                lines += await self._lines(session, found, words, today)
                past += await self._past(session, found, order.term_id, words, today)
                if after is None:
                    break
        columns = tuple(Column(words.head(name)) for name in _COLUMNS)
        tables = [
            Table(words.head("title"), columns, lines),
            _sums(words, counted),
            Table(words.head("former"), columns, past),
        ]
        name = f"{words.head('title')} {order.term}.xlsx"
        data = write_workbook(tables, context.clock.now())
        kept = await context.files.keep(context.actor, name, _XLSX, [data])
        made = ConsentExported(kept.file_id, name, len(lines))
        action = AuditAction.CONSENT_EXPORT
        async with context.audit.work(context.actor, action, kept.file_id, name) as work:
            work.concerns(context.branch or own_branch(context.actor), name)
            context.finish(made)
        return made

    async def _lines(
        self, session: AsyncSession, found: Sequence[ClassConsent], words: Words, today: date
    ) -> list[Sequence[Cell]]:
        kept = [one.consent for one in found if one.consent is not None]
        files = await store.files_of(session, [row.consent_id for row in kept])
        consents = {row.class_id: store.consent_of(row, files[row.consent_id]) for row in kept}
        return [
            self._line(one, one.state(today), consents.get(one.class_id), words) for one in found
        ]

    async def _past(
        self,
        session: AsyncSession,
        found: Sequence[ClassConsent],
        term_id: str,
        words: Words,
        today: date,
    ) -> list[Sequence[Cell]]:
        """Return what was recorded before and counts no longer."""
        lines = []
        for one in found:
            if one.consent is None:
                continue
            rows = await store.former(session, one.class_id, term_id)
            files = await store.files_of(session, [row.consent_id for row in rows])
            lines += [
                self._line(
                    one,
                    state_of(given_of(row), today),
                    store.consent_of(row, files[row.consent_id]),
                    words,
                )
                for row in rows
            ]
        return lines

    def _line(
        self, one: ClassConsent, state: ConsentState, consent: Consent | None, words: Words
    ) -> Sequence[Cell]:
        head: tuple[Cell, ...] = (one.school, one.grade, one.name, words.state(state))
        if consent is None:
            return (*head, *[None] * _WITHOUT_CONSENT)
        end = consent.withdrawal
        return (
            *head,
            *(words.purposes(consent.purposes), consent.pupils, consent.refusals),
            words.remedy(consent.remedy),
            *(consent.covers_from, consent.covers_to, consent.until, consent.given_on),
            *(len(consent.files), self._local(consent.at), consent.by, consent.note),
            None if end is None else end.on,
            words.reason(None if end is None else end.reason),
            None if end is None else end.by,
        )

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(tzinfo=None)


def _sums(words: Words, counted: dict[ConsentState, int]) -> Table:
    columns = (Column(words.head("state")), Column(words.head("classes")))
    lines = [(words.state(one), counted.get(one, 0)) for one in ConsentState]
    return Table(words.head("sums"), columns, lines)
