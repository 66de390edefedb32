"""Lessons and recordings, as consent asks for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.calendar import days
from signaling.consent.asked import ClassDays, RecordedLesson
from signaling.consent.rules import Home, SourceSeat
from signaling.consent.wire import ConsentEffect, ConsentLesson, SourcePart
from signaling.directory.tables import ClassRow, PersonRow, RoomRow, SchoolRow
from signaling.lessons.seats import LEAD_PARTICIPANT, room_participant
from signaling.lessons.sources import SourceKind, split_source
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import DeliveryMode
from signaling.library.tables import ResourceRow

_SHOWN = 20  # lessons that a withdrawal names


class LessonConsents:
    """Lessons of the timetable and others, with the classes in their rooms."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    async def lesson(
        self, session: AsyncSession, recording_id: str, sources: Collection[str]
    ) -> RecordedLesson | None:
        """Return the lesson of a recording, with a seat for each of these sources."""
        # A lesson may have several recordings, and knows the newest alone; the library knows all.
        # The recorder is not asked: this may be the transaction of a writer.
        row = await session.scalar(
            select(LessonRow)
            .join(ResourceRow, ResourceRow.lesson_id == LessonRow.lesson_id)
            .where(ResourceRow.recording_id == recording_id)
        )
        if row is None:
            return None
        home = await _home_of_lead(session, row)
        rooms = await _rooms(session, row.lesson_id)
        lead = await _lead_seat(session, row, home)
        seats = [await _seat(session, one, lead, rooms) for one in sorted(sources)]
        day = (row.held_from or row.starts_at).astimezone(self._zone).date()
        return RecordedLesson(day, home, tuple(seats))

    async def lessons(
        self, session: AsyncSession, wanted: ClassDays, after: str, most: int
    ) -> Sequence[str]:
        """Return ids of the recorded lessons in which the class may be, a page in their order."""
        query = select(LessonRow.lesson_id).where(*self._of(wanted), LessonRow.lesson_id > after)
        return (await session.scalars(query.order_by(LessonRow.lesson_id).limit(most))).all()

    async def effect(self, session: AsyncSession, wanted: ClassDays) -> ConsentEffect:
        """Count these recordings, and tell the newest."""
        conditions = self._of(wanted)
        count = await session.scalar(select(func.count()).select_from(LessonRow).where(*conditions))
        query = (
            select(LessonRow.lesson_id, LessonRow.title, LessonRow.starts_at, PersonRow.name)
            .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
            .where(*conditions)
            .order_by(LessonRow.starts_at.desc(), LessonRow.lesson_id)
            .limit(_SHOWN)
        )
        lessons = tuple(
            ConsentLesson(
                one.lesson_id, one.title, one.starts_at.astimezone(self._zone).date(), one.name
            )
            for one in (await session.execute(query)).all()
        )
        return ConsentEffect(int(count or 0), lessons)

    def _of(self, wanted: ClassDays) -> list[ColumnElement[bool]]:
        """Return the conditions on recorded lessons that the class may have been in."""
        start, end = days(wanted.first, (wanted.last - wanted.first).days + 1, self._zone)
        at_school = select(RoomRow.room_id).where(RoomRow.school_id == wanted.school_id)
        taught = LeadOrRoom(wanted.class_id, at_school)
        begins = func.coalesce(LessonRow.held_from, LessonRow.starts_at)
        return [
            LessonRow.recording_id.is_not(None),
            begins >= start,
            begins < end,
            or_(taught.lead(), LessonRow.lesson_id.in_(taught.lessons())),
        ]


class LeadOrRoom:
    """Conditions by which a class is in a lesson: before the lead teacher, or in a receive room."""

    def __init__(self, class_id: str, rooms: Select[Any]) -> None:
        self._class_id = class_id
        self._rooms = rooms

    def lead(self) -> ColumnElement[bool]:
        """Return the condition on lessons that the class may have had in the lead room."""
        unnamed = and_(
            LessonRow.lead_class_id.is_(None),
            LessonRow.delivery_mode == DeliveryMode.LEAD_WITH_PUPILS,
            or_(
                LessonRow.lead_room_id.in_(self._rooms),
                LessonRow.lead_teacher_id.in_(self._teachers()),
            ),
        )
        return or_(LessonRow.lead_class_id == self._class_id, unnamed)

    def lessons(self) -> Select[Any]:
        """Return the query for lessons that the class may have had in a receive room."""
        row = LessonRoomRow
        unnamed = and_(row.class_id.is_(None), row.room_id.in_(self._rooms))
        return select(row.lesson_id).where(or_(row.class_id == self._class_id, unnamed))

    def _teachers(self) -> Select[Any]:
        schools = select(RoomRow.school_id).where(RoomRow.room_id.in_(self._rooms))
        return select(PersonRow.person_id).where(PersonRow.school_id.in_(schools))


async def _home_of_lead(session: AsyncSession, row: LessonRow) -> Home | None:
    """Return the school that gives a lesson: the teacher's, or else that of the lead room."""
    query = (
        select(SchoolRow.school_id, SchoolRow.county_id)
        .join(PersonRow, PersonRow.school_id == SchoolRow.school_id)
        .where(PersonRow.person_id == row.lead_teacher_id)
    )
    found = (await session.execute(query)).first()
    if found is None and row.lead_room_id is not None:
        room = await _room(session, row.lead_room_id)
        return None if room is None else Home(room.school_id, room.county_id)
    return None if found is None else Home(*found)


async def _lead_seat(session: AsyncSession, row: LessonRow, home: Home | None) -> SourceSeat:
    """Return the seat of the lead teacher's camera: the class in the lead room, if there is one."""
    if DeliveryMode(row.delivery_mode) is not DeliveryMode.LEAD_WITH_PUPILS:
        return SourceSeat("", LEAD_PARTICIPANT, SourcePart.NOTHING)
    room = None if row.lead_room_id is None else await _room(session, row.lead_room_id)
    at = home if room is None else Home(room.school_id, room.county_id)
    classes, at = await _classes(session, row.lead_class_id, at)
    place = "" if room is None else f"{room.school} {room.name}"
    return SourceSeat("", LEAD_PARTICIPANT, SourcePart.PICTURE, place, at, classes)


async def _seat(
    session: AsyncSession, source_id: str, lead: SourceSeat, rooms: Mapping[str, Any]
) -> SourceSeat:
    """Return the seat of one source. Of a source of nobody in the lesson nothing is known."""
    try:
        participant_id, kind = split_source(source_id)
    except ValueError:
        return SourceSeat(source_id, source_id, SourcePart.WHOLE)
    if participant_id == LEAD_PARTICIPANT:
        part = SourcePart.NOTHING if kind is SourceKind.COURSEWARE else lead.part
        return SourceSeat(source_id, participant_id, part, lead.place, lead.home, lead.class_ids)
    room = rooms.get(participant_id)
    if room is None:
        return SourceSeat(source_id, participant_id, SourcePart.WHOLE)
    at: Home | None = Home(room.school_id, room.county_id)
    classes, at = await _classes(session, room.class_id, at)
    place = f"{room.school} {room.name}"
    return SourceSeat(source_id, participant_id, SourcePart.WHOLE, place, at, classes)


async def _classes(
    session: AsyncSession, class_id: str | None, at: Home | None
) -> tuple[tuple[str, ...], Home | None]:
    """Return the class that was named, with its home; else all classes of the school in use."""
    if class_id is not None:
        query = (
            select(SchoolRow.school_id, SchoolRow.county_id)
            .join(ClassRow, ClassRow.school_id == SchoolRow.school_id)
            .where(ClassRow.class_id == class_id)
        )
        found = (await session.execute(query)).first()
        return (class_id,), at if found is None else Home(*found)
    if at is None:
        return (), None
    row = ClassRow
    ids = select(row.class_id).where(row.school_id == at.school_id, row.active)
    return tuple(await session.scalars(ids.order_by(row.class_id))), at


async def _rooms(session: AsyncSession, lesson_id: str) -> dict[str, Any]:
    """Return the receive rooms of a lesson by participant, each with its class."""
    query = (
        select(
            LessonRoomRow.room_id,
            LessonRoomRow.class_id,
            RoomRow.name,
            SchoolRow.school_id,
            SchoolRow.county_id,
            SchoolRow.name.label("school"),
        )
        .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(LessonRoomRow.lesson_id == lesson_id)
    )
    return {room_participant(one.room_id): one for one in (await session.execute(query)).all()}


async def _room(session: AsyncSession, room_id: str) -> Any:
    query = (
        select(
            RoomRow.name, SchoolRow.school_id, SchoolRow.county_id, SchoolRow.name.label("school")
        )
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(RoomRow.room_id == room_id)
    )
    return (await session.execute(query)).first()
