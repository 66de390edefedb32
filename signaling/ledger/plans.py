"""The timetable, as the ledger asks for it. Wiring hands it in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.ledger.core.duties import SCHOOL_DAYS
from signaling.ledger.wire import UnitChange, UnitOrigin
from signaling.lessons.reasons import MissedReason


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A lesson as the plan has it.

    Attributes:
        origin: why it stands in the plan.
        reason: why it was cancelled (停课), if somebody chose a reason.
    """

    origin: UnitOrigin = UnitOrigin.SINGLE
    reason: MissedReason | None = None


class PlannedLessons(Protocol):
    """The timetable, as the ledger needs it."""

    async def facts(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, PlanFacts]:
        """Return what the plan says of lessons; those of no plan are left out."""

    async def changes(self, session: AsyncSession, lesson_id: str) -> Sequence[UnitChange]:
        """Return what was changed about a lesson, the first change first."""

    async def teaching_days(
        self, session: AsyncSession, county_id: str, first: date, last: date
    ) -> Mapping[date, int | None]:
        """Return the days of a county on which is taught, each with its teaching week if known."""


class NoPlans:
    """The plan of a county without a timetable: Monday to Friday, and every lesson by itself."""

    async def facts(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, PlanFacts]:
        """Return nothing."""
        return {}

    async def changes(self, session: AsyncSession, lesson_id: str) -> Sequence[UnitChange]:
        """Return nothing."""
        return ()

    async def teaching_days(
        self, session: AsyncSession, county_id: str, first: date, last: date
    ) -> Mapping[date, int | None]:
        """Return the days from Monday to Friday."""
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return {day: None for day in days if day.isoweekday() <= SCHOOL_DAYS}
