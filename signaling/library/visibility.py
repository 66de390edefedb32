"""Relations of an actor to a resource: in Python for one in hand, in SQL for lists.

The relations are those to the resource's lesson. A resource outlives its lesson; then only its lead
teacher still has a relation to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, false, or_, select, true

from signaling.access.grants import Standing
from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor
from signaling.directory.branches import nodes_in
from signaling.directory.tables import PersonRow
from signaling.lessons.parties import Parties, led_by, standing_in
from signaling.lessons.tables import LessonRow
from signaling.lessons.visibility import lessons_in, lessons_of
from signaling.library.records import Resource
from signaling.library.tables import ResourceRow


def standing_to(
    actor: Actor, resource: Resource, lesson: Parties | None, path: str = ""
) -> Standing:
    """Return how an actor stands to a resource.

    Args:
        actor: the one who asks.
        resource: the resource.
        lesson: the parties of its lesson; None if the lesson is gone.
        path: then the org node of the lead teacher; empty if the teacher is gone, too.
    """
    return standing_in(actor, lesson or led_by(resource.lead_teacher_id, path or ROOT_PATH))


def _of_lesson(relation: Relation) -> Predicate:
    return lambda actor: ResourceRow.lesson_id.in_(lessons_of(relation, actor))


def _lesson_is_gone() -> ColumnElement[bool]:
    there = select(LessonRow.lesson_id).where(LessonRow.lesson_id == ResourceRow.lesson_id)
    return ~there.exists()


def _leads(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is not None:
        return false()
    led_then = _lesson_is_gone() & (ResourceRow.lead_teacher_id == actor.actor_id)
    return or_(_of_lesson(Relation.LEADS)(actor), led_then)


def resources_in(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on resources whose lesson, or else teacher, lies in the branches."""
    if ROOT_PATH in paths:
        return true()
    lessons = select(LessonRow.lesson_id).where(lessons_in(paths))
    people = select(PersonRow.person_id).where(PersonRow.node_id.in_(nodes_in(paths)))
    return or_(
        ResourceRow.lesson_id.in_(lessons),
        _lesson_is_gone() & ResourceRow.lead_teacher_id.in_(people),
    )


PREDICATES: Mapping[Relation, Predicate] = {
    Relation.LEADS: _leads,
    Relation.INVITED: _of_lesson(Relation.INVITED),
    Relation.AT_SCHOOL: _of_lesson(Relation.AT_SCHOOL),
}
