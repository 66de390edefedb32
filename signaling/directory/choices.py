"""Schools, rooms and teachers from which a new lesson is made: so many at once, found by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.base.search import MAX_QUERY_CHARS, mentions
from signaling.directory.held import may_lead
from signaling.directory.tables import PersonRow, RoomRow, SchoolRow
from signaling.directory.wire import Directory, PersonRef, RoomRef, School

MOST_SCHOOLS = 200
MOST_ROOMS = 300
MOST_TEACHERS = 200


class Choices:
    """Reads the choices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        words: str,
        schools: ColumnElement[bool],
        people: ColumnElement[bool],
        now: datetime,
    ) -> Directory:
        """Return the first schools with their rooms, and the first teachers, by name.

        Args:
            words: each is in the name of a school or of one of its rooms, or of a teacher.
            schools: the condition on schools that may be seen.
            people: the condition on people that may be seen.
            now: the time at which the teachers may lead.
        """
        async with self._database.read() as session:
            found, more_schools = await _schools(session, words, schools)
            teachers, more_teachers = await _teachers(session, words, people, now)
        return Directory(found, teachers, more_schools or more_teachers)


async def _schools(
    session: AsyncSession, words: str, visible: ColumnElement[bool]
) -> tuple[tuple[School, ...], bool]:
    named = [_named(word) for word in words[:MAX_QUERY_CHARS].split()]
    query = (
        select(SchoolRow.school_id, SchoolRow.name, SchoolRow.kind)
        .where(SchoolRow.active, visible, *named)
        .order_by(SchoolRow.name, SchoolRow.school_id)
        .limit(MOST_SCHOOLS + 1)
    )
    found = (await session.execute(query)).all()
    names = {row.school_id: row.name for row in found[:MOST_SCHOOLS]}
    rooms, more = await _rooms(session, names)
    shown = (
        School(row.school_id, row.name, row.kind, tuple(rooms.get(row.school_id, ())))
        for row in found[:MOST_SCHOOLS]
    )
    return tuple(shown), more or len(found) > MOST_SCHOOLS


def _named(word: str) -> ColumnElement[bool]:
    rooms = select(RoomRow.school_id).where(RoomRow.active, *mentions(word, (RoomRow.name,)))
    return or_(*mentions(word, (SchoolRow.name,)), SchoolRow.school_id.in_(rooms))


async def _rooms(
    session: AsyncSession, schools: dict[str, str]
) -> tuple[dict[str, list[RoomRef]], bool]:
    query = (
        select(RoomRow.room_id, RoomRow.name, RoomRow.school_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(RoomRow.active, RoomRow.school_id.in_(schools))
        .order_by(SchoolRow.name, SchoolRow.school_id, RoomRow.name, RoomRow.room_id)
        .limit(MOST_ROOMS + 1)
    )
    rows = (await session.execute(query)).all()
    found: dict[str, list[RoomRef]] = {}
    for row in rows[:MOST_ROOMS]:
        room = RoomRef(row.room_id, row.name, schools[row.school_id])
        found.setdefault(row.school_id, []).append(room)
    return found, len(rows) > MOST_ROOMS


async def _teachers(
    session: AsyncSession, words: str, visible: ColumnElement[bool], now: datetime
) -> tuple[tuple[PersonRef, ...], bool]:
    query = (
        select(PersonRow.person_id, PersonRow.name)
        .where(may_lead(now), visible, *mentions(words, (PersonRow.name,)))
        .order_by(PersonRow.name, PersonRow.person_id)
        .limit(MOST_TEACHERS + 1)
    )
    rows: Sequence[tuple[str, str]] = [(row[0], row[1]) for row in await session.execute(query)]
    return tuple(PersonRef(*row) for row in rows[:MOST_TEACHERS]), len(rows) > MOST_TEACHERS
