"""The ledger of the demo county: what is required, and why some lessons were missed."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from sqlalchemy import select

from signaling.access.roles import Actor, Role
from signaling.command.demo import county
from signaling.command.demo.term import admin_of, first_monday
from signaling.ledger.county_wire import RequirementCreate
from signaling.ledger.decision_wire import ConfirmReason, GiveReason
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.wire import UnitOutcome
from signaling.lessons.reasons import MissedReason
from signaling.wiring import Services

_REASONS = (
    MissedReason.POWER_FAULT,
    MissedReason.NETWORK_FAULT,
    MissedReason.NETWORK_FAULT,
    MissedReason.EQUIPMENT_FAULT,
    MissedReason.ROOM_CLOSED,
)
_EXPLAINED_AFTER = timedelta(days=3)  # points give their reasons by then
_CONFIRMED_AFTER = timedelta(days=7)  # and the county has looked at them


async def require(services: Services, today: date) -> None:
    """Set what every class of the county is owed each week."""
    admin = await admin_of(services)
    for grade in county.GRADES:
        for subject in county.REQUIRED:
            wish = RequirementCreate(county.COUNTY_ID, grade, subject, 1, first_monday(today))
            await services.ledger.county.requirements.create(admin, wish)


async def count(services: Services, start: datetime, end: datetime) -> None:
    """Count the lessons of a time, and let points say why they missed some."""
    await services.ledger.counter.complete(start, end)
    for unit in await _missed(services, end - _EXPLAINED_AFTER):
        await _explain(services, unit, end)


async def _explain(services: Services, unit: LedgerUnitRow, now: datetime) -> None:
    school = county.school_of_room(unit.room_id)
    reason = random.Random(f"{unit.starts_at:%F %H%M} {unit.room_id}").choice(_REASONS)
    room = Actor(
        unit.room_id,
        school.room,
        frozenset({Role.RECEIVE_ROOM}),
        school.school_id,
        unit.room_id,
    )
    amending = services.ledger.pages.amending
    given = await amending.explain(
        room, unit.lesson_id, unit.room_id, GiveReason(reason, unit.version)
    )
    if unit.starts_at < now - _CONFIRMED_AFTER:
        await amending.confirm(
            await admin_of(services), unit.lesson_id, unit.room_id, ConfirmReason(given.version)
        )


async def _missed(services: Services, before: datetime) -> list[LedgerUnitRow]:
    row = LedgerUnitRow
    query = select(row).where(
        row.county_id == county.COUNTY_ID,
        row.outcome == UnitOutcome.MISSED,
        row.reason.is_(None),
        row.starts_at < before,
    )
    async with services.database.read() as session:
        return list(await session.scalars(query))
