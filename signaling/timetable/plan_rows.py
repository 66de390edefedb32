"""Plans as rows: reading and writing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.cursors import Place as Cursor
from signaling.directory.tables import PersonRow, RoomRow, SubjectRow
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Bell, ClockTimes, Place
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.records import Content, PlanRecord
from signaling.timetable.tables import PlanRoomRow, PlanRow

PAGE_PLANS = 50  # of one answer
_PART = 100  # rows of one statement


async def load_plan(session: AsyncSession, plan_id: str) -> PlanRecord | None:
    """Return a plan that was not ended."""
    found = await load_plans(session, PlanRow.plan_id == plan_id, PlanRow.active.is_(True))
    return found[0] if found else None


async def load_plans(
    session: AsyncSession, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[PlanRecord]:
    """Return plans, newest first, in two queries whatever their number."""
    lead_school = func.coalesce(RoomRow.school_id, PersonRow.school_id)
    query = (
        select(PlanRow, lead_school, SubjectRow.name)
        .join(PersonRow, PersonRow.person_id == PlanRow.lead_teacher_id)
        .join(SubjectRow, SubjectRow.subject_id == PlanRow.subject_id)
        .outerjoin(RoomRow, RoomRow.room_id == PlanRow.lead_room_id)
        .where(*conditions)
        .order_by(PlanRow.created_at.desc(), PlanRow.plan_id.desc())
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    seats = await _seats(session, [row[0].plan_id for row in rows])
    return [
        _record(row, school, subject, tuple(seats.get(row.plan_id, ())))
        for row, school, subject in rows
    ]


async def page_of_plans(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], before: Cursor | None
) -> tuple[list[PlanRecord], Cursor | None]:
    """Return a page of plans, newest first, and the next page's place."""
    wanted = list(conditions)
    if before is not None:
        place = tuple_(PlanRow.created_at, PlanRow.plan_id)
        wanted.append(place < tuple_(before.at, before.row_id))
    found = await load_plans(session, *wanted, limit=PAGE_PLANS + 1)
    if len(found) <= PAGE_PLANS:
        return found, None
    last = found[PAGE_PLANS - 1].plan_id
    at = await session.scalar(select(PlanRow.created_at).where(PlanRow.plan_id == last))
    return found[:PAGE_PLANS], None if at is None else Cursor(at, last)


async def add_plan(session: AsyncSession, plan: PlanRecord, now: datetime) -> None:
    """Create a plan."""
    await add_plans(session, [plan], now)


async def add_plans(
    session: AsyncSession, plans: Sequence[PlanRecord], now: datetime, *, active: bool = True
) -> None:
    """Create plans, in two statements for a hundred of them; those not active are not seen."""
    for first in range(0, len(plans), _PART):
        part = plans[first : first + _PART]
        rows = [
            {"active": active, "stale": False, "created_at": now, **_values(plan)} for plan in part
        ]
        await session.execute(insert(PlanRow), rows)
        await _add_seats(session, part)


async def rewrite_plan(session: AsyncSession, plan: PlanRecord) -> None:
    """Write a changed plan; its version is the record's."""
    await session.execute(
        update(PlanRow).where(PlanRow.plan_id == plan.plan_id).values(stale=False, **_values(plan))
    )
    await session.execute(delete(PlanRoomRow).where(PlanRoomRow.plan_id == plan.plan_id))
    await _add_seats(session, [plan])


def _values(plan: PlanRecord) -> dict[str, object]:
    content, bell, clock = plan.content, plan.bell, plan.clock
    return {
        "plan_id": plan.plan_id,
        "county_id": plan.county_id,
        "term_id": plan.term_id,
        "kind": plan.kind,
        "class_kind": content.class_kind,
        "delivery_mode": content.delivery_mode,
        "subject_id": content.subject_id or "",
        "title": content.title,
        "grade": content.grade,
        "lead_teacher_id": plan.lead_teacher_id,
        "lead_room_id": plan.lead_room_id,
        "lead_class_id": content.lead_class_id,
        "weekday": plan.weekday,
        "weeks": plan.weeks.bits,
        "dates": ",".join(day.isoformat() for day in plan.dates),
        "period": None if bell is None else bell.period,
        "period_count": 1 if bell is None else bell.period_count,
        "starts": None if clock is None else clock.starts,
        "ends": None if clock is None else clock.ends,
        "textbook_volume": content.textbook_volume,
        "textbook_section": content.textbook_section,
        "waiver": plan.waiver,
        "version": plan.version,
    }


async def _add_seats(session: AsyncSession, plans: Iterable[PlanRecord]) -> None:
    rows = [
        {
            "plan_id": plan.plan_id,
            "room_id": seat.room_id,
            "class_id": seat.class_id,
            "position": position,
        }
        for plan in plans
        for position, seat in enumerate(plan.seats)
    ]
    if rows:
        await session.execute(insert(PlanRoomRow), rows)


async def _seats(session: AsyncSession, plan_ids: Iterable[str]) -> dict[str, list[Seat]]:
    query = (
        select(PlanRoomRow.plan_id, PlanRoomRow.room_id, RoomRow.school_id, PlanRoomRow.class_id)
        .join(RoomRow, RoomRow.room_id == PlanRoomRow.room_id)
        .where(PlanRoomRow.plan_id.in_(list(plan_ids)))
        .order_by(PlanRoomRow.position)
    )
    seats: dict[str, list[Seat]] = {}
    for plan_id, room_id, school_id, class_id in (await session.execute(query)).all():
        seats.setdefault(plan_id, []).append(Seat(room_id, school_id, class_id))
    return seats


def _record(
    row: PlanRow, lead_school_id: str | None, subject: str, seats: tuple[Seat, ...]
) -> PlanRecord:
    return PlanRecord(
        plan_id=row.plan_id,
        version=row.version,
        county_id=row.county_id,
        term_id=row.term_id,
        kind=PlanKind(row.kind),
        content=Content(
            title=row.title,
            class_kind=row.class_kind,
            delivery_mode=row.delivery_mode,
            subject=subject,
            subject_id=row.subject_id,
            grade=row.grade,
            lead_class_id=row.lead_class_id,
            textbook_volume=row.textbook_volume,
            textbook_section=row.textbook_section,
        ),
        lead_teacher_id=row.lead_teacher_id,
        lead_room_id=row.lead_room_id,
        lead_school_id=lead_school_id,
        seats=seats,
        weekday=row.weekday,
        weeks=WeekSet(row.weeks),
        dates=tuple(date.fromisoformat(day) for day in row.dates.split(",") if day),
        place=_place(row),
        waiver=row.waiver,
    )


def _place(row: PlanRow) -> Place:
    if row.period is not None:
        return Bell(row.period, row.period_count)
    assert row.starts is not None and row.ends is not None  # a plan has either
    return ClockTimes(row.starts, row.ends)
