"""Writing lessons as occurrences of a timetable: many at once, moved, and taken out.

Callers have checked people, rooms and clashes, and hold the lock of `LessonStore.lock_creation`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, Table, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Busy
from signaling.base.ids import new_ids, new_join_code
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState

_CODE_ATTEMPTS = 8
_PART = 500  # rows of one statement
_MANY = 1_000  # codes from which on all taken ones are read at once
# For inserts without the mapper.
_LESSONS = cast(Table, LessonRow.__table__)
_SEATS = cast(Table, LessonRoomRow.__table__)


@dataclass(frozen=True, slots=True)
class RoomSeat:
    """A receive room, and the class that is taught in it."""

    room_id: str
    class_id: str | None = None


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson as it is to be: its content, time, teacher and rooms."""

    title: str
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    subject: str
    subject_id: str | None
    grade: str
    starts_at: datetime
    ends_at: datetime
    lead_teacher_id: str
    lead_room_id: str | None
    lead_class_id: str | None
    seats: tuple[RoomSeat, ...]
    textbook_volume: str | None = None
    textbook_section: str | None = None


@dataclass(frozen=True, slots=True)
class Hidden:
    """Way to create lessons that nobody sees until `show_occurrences`.

    Attributes:
        at: when; the lessons look as if they were withdrawn then.
        places: their ids and join codes, of `free_places`: hidden lessons of one show must not
            share any.
    """

    at: datetime
    places: Sequence[tuple[str, str]]


async def add_occurrences(
    session: AsyncSession, drafts: Sequence[LessonDraft], hidden: Hidden | None = None
) -> list[str]:
    """Create scheduled lessons; returns their ids in order.

    Args:
        session: writes.
        drafts: the lessons.
        hidden: for lessons that are not seen yet.

    Raises:
        Busy: no join codes are free.
    """
    if hidden is None:
        state, withdrawn_at = LessonState.SCHEDULED, None
        places: Sequence[tuple[str, str]] = await free_places(session, len(drafts))
    else:
        state, withdrawn_at, places = LessonState.CANCELLED, hidden.at, hidden.places
    ids = [lesson_id for lesson_id, _ in places]
    for first in range(0, len(drafts), _PART):
        part = slice(first, first + _PART)
        rows = zip(places[part], drafts[part], strict=True)
        await session.execute(
            insert(_LESSONS),
            [
                {
                    "lesson_id": lesson_id,
                    "join_code": code,
                    "state": state,
                    "withdrawn_at": withdrawn_at,
                    **_columns(draft),
                }
                for (lesson_id, code), draft in rows
            ],
        )
        await _add_seats(session, list(zip(ids[part], drafts[part], strict=True)))
    return ids


def was_shown() -> ColumnElement[bool]:
    """Match lessons that somebody could see at some time: whoever withdraws one writes when."""
    return or_(LessonRow.withdrawn_at.is_(None), LessonRow.changed_at.is_not(None))


async def show_occurrences(session: AsyncSession, lesson_ids: Select[str]) -> None:
    """Schedule the lessons of a query that were created hidden."""
    await session.execute(
        update(LessonRow)
        .where(LessonRow.lesson_id.in_(lesson_ids))
        .values(state=LessonState.SCHEDULED, withdrawn_at=None)
        .execution_options(synchronize_session=False)
    )


async def forget_hidden(session: AsyncSession, lesson_ids: Select[str]) -> None:
    """Delete the lessons of a query that were created hidden and never shown."""
    await session.execute(
        delete(LessonRow)
        .where(LessonRow.lesson_id.in_(lesson_ids), LessonRow.withdrawn_at.is_not(None))
        .execution_options(synchronize_session=False)
    )


async def rewrite_occurrence(
    session: AsyncSession, lesson_id: str, version: int, draft: LessonDraft, now: datetime
) -> bool:
    """Write a changed lesson if it is still scheduled in this version; whether it was."""
    written = await session.scalar(
        update(LessonRow)
        .where(
            LessonRow.lesson_id == lesson_id,
            LessonRow.version == version,
            LessonRow.state == LessonState.SCHEDULED,
        )
        .values(**_columns(draft), version=version + 1, changed_at=now)
        .returning(LessonRow.lesson_id)
    )
    if written is None:
        return False
    await session.execute(delete(LessonRoomRow).where(LessonRoomRow.lesson_id == lesson_id))
    await _add_seats(session, [(lesson_id, draft)])
    return True


async def stop_occurrence(
    session: AsyncSession, lesson_id: str, version: int, note: str | None, now: datetime
) -> bool:
    """Cancel a lesson if it is still scheduled in this version; whether it was."""
    written = await session.scalar(
        update(LessonRow)
        .where(
            LessonRow.lesson_id == lesson_id,
            LessonRow.version == version,
            LessonRow.state == LessonState.SCHEDULED,
        )
        .values(
            state=LessonState.CANCELLED, cancel_reason=note, version=version + 1, changed_at=now
        )
        .returning(LessonRow.lesson_id)
    )
    return written is not None


async def withdraw_occurrences(
    session: AsyncSession, lesson_ids: Collection[str], now: datetime
) -> None:
    """Take scheduled lessons out of the timetable. Their rows stay, and nobody can start them."""
    ids = list(lesson_ids)
    for first in range(0, len(ids), _PART):
        await session.execute(
            update(LessonRow)
            .where(
                LessonRow.lesson_id.in_(ids[first : first + _PART]),
                LessonRow.state == LessonState.SCHEDULED,
            )
            .values(
                state=LessonState.CANCELLED,
                withdrawn_at=now,
                changed_at=now,
                version=LessonRow.version + 1,
            )
        )


def _columns(draft: LessonDraft) -> dict[str, object]:
    return {
        "title": draft.title,
        "class_kind": draft.class_kind,
        "delivery_mode": draft.delivery_mode,
        "subject": draft.subject,
        "subject_id": draft.subject_id,
        "grade": draft.grade,
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
        "lead_teacher_id": draft.lead_teacher_id,
        "lead_room_id": draft.lead_room_id,
        "lead_class_id": draft.lead_class_id,
        "textbook_volume": draft.textbook_volume,
        "textbook_section": draft.textbook_section,
    }


async def _add_seats(session: AsyncSession, lessons: Sequence[tuple[str, LessonDraft]]) -> None:
    rows = [
        {
            "lesson_id": lesson_id,
            "room_id": seat.room_id,
            "class_id": seat.class_id,
            "position": position,
        }
        for lesson_id, draft in lessons
        for position, seat in enumerate(draft.seats)
    ]
    if rows:
        await session.execute(insert(_SEATS), rows)


async def free_places(session: AsyncSession, count: int) -> list[tuple[str, str]]:
    """Return so many new ids, each with a join code that no open lesson has. Raises Busy.

    Both rise from place to place: neighbours stand on one page of an index, so that 80,000 lessons
    cost half as much to write.
    """
    return list(zip(sorted(new_ids(count)), sorted(await _free_codes(session, count)), strict=True))


async def _free_codes(session: AsyncSession, count: int) -> list[str]:
    free: set[str] = set()
    for _ in range(_CODE_ATTEMPTS):
        fresh = {new_join_code() for _ in range(count - len(free))}
        free |= fresh - await _taken(session, fresh)
        if len(free) >= count:
            return list(free)[:count]
    raise Busy("no free join code")


async def _taken(session: AsyncSession, codes: set[str]) -> set[str]:
    """Return those of the codes that open lessons have, or more."""
    query = select(LessonRow.join_code).where(LessonRow.state.in_(OPEN_STATES))
    if len(codes) > _MANY:
        return set(await session.scalars(query))
    found: set[str] = set()
    wanted = list(codes)
    for first in range(0, len(wanted), _PART):
        part = LessonRow.join_code.in_(wanted[first : first + _PART])
        found |= set(await session.scalars(query.where(part)))
    return found
