"""上报: the months of a county, their reports, and freezing them.

A frozen month says for ever what was reported, with the formula of then. What changes later stands
beside it as 更正.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.errors import Forbidden, LedgerRefused, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.ledger.core.days import days_of_month, month_of
from signaling.ledger.core.formula import FORMULA
from signaling.ledger.core.measures import figures
from signaling.ledger.core.report import ReportFacts
from signaling.ledger.counter import LedgerCounter
from signaling.ledger.counting import COUNTING_LOCK, Counting
from signaling.ledger.county_wire import MonthReport, MonthState
from signaling.ledger.reports import report_facts
from signaling.ledger.tables import CorrectionRow, LedgerDayRow, LedgerMonthRow
from signaling.ledger.totals import Scope, total_of

MAX_MONTHS = 240  # of one list: twenty years
PAGE_CORRECTIONS = 100


class Months:
    """The months of counties, and the one action on them."""

    def __init__(
        self,
        database: Database,
        counting: Counting,
        counter: LedgerCounter,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._database = database
        self._counting = counting
        self._counter = counter
        self._audit = audit
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(self, actor: Actor, county_id: str) -> Sequence[MonthState]:
        """Return the months of a county that have lessons, the newest first. Raises NotFound."""
        async with self._database.read() as session:
            county = await self._county(session, actor, county_id)
            span = select(func.min(LedgerDayRow.day), func.max(LedgerDayRow.day)).where(
                LedgerDayRow.county_id == county_id
            )
            first, last = (await session.execute(span)).one()
            frozen = await self._frozen(session, county_id)
            corrections = await _corrections_by_month(session, county_id)
        months = [] if first is None else _months_between(first, last)
        return [
            self._state(actor, county, month, frozen.get(month), corrections.get(month, 0))
            for month in months
        ]

    async def report(self, actor: Actor, county_id: str, month: str) -> MonthReport:
        """Return the report of a month. Raises NotFound."""
        async with self._database.read() as session:
            county = await self._county(session, actor, county_id)
            return await self._report(session, actor, county, month)

    async def corrections(
        self, actor: Actor, county_id: str, month: str, after: Place | None
    ) -> tuple[Sequence[CorrectionRow], Place | None]:
        """Return a page of the corrections of a month, the newest first. Raises NotFound."""
        row = CorrectionRow
        place = tuple_(row.at, row.correction_id)
        async with self._database.read() as session:
            await self._county(session, actor, county_id)
            query = select(row).where(row.county_id == county_id, row.month == month)
            if after is not None:
                query = query.where(place < tuple_(after.at, after.row_id))
            query = query.order_by(row.at.desc(), row.correction_id.desc())
            found = (await session.scalars(query.limit(PAGE_CORRECTIONS + 1))).all()
        if len(found) <= PAGE_CORRECTIONS:
            return found, None
        last = found[PAGE_CORRECTIONS - 1]
        return found[:PAGE_CORRECTIONS], Place(last.at, last.correction_id)

    # --- freezing --------------------------------------------------------------------------------

    async def freeze(
        self, actor: Actor, county_id: str, month: str, *, unexplained: bool
    ) -> MonthReport:
        """Freeze a month.

        Raises:
            NotFound, Forbidden: not a county of the actor's.
            LedgerRefused: the month is not over, frozen already, or units lack their reasons.
        """
        async with self._database.read() as session:
            county = await self._county(session, actor, county_id)
        if not _may_freeze(actor, county):
            raise Forbidden()
        first, last = days_of_month(month)
        if last >= self._clock.now().astimezone(self._counting.zone).date():
            raise LedgerRefused(code=ProblemCode.MONTH_NOT_OVER)
        await self._counter.complete(self._begin(first), self._begin(last + timedelta(days=1)))
        target = f"{county_id} {month}"
        async with self._audit.work(actor, AuditAction.MONTH_FREEZE, target) as work:
            session = work.session
            work.concerns(county.path, county.name)
            await self._database.serialize(session, COUNTING_LOCK)
            if await session.get(LedgerMonthRow, (county_id, month)) is not None:
                raise LedgerRefused(code=ProblemCode.MONTH_FROZEN, facts={"month": month})
            facts = await report_facts(session, _scope(county, month))
            if facts.total.awaiting and not unexplained:
                raise LedgerRefused(
                    code=ProblemCode.REASONS_AWAITED, facts={"units": facts.total.awaiting}
                )
            session.add(
                LedgerMonthRow(
                    county_id=county_id,
                    month=month,
                    formula=FORMULA,
                    valid_minutes=self._counting.settings.valid_minutes,
                    frozen_at=self._clock.now(),
                    frozen_by=actor.name,
                    report=msgspec.to_builtins(facts),
                )
            )
            await session.flush()
            return await self._report(session, actor, county, month)

    # --- inside ----------------------------------------------------------------------------------

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._counting.zone).astimezone(UTC)

    async def _county(self, session: AsyncSession, actor: Actor, county_id: str) -> OrgNodeRow:
        """Return a county whose ledger the actor may see. Raises NotFound."""
        node = await session.get(OrgNodeRow, county_id)
        if node is None or OrgLevel(node.level) is not OrgLevel.COUNTY:
            raise NotFound(code=ProblemCode.UNKNOWN_NODE)
        if not allows(actor, Action.READ_LEDGER, (), (node.path,)):
            raise NotFound(code=ProblemCode.UNKNOWN_NODE)
        return node

    async def _frozen(self, session: AsyncSession, county_id: str) -> Mapping[str, LedgerMonthRow]:
        query = select(LedgerMonthRow).where(LedgerMonthRow.county_id == county_id)
        return {row.month: row for row in await session.scalars(query)}

    async def _report(
        self, session: AsyncSession, actor: Actor, county: OrgNodeRow, month: str
    ) -> MonthReport:
        scope = _scope(county, month)
        frozen = await session.get(LedgerMonthRow, (county.node_id, month))
        present = await total_of(session, scope)
        if frozen is None:
            facts, corrections = await report_facts(session, scope), 0
        else:
            facts = msgspec.convert(frozen.report, ReportFacts)
            corrections = (await _corrections_by_month(session, county.node_id)).get(month, 0)
        return MonthReport(
            state=self._state(actor, county, month, frozen, corrections),
            first=scope.first,
            last=scope.last,
            total=figures(facts.total),
            completeness=facts.completeness,
            points=tuple(row.shown() for row in facts.points),
            subjects=tuple(row.shown() for row in facts.subjects),
            reasons=facts.reasons,
            present=figures(present),
        )

    def _state(
        self,
        actor: Actor,
        county: OrgNodeRow,
        month: str,
        frozen: LedgerMonthRow | None,
        corrections: int,
    ) -> MonthState:
        today = self._clock.now().astimezone(self._counting.zone).date()
        over = days_of_month(month)[1] < today
        usual = self._counting.settings.valid_minutes
        return MonthState(
            county_id=county.node_id,
            county=county.name,
            month=month,
            formula=FORMULA if frozen is None else frozen.formula,
            valid_minutes=usual if frozen is None else frozen.valid_minutes,
            frozen_at=None if frozen is None else frozen.frozen_at,
            frozen_by="" if frozen is None else frozen.frozen_by,
            corrections=corrections,
            may_freeze=frozen is None and over and _may_freeze(actor, county),
        )


def _scope(county: OrgNodeRow, month: str) -> Scope:
    first, last = days_of_month(month)
    return Scope(first, last, frozenset({county.path}), county_id=county.node_id)


def _may_freeze(actor: Actor, county: OrgNodeRow) -> bool:
    return allows(actor, Action.FREEZE_MONTH, (), (county.path,))


def _months_between(first: date, last: date) -> list[str]:
    """Return the months from a day to another, the newest first."""
    months: list[str] = []
    day = last.replace(day=1)
    while day >= first.replace(day=1) and len(months) < MAX_MONTHS:
        months.append(month_of(day))
        day = (day - timedelta(days=1)).replace(day=1)
    return months


async def _corrections_by_month(session: AsyncSession, county_id: str) -> dict[str, int]:
    row = CorrectionRow
    query = select(row.month, func.count()).where(row.county_id == county_id).group_by(row.month)
    rows = (await session.execute(query)).all()
    return {row[0]: row[1] for row in rows}
