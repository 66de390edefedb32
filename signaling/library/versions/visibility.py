"""Relations of an actor to a resource at work: in Python for one in hand, in SQL for lists.

A resource lies in the branch of its owner's school. Other schools that took part in the lesson see
the recording (`library.visibility`), but neither edit nor review it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, false

from signaling.access.grants import Standing, standing
from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.directory.branches import in_branches
from signaling.library.tables import ResourceRow


def standing_at_work(actor: Actor, owner_id: str, path: str) -> Standing:
    """Return how an actor stands to a resource.

    Args:
        actor: the one who asks.
        owner_id: the resource's owner.
        path: of the org node in which it lies.
    """
    owns = actor.room_id is None and actor.actor_id == owner_id
    return standing(actor, (Relation.OWNS, Relation.LEADS) if owns else (), (path,))


def _owns(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is not None:
        return false()
    return ResourceRow.lead_teacher_id == actor.actor_id


def in_branch(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on resources that lie in any of the branches."""
    return in_branches(ResourceRow.node_id, paths)


PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.OWNS: _owns, Relation.LEADS: _owns}
)
