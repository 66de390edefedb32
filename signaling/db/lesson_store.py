"""Reading and writing lessons, their rooms and what of a live room survives a restart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.core.lesson_state import OPEN_STATES
from signaling.core.messages import HandRaise
from signaling.core.permissions import Subject, room_participant
from signaling.core.resources import (
    ClassKind,
    LessonCreate,
    LessonState,
    PersonRef,
    Role,
)
from signaling.core.room_state import Durable
from signaling.db.audit_log import Work
from signaling.db.engine import Database
from signaling.db.people_store import room_record
from signaling.db.tables import (
    LessonRoomRow,
    LessonRoomStateRow,
    LessonRow,
    PersonRoleRow,
    PersonRow,
    RoomRow,
    SchoolRow,
)
from signaling.errors import Busy, Clash, Invalid
from signaling.ids import new_id, new_join_code
from signaling.records import LessonRecord, RoomRecord

PAGE_LESSONS = 100  # of one answer, made in 1 ms of the loop; a day or week goes over pages
_CREATION_LOCK = (
    0x544B_4C45  # PostgreSQL advisory lock: one creation at a time, else clashes slip by
)
_CODE_ATTEMPTS = 8
# The longest distance of a lesson's planned start from a day that lists it, unless it is live. It
# bounds what a query reads: a lesson lasts some hours and is held a day early or late at most.
_REACH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LessonChange:
    """A transition as it is written."""

    state: LessonState
    held_from: datetime | None = None
    held_to: datetime | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class LessonPlace:
    """A lesson's place in the order by time."""

    starts_at: datetime
    lesson_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """The interval [start, end) of a list, and the moment it is asked for."""

    start: datetime
    end: datetime
    now: datetime


class LessonStore:
    """Lessons."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lesson(self, lesson_id: str) -> LessonRecord | None:
        """One lesson."""
        async with self._database.read() as session:
            found = await _load(session, LessonRow.lesson_id == lesson_id)
        return found[0] if found else None

    async def open_by_code(self, join_code: str, since: datetime) -> LessonRecord | None:
        """The lesson with a join code that is live, or scheduled to end after `since`."""
        current = or_(LessonRow.state == LessonState.LIVE, LessonRow.ends_at > since)
        async with self._database.read() as session:
            found = await _load(
                session, LessonRow.join_code == join_code, LessonRow.state.in_(OPEN_STATES), current
            )
        return found[0] if found else None

    async def live(self) -> Sequence[LessonRecord]:
        """The lessons under way."""
        async with self._database.read() as session:
            return await _load(session, LessonRow.state == LessonState.LIVE)

    async def between(self, span: Span, subject: Subject | None) -> Sequence[LessonRecord]:
        """The lessons whose planned or held time overlaps a span, by planned start.

        A subject's own, or all for None. One over midnight is on both days.
        """
        async with self._database.read() as session:
            return await _load(session, *_between(span, subject))

    async def page(
        self, span: Span, subject: Subject | None, after: LessonPlace | None
    ) -> tuple[Sequence[LessonRecord], LessonPlace | None]:
        """As `between`, at most `PAGE_LESSONS` after a place; and the next page's place, if any."""
        conditions = _between(span, subject)
        if after is not None:
            later = and_(
                LessonRow.starts_at == after.starts_at, LessonRow.lesson_id > after.lesson_id
            )
            conditions.append(or_(LessonRow.starts_at > after.starts_at, later))
        async with self._database.read() as session:
            found = await _load(session, *conditions, limit=PAGE_LESSONS + 1)
        if len(found) <= PAGE_LESSONS:
            return found, None
        last = found[PAGE_LESSONS - 1]
        return found[:PAGE_LESSONS], LessonPlace(last.starts_at, last.lesson_id)

    async def lessons(self, lesson_ids: Collection[str]) -> dict[str, LessonRecord]:
        """Those of these lessons that exist, in a fixed number of queries."""
        async with self._database.read() as session:
            found = await _load(session, LessonRow.lesson_id.in_(lesson_ids))
        return {record.lesson_id: record for record in found}

    async def lock_creation(self, work: Work) -> None:
        """From here to the end of the work nobody else creates lessons."""
        await self._database.serialize(work.session, _CREATION_LOCK)

    async def create(self, work: Work, wish: LessonCreate) -> str:
        """Create a lesson whose times and rooms were checked for form; returns its id.

        Raises:
            Invalid: the teacher or a room does not exist.
            Clash: the teacher or a room is taken.
        """
        await self.lock_creation(work)
        for _ in range(_CODE_ATTEMPTS):
            join_code = new_join_code()
            taken = select(LessonRow.lesson_id).where(
                LessonRow.join_code == join_code, LessonRow.state.in_(OPEN_STATES)
            )
            if await work.session.scalar(taken) is None:
                return await _insert(work.session, wish, join_code)
        raise Busy("no free join code")

    async def change(
        self, work: Work, lesson_id: str, expected: LessonState, change: LessonChange
    ) -> bool:
        """Write a transition if the lesson is still in the expected state; whether it was."""
        values = {k: v for k, v in vars_of(change).items() if v is not None}
        written = await work.session.scalar(
            update(LessonRow)
            .where(LessonRow.lesson_id == lesson_id, LessonRow.state == expected)
            .values(**values)
            .returning(LessonRow.lesson_id)
        )
        return written is not None

    async def set_recording(self, lesson_id: str, recording_id: str) -> None:
        """Note which recording belongs to a lesson."""
        async with self._database.write() as session:
            await session.execute(
                update(LessonRow)
                .where(LessonRow.lesson_id == lesson_id)
                .values(recording_id=recording_id)
            )

    async def durable(self, lesson_id: str) -> Durable:
        """What was kept of a live room."""
        async with self._database.read() as session:
            row = await session.get(LessonRoomStateRow, lesson_id)
        if row is None:
            return Durable()
        kept = msgspec.convert(row.state, _Kept)
        return Durable(kept.on_stage, kept.hands, kept.muted_all, kept.attended)

    async def keep(self, lesson_id: str, durable: Durable) -> None:
        """Keep what of a live room must survive a restart."""
        kept = _Kept(durable.on_stage, durable.hands, durable.muted_all, durable.attended)
        async with self._database.write() as session:
            await session.merge(
                LessonRoomStateRow(lesson_id=lesson_id, state=msgspec.to_builtins(kept))
            )


class _Kept(msgspec.Struct, frozen=True):
    """The JSON form of `Durable`."""

    on_stage: tuple[str, ...] = ()
    hands: tuple[HandRaise, ...] = ()
    muted_all: bool = False
    attended: tuple[str, ...] = ()


def vars_of(change: LessonChange) -> dict[str, object]:
    """A change's columns."""
    return {
        "state": change.state,
        "held_from": change.held_from,
        "held_to": change.held_to,
        "cancel_reason": change.cancel_reason,
    }


def _between(span: Span, subject: Subject | None) -> list[ColumnElement[bool]]:
    planned = and_(LessonRow.starts_at < span.end, LessonRow.ends_at > span.start)
    under_way = LessonRow.state == LessonState.LIVE
    held_into = LessonRow.held_to > span.start
    if span.start <= span.now:
        held_into = or_(held_into, under_way)
    held = and_(LessonRow.held_from < span.end, held_into)
    near = LessonRow.starts_at.between(_moved(span.start, -_REACH), _moved(span.end, _REACH))
    conditions = [or_(near, under_way), or_(planned, held)]
    if subject is not None:
        conditions.append(_concerns(subject))
    return conditions


def _moved(at: datetime, by: timedelta) -> datetime:
    """A moment moved, or as it is where the calendar ends."""
    try:
        return at + by
    except OverflowError:
        return at


def _concerns(subject: Subject) -> ColumnElement[bool]:
    """Lessons that a subject takes part in; the counterpart of `permissions.relations` in SQL."""
    if subject.room_id is not None:
        return LessonRow.lesson_id.in_(
            select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id == subject.room_id)
        )
    concerned: ColumnElement[bool] = LessonRow.lead_teacher_id == subject.subject_id
    if Role.ASSISTANT in subject.roles and subject.school_id is not None:
        own_rooms = select(RoomRow.room_id).where(RoomRow.school_id == subject.school_id)
        invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(own_rooms))
        concerned = or_(
            concerned, LessonRow.lead_room_id.in_(own_rooms), LessonRow.lesson_id.in_(invited)
        )
    return concerned


async def _insert(session: AsyncSession, wish: LessonCreate, join_code: str) -> str:
    await _check_exist(session, wish)
    await _check_clashes(session, wish)
    lesson_id = new_id()
    session.add(
        LessonRow(
            lesson_id=lesson_id,
            title=wish.title,
            class_kind=wish.class_kind,
            subject=wish.subject,
            grade=wish.grade,
            state=LessonState.SCHEDULED,
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
            lead_teacher_id=wish.lead_teacher_id,
            lead_room_id=wish.lead_room_id,
            join_code=join_code,
        )
    )
    await session.flush()
    session.add_all(
        LessonRoomRow(lesson_id=lesson_id, room_id=room_id, position=position)
        for position, room_id in enumerate(wish.receive_room_ids)
    )
    await session.flush()
    return lesson_id


async def _check_exist(session: AsyncSession, wish: LessonCreate) -> None:
    teacher = await session.scalar(
        select(PersonRoleRow.person_id)
        .join(PersonRow, PersonRow.person_id == PersonRoleRow.person_id)
        .where(
            PersonRoleRow.person_id == wish.lead_teacher_id,
            PersonRoleRow.role == Role.LEAD_TEACHER,
            PersonRow.active,
        )
    )
    if teacher is None:
        raise Invalid("没有这位主讲教师", field="lead_teacher_id")
    wanted = {*wish.receive_room_ids, *({wish.lead_room_id} - {None})}
    known = set(await session.scalars(select(RoomRow.room_id).where(RoomRow.room_id.in_(wanted))))
    if wish.lead_room_id is not None and wish.lead_room_id not in known:
        raise Invalid("没有这间教室", field="lead_room_id")
    for index, room_id in enumerate(wish.receive_room_ids):
        if room_id not in known:
            raise Invalid("没有这间教室", field=f"receive_room_ids[{index}]")


async def _check_clashes(session: AsyncSession, wish: LessonCreate) -> None:
    wanted = {*wish.receive_room_ids, *({wish.lead_room_id} - {None})}
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(wanted))
    overlapping = await _load(
        session,
        LessonRow.state.in_(OPEN_STATES),
        LessonRow.starts_at < wish.ends_at,
        LessonRow.ends_at > wish.starts_at,
        or_(
            LessonRow.lead_teacher_id == wish.lead_teacher_id,
            LessonRow.lead_room_id.in_(wanted),
            LessonRow.lesson_id.in_(invited),
        ),
    )
    for lesson in overlapping:
        if lesson.lead_teacher.person_id == wish.lead_teacher_id:
            raise Clash(f"{lesson.lead_teacher.name}:{lesson.title}", field="lead_teacher_id")
        taken = {room.room_id: room for room in lesson.receive_rooms}
        if lesson.lead_room is not None:
            taken[lesson.lead_room.room_id] = lesson.lead_room
        if wish.lead_room_id in taken:
            room = taken[wish.lead_room_id]
            raise Clash(f"{room.school}{room.name}:{lesson.title}", field="lead_room_id")
        for index, room_id in enumerate(wish.receive_room_ids):
            if room_id in taken:
                room = taken[room_id]
                raise Clash(
                    f"{room.school}{room.name}:{lesson.title}",
                    field=f"receive_room_ids[{index}]",
                )


async def _load(
    session: AsyncSession, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[LessonRecord]:
    """Lessons with everything that belongs to them, in four queries whatever their number."""
    rows = (
        await session.execute(
            select(LessonRow, PersonRow, SchoolRow)
            .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
            .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
            .where(and_(*conditions))
            .order_by(LessonRow.starts_at, LessonRow.lesson_id)
            .limit(limit)
        )
    ).all()
    if not rows:
        return []
    invited: dict[str, list[RoomRecord]] = {row[0].lesson_id: [] for row in rows}
    for lesson_id, room, school in (
        await session.execute(
            select(LessonRoomRow.lesson_id, RoomRow, SchoolRow)
            .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
            .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
            .where(LessonRoomRow.lesson_id.in_(invited))
            .order_by(LessonRoomRow.position)
        )
    ).all():
        invited[lesson_id].append(room_record(room, school))
    lead_ids = {row[0].lead_room_id for row in rows} - {None}
    lead_rooms = {
        room.room_id: room_record(room, school)
        for room, school in (
            await session.execute(
                select(RoomRow, SchoolRow)
                .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
                .where(RoomRow.room_id.in_(lead_ids))
            )
        ).all()
    }
    kept = {
        row.lesson_id: msgspec.convert(row.state, _Kept)
        for row in await session.scalars(
            select(LessonRoomStateRow).where(LessonRoomStateRow.lesson_id.in_(invited))
        )
    }
    return [
        _record(
            lesson,
            teacher,
            school,
            lead_rooms.get(lesson.lead_room_id or ""),
            invited=tuple(invited[lesson.lesson_id]),
            attended=kept.get(lesson.lesson_id, _Kept()).attended,
        )
        for lesson, teacher, school in rows
    ]


def _record(
    lesson: LessonRow,
    teacher: PersonRow,
    school: SchoolRow | None,
    lead_room: RoomRecord | None,
    *,
    invited: tuple[RoomRecord, ...],
    attended: tuple[str, ...],
) -> LessonRecord:
    return LessonRecord(
        lesson_id=lesson.lesson_id,
        title=lesson.title,
        class_kind=ClassKind(lesson.class_kind),
        subject=lesson.subject,
        grade=lesson.grade,
        state=LessonState(lesson.state),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        held_from=lesson.held_from,
        held_to=lesson.held_to,
        cancel_reason=lesson.cancel_reason,
        lead_teacher=PersonRef(teacher.person_id, teacher.name),
        lead_school=None if school is None else school.name,
        lead_room=lead_room,
        receive_rooms=invited,
        attended_rooms=tuple(
            room for room in invited if room_participant(room.room_id) in attended
        ),
        join_code=lesson.join_code,
        recording_id=lesson.recording_id,
    )
