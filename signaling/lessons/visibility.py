"""Relations of actors to lessons, as conditions on rows: the SQL twin of `parties.relations`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor
from signaling.directory.branches import nodes_in, rooms_in
from signaling.directory.tables import PersonRow, RoomRow
from signaling.lessons.tables import LessonRoomRow, LessonRow


def _leads(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is not None:
        return false()
    return LessonRow.lead_teacher_id == actor.actor_id


def _invited(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is None:
        return false()
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id == actor.room_id)
    return LessonRow.lesson_id.in_(invited)


def _at_school(actor: Actor) -> ColumnElement[bool]:
    if actor.school_id is None:
        return false()
    rooms = select(RoomRow.room_id).where(RoomRow.school_id == actor.school_id)
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(rooms))
    return or_(LessonRow.lead_room_id.in_(rooms), LessonRow.lesson_id.in_(invited))


def lessons_in(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on lessons whose teacher or a room lies in any of the branches."""
    if ROOT_PATH in paths:
        return true()
    people = select(PersonRow.person_id).where(PersonRow.node_id.in_(nodes_in(paths)))
    rooms = rooms_in(paths)
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(rooms))
    return or_(
        LessonRow.lead_teacher_id.in_(people),
        LessonRow.lead_room_id.in_(rooms),
        LessonRow.lesson_id.in_(invited),
    )


PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.LEADS: _leads, Relation.INVITED: _invited, Relation.AT_SCHOOL: _at_school}
)


def lessons_of(relation: Relation, actor: Actor) -> Select[str]:
    """Return the query for the ids of the lessons to which the actor stands in a relation."""
    return select(LessonRow.lesson_id).where(PREDICATES[relation](actor))
