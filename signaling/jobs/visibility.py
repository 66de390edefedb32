"""Relations of actors to jobs: in Python for one in hand, in SQL for lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, or_

from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.jobs.records import JobRecord
from signaling.jobs.tables import JobRow

PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.OWNS: lambda actor: JobRow.owner_id == actor.actor_id}
)


def in_branch(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on jobs that are about nodes of these branches."""
    return or_(*(JobRow.branch.startswith(path, autoescape=True) for path in sorted(paths)))


def relations(actor: Actor, record: JobRecord) -> frozenset[Relation]:
    """Return the relations that hold between an actor and a job."""
    return frozenset({Relation.OWNS} if record.owner_id == actor.actor_id else ())
