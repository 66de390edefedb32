"""Visibility of what is published: in Python for one in hand, in SQL for lists.

Besides those in the scope, the owner and those who manage resources of its branch see it, until it
is withdrawn or its time is over. So do those for whom a node further up shows its reference copy,
which never outlives what it refers to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.lists import Predicate, permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.directory.branches import in_branches
from signaling.library.references.store import Reference
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.visibility import standing_at_work
from signaling.library.versions.wire import ShareScope

_OPEN = (ShareScope.PUBLIC, ShareScope.PASSWORD)  # listed for everybody


def is_served(row: PublicationRow, now: datetime) -> bool:
    """Return whether it is neither withdrawn nor past its time."""
    return row.withdrawn_at is None and (row.expires_at is None or now < row.expires_at)


def in_scope(actor: Actor | None, row: PublicationRow) -> bool:
    """Return whether somebody, or nobody known, belongs to those for whom it was published."""
    scope = ShareScope(row.scope)
    if scope in _OPEN:
        return True
    if actor is None:
        return False
    if scope is ShareScope.SIGNED_IN:
        return True
    if scope is ShareScope.SCHOOL:
        return actor.school_id is not None and actor.school_id == row.node_id
    return scope is ShareScope.COUNTY and bool(row.county_id) and row.county_id == county_of(actor)


def manages(actor: Actor | None, row: PublicationRow, path: str) -> bool:
    """Return whether somebody owns a resource or works on it; `path` is its org node's."""
    return actor is not None and granted(
        Action.READ_RESOURCE, standing_at_work(actor, row.owner_id, path)
    )


def may_see(
    actor: Actor | None,
    row: PublicationRow,
    path: str,
    now: datetime,
    references: Iterable[Reference] = (),
) -> bool:
    """Return whether somebody finds it in the library, by itself or by a reference copy of it."""
    return is_served(row, now) and (
        in_scope(actor, row)
        or manages(actor, row, path)
        or any(refers(actor, one, now) for one in references)
    )


def refers(actor: Actor | None, reference: Reference, now: datetime) -> bool:
    """Return whether a reference copy is shown to somebody."""
    row = reference.row
    if row.state != ReferenceState.PUBLISHED or (row.expires_at and row.expires_at <= now):
        return False
    if row.scope == ReferenceScope.PUBLIC:
        return True
    if actor is None:
        return False
    if row.scope == ReferenceScope.SIGNED_IN:
        return True
    return row.scope == ReferenceScope.BRANCH and home_of(actor).startswith(reference.path)


def home_of(actor: Actor) -> str:
    """Return the path of the node to which an actor belongs; empty where none is known."""
    return actor.home or actor.county


# --- the same in SQL -----------------------------------------------------------------------------


def served(now: datetime) -> ColumnElement[bool]:
    """Return the condition on what is neither withdrawn nor past its time."""
    row = PublicationRow
    return and_(row.withdrawn_at.is_(None), or_(row.expires_at.is_(None), row.expires_at > now))


def open_to_all(now: datetime) -> ColumnElement[bool]:
    """Return the condition on what anybody may have without a password."""
    row = PublicationRow
    copy = and_(row.referred, _referred(None, now))
    return and_(or_(row.scope == ShareScope.PUBLIC, copy), served(now))


def shown_to_all(now: datetime) -> ColumnElement[int]:
    """Return the version that anybody may have; of what nobody may have, the present one."""
    row, copy = PublicationRow, ReferenceRow
    referred = (
        select(func.max(copy.version))
        .where(
            copy.resource_id == row.resource_id,
            copy.state == ReferenceState.PUBLISHED,
            copy.scope == ReferenceScope.PUBLIC,
            or_(copy.expires_at.is_(None), copy.expires_at > now),
        )
        .correlate(row)
        .scalar_subquery()
    )
    return case(
        (row.scope == ShareScope.PUBLIC, row.version), else_=func.coalesce(referred, row.version)
    )


def visible(actor: Actor | None, now: datetime) -> ColumnElement[bool]:
    """Return the condition on what somebody finds in the library."""
    row = PublicationRow
    ways: list[ColumnElement[bool]] = [row.scope.in_(_OPEN)]
    if actor is not None:
        ways.append(row.scope == ShareScope.SIGNED_IN)
        if actor.school_id is not None:
            ways.append(and_(row.scope == ShareScope.SCHOOL, row.node_id == actor.school_id))
        if county := county_of(actor):
            ways.append(and_(row.scope == ShareScope.COUNTY, row.county_id == county))
        ways.append(permitted(actor, Action.READ_RESOURCE, PREDICATES, _in_branch))
    ways.append(and_(row.referred, _referred(actor, now)))
    return and_(served(now), or_(*ways))


def _referred(actor: Actor | None, now: datetime) -> ColumnElement[bool]:
    """Return the condition on publications of which somebody is shown a reference copy."""
    row = ReferenceRow
    scopes: list[ColumnElement[bool]] = [row.scope == ReferenceScope.PUBLIC]
    if actor is not None:
        scopes.append(row.scope == ReferenceScope.SIGNED_IN)
        if nodes := [part for part in home_of(actor).split("/") if part]:
            scopes.append(and_(row.scope == ReferenceScope.BRANCH, row.node_id.in_(nodes)))
    query = select(row.reference_id).where(
        row.resource_id == PublicationRow.resource_id,
        row.state == ReferenceState.PUBLISHED,
        or_(row.expires_at.is_(None), row.expires_at > now),
        or_(*scopes),
    )
    return query.exists()


def county_of(actor: Actor) -> str:
    """Return the id of an actor's county; empty above counties."""
    return actor.county.rstrip("/").rpartition("/")[2]


def _owns(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is not None:
        return false()
    return PublicationRow.owner_id == actor.actor_id


def _in_branch(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(PublicationRow.node_id, paths)


PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.OWNS: _owns, Relation.LEADS: _owns}
)
