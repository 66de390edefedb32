"""Relations of actors to schools and teachers, as conditions on rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, false

from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.directory.branches import in_branches
from signaling.directory.tables import PersonRow, SchoolRow


def _is_the_teacher(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.room_id is not None else PersonRow.person_id == actor.actor_id


def _of_the_county(actor: Actor) -> ColumnElement[bool]:
    return schools_in([actor.county]) if actor.county else false()


def schools_in(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on schools that lie in any of the branches."""
    return in_branches(SchoolRow.school_id, paths)


def people_in(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on people who belong to any of the branches."""
    return in_branches(PersonRow.node_id, paths)


# Of a lesson that is not created yet only its teacher is known.
TEACHER_PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.LEADS: _is_the_teacher}
)
SCHOOL_PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.SAME_COUNTY: _of_the_county}
)
