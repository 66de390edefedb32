"""Relations of actors to units and sums of the ledger: in Python for one in hand, in SQL for lists.

The rows keep the paths of their schools: what was taught stays visible in the branch where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from signaling.access.grants import Standing, standing
from signaling.access.lists import Predicate
from signaling.access.relations import Relation
from signaling.access.roles import ROOT_PATH, Actor
from signaling.ledger.tables import NOBODY, LedgerUnitRow


def under(column: Any, paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column with a path lies in any of the branches."""
    if ROOT_PATH in paths:
        return true()
    return or_(false(), *(column.startswith(path, autoescape=True) for path in sorted(paths)))


def of_class(row: Any, key: str) -> ColumnElement[bool]:
    """Return the condition on rows of a class; a room for which none is named stands for one."""
    return or_(row.class_id == key, and_(row.class_id == NOBODY, row.room_id == key))


def units_in(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on units that are received or given in any of the branches."""
    if ROOT_PATH in paths:
        return true()
    return or_(under(LedgerUnitRow.path, paths), under(LedgerUnitRow.lead_path, paths))


def _leads(actor: Actor) -> ColumnElement[bool]:
    if actor.room_id is not None:
        return false()
    return LedgerUnitRow.lead_teacher_id == actor.actor_id


def _invited(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.room_id is None else LedgerUnitRow.room_id == actor.room_id


def _at_school(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.school_id is None else LedgerUnitRow.school_id == actor.school_id


UNIT_PREDICATES: Mapping[Relation, Predicate] = MappingProxyType(
    {Relation.LEADS: _leads, Relation.INVITED: _invited, Relation.AT_SCHOOL: _at_school}
)


def reads(actor: Actor, row: LedgerUnitRow) -> Standing:
    """Return how an actor who wants to read stands to a unit."""
    return standing(actor, _relations(actor, row), (row.path, row.lead_path))


def owns(actor: Actor, row: LedgerUnitRow) -> Standing:
    """Return how an actor who wants to change stands to a unit: it belongs to its point."""
    return standing(actor, _relations(actor, row), (row.path,))


def _relations(actor: Actor, row: LedgerUnitRow) -> frozenset[Relation]:
    held = set()
    if actor.room_id is None and actor.actor_id == row.lead_teacher_id:
        held.add(Relation.LEADS)
    if actor.room_id is not None and actor.room_id == row.room_id:
        held.add(Relation.INVITED)
    if actor.school_id is not None and actor.school_id == row.school_id:
        held.add(Relation.AT_SCHOOL)
    return frozenset(held)
