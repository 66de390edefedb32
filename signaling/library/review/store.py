"""Reading the queue of reviews, reviewers and policies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import GRANTS
from signaling.access.lists import permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor, BranchRole, Role
from signaling.base.cursors import Place
from signaling.directory.branches import nodes_in
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow
from signaling.directory.wire import OrgLevel
from signaling.library.review.wire import ReviewPolicy
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import Held
from signaling.library.versions.store import held_of, select_held
from signaling.library.versions.tables import ResourceVersionRow, ReviewPolicyRow
from signaling.library.versions.visibility import PREDICATES, in_branch
from signaling.library.versions.wire import ReviewLevel, VersionState

MAX_COUNT = 1000  # waiting resources that are counted
MAX_REVIEWERS = 100
MAX_POLICIES = 500


def waiting(
    actor: Actor, state: VersionState, level: ReviewLevel | None
) -> list[ColumnElement[bool]]:
    """Return the conditions on what waits for the actor's branches."""
    may = permitted(actor, Action.REVIEW_RESOURCE, PREDICATES, in_branch)
    wanted = [may, ResourceVersionRow.state == state]
    if level is not None:
        wanted.append(ResourceVersionRow.level == level)
    return wanted


async def queue(
    session: AsyncSession,
    wanted: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    after: Place | None,
) -> tuple[Sequence[Held], Place | None]:
    """Return a page of what waits, the longest waiting first, and the next page's place."""
    place = tuple_(ResourceVersionRow.submitted_at, ResourceVersionRow.resource_id)
    conditions = list(wanted)
    if after is not None:
        conditions.append(place > tuple_(after.at, after.row_id))
    query = (
        select_held()
        .where(*conditions)
        .order_by(ResourceVersionRow.submitted_at, ResourceVersionRow.resource_id)
        .limit(limit + 1)
    )
    found = [held_of(*one) for one in (await session.execute(query)).all()]
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    last = page[-1]
    assert last.working is not None  # the condition is on it
    assert last.working.submitted_at is not None  # nothing waits that was not submitted
    return page, Place(last.working.submitted_at, last.resource_id)


async def count(session: AsyncSession, wanted: Sequence[ColumnElement[bool]]) -> int:
    """Count what waits, at most `MAX_COUNT`."""
    some = (
        select(ResourceRow.resource_id)
        .join(ResourceVersionRow, ResourceVersionRow.resource_id == ResourceRow.resource_id)
        .where(*wanted)
        .limit(MAX_COUNT)
        .subquery()
    )
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def reviewers(session: AsyncSession, path: str, now: datetime) -> Sequence[Actor]:
    """Return the people who review in the branch of a node, each with those roles."""
    roles = [role for role, how in GRANTS[Action.REVIEW_RESOURCE] if how is Relation.IN_BRANCH]
    query = (
        select(PersonRow.person_id, PersonRow.name, GrantRow.role, OrgNodeRow.path)
        .join(GrantRow, GrantRow.person_id == PersonRow.person_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .where(
            PersonRow.active,
            GrantRow.role.in_(roles),
            GrantRow.node_id.in_([part for part in path.split("/") if part]),
            or_(GrantRow.until.is_(None), GrantRow.until > now),
        )
        .order_by(PersonRow.name, PersonRow.person_id)
        .limit(MAX_REVIEWERS)
    )
    held: dict[str, tuple[str, set[BranchRole]]] = {}
    for one in await session.execute(query):
        _, grants = held.setdefault(one.person_id, (one.name, set()))
        grants.add(BranchRole(Role(one.role), one.path))
    return [
        Actor(who, name, frozenset(grant.role for grant in grants), grants=frozenset(grants))
        for who, (name, grants) in held.items()
    ]


async def policies(session: AsyncSession, paths: Collection[str]) -> Sequence[ReviewPolicy]:
    """Return the policies in some branches, and those above that hold in them."""
    above = {part for path in paths for part in path.split("/") if part}
    query = (
        select(ReviewPolicyRow, OrgNodeRow)
        .join(OrgNodeRow, OrgNodeRow.node_id == ReviewPolicyRow.node_id)
        .where(or_(OrgNodeRow.node_id.in_(sorted(above)), OrgNodeRow.node_id.in_(nodes_in(paths))))
        .order_by(OrgNodeRow.path)
        .limit(MAX_POLICIES)
    )
    return [
        ReviewPolicy(node.node_id, node.name, OrgLevel(node.level), row.levels, row.version)
        for row, node in (await session.execute(query)).all()
    ]
