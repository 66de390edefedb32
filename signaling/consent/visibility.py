"""Relations of actors to consents: in Python for one in hand, in SQL for lists."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, false

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.lists import Predicate, permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.base.errors import Forbidden, NotFound
from signaling.directory.tables import SchoolRow
from signaling.directory.visibility import schools_in


def _at_school(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.school_id is None else SchoolRow.school_id == actor.school_id


PREDICATES: Mapping[Relation, Predicate] = MappingProxyType({Relation.AT_SCHOOL: _at_school})


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on schools of whose classes the actor may read the consents."""
    return permitted(actor, Action.READ_CONSENT, PREDICATES, schools_in)


def may(actor: Actor, action: Action, school_id: str, path: str) -> bool:
    """Tell whether the actor may do this with the consents of a school."""
    held = {Relation.AT_SCHOOL} if actor.school_id == school_id else set()
    return allows(actor, action, held, (path,))


def demand(actor: Actor, action: Action, school_id: str, path: str) -> None:
    """Raise NotFound unless the actor may read there; Forbidden where it may only read."""
    if not may(actor, Action.READ_CONSENT, school_id, path):
        raise NotFound()
    if not may(actor, action, school_id, path):
        raise Forbidden()
