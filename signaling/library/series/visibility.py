"""Who sees a series: in Python for one in hand, in SQL for lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, false, or_

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.lists import Predicate, permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.directory.branches import in_branches
from signaling.library.publishing.visibility import county_of
from signaling.library.series.tables import SeriesRow
from signaling.library.series.wire import SeriesScope
from signaling.library.versions.visibility import standing_at_work


def keeps(actor: Actor | None, row: SeriesRow, path: str) -> bool:
    """Return whether somebody may edit a series; `path` is its org node's."""
    if actor is None:
        return False
    return granted(Action.KEEP_SERIES, standing_at_work(actor, row.owner_id, path))


def may_see_series(actor: Actor | None, row: SeriesRow, path: str) -> bool:
    """Return whether somebody finds a series."""
    scope = SeriesScope(row.scope)
    if scope is SeriesScope.PUBLIC or keeps(actor, row, path):
        return True
    if actor is None:
        return False
    if scope is SeriesScope.SIGNED_IN:
        return True
    if scope is SeriesScope.SCHOOL:
        return actor.school_id is not None and actor.school_id == row.node_id
    return scope is SeriesScope.COUNTY and bool(row.county_id) and row.county_id == county_of(actor)


# --- the same in SQL -----------------------------------------------------------------------------


def kept_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on series that somebody may edit."""
    return permitted(actor, Action.KEEP_SERIES, PREDICATES, _in_branch)


def visible_series(actor: Actor | None) -> ColumnElement[bool]:
    """Return the condition on series that somebody finds."""
    row = SeriesRow
    ways: list[ColumnElement[bool]] = [row.scope == SeriesScope.PUBLIC]
    if actor is not None:
        ways.append(row.scope == SeriesScope.SIGNED_IN)
        if actor.school_id is not None:
            ways.append(and_(row.scope == SeriesScope.SCHOOL, row.node_id == actor.school_id))
        if county := county_of(actor):
            ways.append(and_(row.scope == SeriesScope.COUNTY, row.county_id == county))
        ways.append(kept_by(actor))
    return or_(*ways)


def _owns(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.room_id is not None else SeriesRow.owner_id == actor.actor_id


def _in_branch(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(SeriesRow.node_id, paths)


PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.OWNS: _owns, Relation.LEADS: _owns}
)
