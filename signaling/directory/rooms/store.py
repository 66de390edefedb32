"""Rooms in the database."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, select

from signaling.directory.branches import in_branches
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.noun import AT_SCHOOL, Noun, Unique
from signaling.directory.entries.store import EntryStore
from signaling.directory.rooms.wire import RoomEntry
from signaling.directory.tables import RoomRow, SchoolRow


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(RoomRow.school_id, paths)


ROOMS = Noun(
    name="rooms",
    row=RoomRow,
    key=RoomRow.room_id,
    entry=RoomEntry,
    query=select(
        RoomRow.room_id,
        RoomRow.name,
        RoomRow.seats,
        SchoolRow.school_id,
        SchoolRow.name,
        SchoolRow.active,
        RoomRow.active,
        RoomRow.version,
    ).join(SchoolRow, SchoolRow.school_id == RoomRow.school_id),
    order=(SchoolRow.name, RoomRow.name),
    searched=(RoomRow.name, SchoolRow.name),
    usable=and_(RoomRow.active, SchoolRow.active),
    lies_in=_lies_in,
    home=RoomRow.school_id,
    fields=("name", "seats"),
    fixed=("school_id",),
    places=(AT_SCHOOL,),
    filters=MappingProxyType(
        {
            "school_id": lambda value: RoomRow.school_id == value,
            "county_id": lambda value: SchoolRow.county_id == value,
        }
    ),
    unique=(Unique("name", ("school_id",)),),
    lessons=LessonUser.ROOM,
)


class RoomStore(EntryStore[RoomEntry]):
    """Rooms."""

    noun = ROOMS
