"""更正: what changes after a month was reported is written down, never done silently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.ids import new_id
from signaling.ledger.core.days import month_of
from signaling.ledger.core.formula import FORMULA, FormulaSettings, Judgement, measures_of
from signaling.ledger.core.measures import Measures
from signaling.ledger.tables import CorrectionRow, LedgerMonthRow, LedgerUnitRow
from signaling.ledger.wire import MissedCause, UnitOrigin, UnitOutcome

MonthKey = tuple[str, str]  # county and month


def measures_of_row(row: LedgerUnitRow) -> Measures:
    """Return what a unit counts, as its row says."""
    judgement = Judgement(
        UnitOutcome(row.outcome),
        row.present_s,
        row.seen_s,
        row.valid,
        None if row.cause is None else MissedCause(row.cause),
    )
    return measures_of(judgement, UnitOrigin(row.origin), row.headcount, by_plan=row.by_plan)


@dataclass(frozen=True, slots=True)
class ReportedMonths:
    """The reported months that a counting may touch.

    Attributes:
        session: the writing transaction.
        now: the present.
        by: who causes the changes; empty for the server itself.
        months: those that are reported, by county and month.
    """

    session: AsyncSession
    now: datetime
    by: str
    months: dict[MonthKey, LedgerMonthRow] = field(default_factory=dict)

    async def load(self, keys: Iterable[MonthKey]) -> None:
        """Find out which of some months are reported."""
        wanted = sorted(set(keys))
        if wanted:
            key = tuple_(LedgerMonthRow.county_id, LedgerMonthRow.month)
            rows = await self.session.scalars(select(LedgerMonthRow).where(key.in_(wanted)))
            self.months.update({(row.county_id, row.month): row for row in rows})

    def formula(
        self, county_id: str, day: date, usual: FormulaSettings
    ) -> tuple[int, FormulaSettings]:
        """Return the formula that counts a day, and its settings; `usual` are those of today."""
        reported = self.months.get((county_id, month_of(day)))
        if reported is None:
            return FORMULA, usual
        return reported.formula, FormulaSettings(reported.valid_minutes, reported.formula)

    def note(self, row: LedgerUnitRow, before: Measures, after: Measures) -> None:
        """Write 更正 where a reported month counts a unit otherwise from now on."""
        month = month_of(row.day)
        if before == after or (row.county_id, month) not in self.months:
            return
        self.session.add(
            CorrectionRow(
                correction_id=new_id(),
                county_id=row.county_id,
                month=month,
                at=self.now,
                by_name=self.by,
                lesson_id=row.lesson_id,
                room_id=row.room_id,
                path=row.path,
                day=row.day,
                school=row.school,
                class_name=row.class_name,
                subject=row.subject,
                before=msgspec.to_builtins(before),
                after=msgspec.to_builtins(after),
            )
        )
