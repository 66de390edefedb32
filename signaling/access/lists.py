"""The rule of `GRANTS` as an SQL condition, so that a list holds what `allows` allows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import ColumnElement, false, or_, true

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, relations_granted
from signaling.access.relations import Relation
from signaling.access.roles import Actor

Predicate = Callable[[Actor], ColumnElement[bool]]
BranchPredicate = Callable[[Collection[str]], ColumnElement[bool]]


def permitted(
    actor: Actor,
    action: Action,
    predicates: Mapping[Relation, Predicate],
    in_branch: BranchPredicate,
) -> ColumnElement[bool]:
    """Return the condition on the rows to which the actor may do this.

    Args:
        actor: the one who asks.
        action: the action.
        predicates: the rows that stand in each relation, by the wing that owns them.
        in_branch: the rows that lie in any of the branches with these paths.

    Raises:
        KeyError: a grant names a relation for which the wing has no predicate.
    """
    relations = relations_granted(action, actor.roles)
    if Relation.NONE in relations:
        return true()
    paths = branches_granted(actor, action)
    related = sorted(relations - {Relation.IN_BRANCH})
    return or_(
        in_branch(paths) if paths else false(),
        *(predicates[relation](actor) for relation in related),
    )
