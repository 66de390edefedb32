"""Reading recommendations and chains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.cursors import Place
from signaling.directory.branches import in_branches
from signaling.directory.tables import OrgNodeRow
from signaling.library.references.rules import AT_WORK
from signaling.library.references.tables import ReferenceReviewRow, ReferenceRow
from signaling.library.references.wire import ReferenceState
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import Held
from signaling.library.versions.store import load_some
from signaling.library.versions.tables import ResourceVersionRow

MAX_COUNT = 1000  # recommendations that are counted
MAX_COPIES = 200  # of one resource: all levels, all versions


@dataclass(frozen=True, slots=True)
class Recommended:
    """A recommendation, its resource, the version that it shows, and its node."""

    row: ReferenceRow
    held: Held
    version: ResourceVersionRow
    node: OrgNodeRow

    def allows(self, actor: Actor, action: Action) -> bool:
        """Return whether the actor may do this at the upper node, whatever the state."""
        return allows(actor, action, branches=(self.node.path,))


def at_nodes(
    actor: Actor, states: Collection[ReferenceState], since: datetime | None
) -> list[ColumnElement[bool]]:
    """Return the conditions on recommendations to the nodes where the actor reviews."""

    def in_branch(paths: Collection[str]) -> ColumnElement[bool]:
        return in_branches(ReferenceRow.node_id, paths)

    wanted = [
        permitted(actor, Action.REVIEW_RESOURCE, {}, in_branch),
        ReferenceRow.state.in_(sorted(states)),
    ]
    if since is not None:
        wanted.append(ReferenceRow.updated_at >= since)
    return wanted


async def page(
    session: AsyncSession,
    wanted: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    after: Place | None,
) -> tuple[Sequence[Recommended], Place | None]:
    """Return a page of recommendations, the longest waiting first, and the next page's place."""
    row = ReferenceRow
    conditions = list(wanted)
    if after is not None:
        place = tuple_(row.submitted_at, row.reference_id)
        conditions.append(place > tuple_(after.at, after.row_id))
    found = await _some(session, conditions, limit + 1)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1].row
    return found[:limit], Place(last.submitted_at, last.reference_id)


async def count(session: AsyncSession, wanted: Sequence[ColumnElement[bool]]) -> int:
    """Count recommendations, at most `MAX_COUNT`."""
    some = select(ReferenceRow.reference_id).where(*wanted).limit(MAX_COUNT).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def one(session: AsyncSession, reference_id: str) -> Recommended | None:
    """Return a recommendation."""
    found = await _some(session, [ReferenceRow.reference_id == reference_id], 1)
    return found[0] if found else None


async def _some(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], limit: int
) -> list[Recommended]:
    row = ReferenceRow
    query = (
        select(row, ResourceVersionRow, OrgNodeRow)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == row.resource_id,
                ResourceVersionRow.number == row.version,
            ),
        )
        .join(OrgNodeRow, OrgNodeRow.node_id == row.node_id)
        .where(*wanted)
        .order_by(row.submitted_at, row.reference_id)
        .limit(limit)
    )
    found = (await session.execute(query)).all()
    ids = {copy.resource_id for copy, _, _ in found}
    some = await load_some(session, ResourceRow.resource_id.in_(ids)) if ids else []
    held = {entry.resource_id: entry for entry in some}
    return [
        Recommended(copy, held[copy.resource_id], version, node) for copy, version, node in found
    ]


async def copies(session: AsyncSession, resource_id: str) -> Sequence[ReferenceRow]:
    """Return the recommendations of a resource, the newest first."""
    query = (
        select(ReferenceRow)
        .where(ReferenceRow.resource_id == resource_id)
        .order_by(ReferenceRow.submitted_at.desc(), ReferenceRow.reference_id)
        .limit(MAX_COPIES)
    )
    return (await session.scalars(query)).all()


async def published_at(
    session: AsyncSession, resource_id: str, node_id: str
) -> ReferenceRow | None:
    """Return the copy that a node shows."""
    query = select(ReferenceRow).where(
        ReferenceRow.resource_id == resource_id,
        ReferenceRow.node_id == node_id,
        ReferenceRow.state == ReferenceState.PUBLISHED,
    )
    return (await session.scalars(query)).first()


async def at_work(session: AsyncSession, resource_id: str, node_id: str) -> ReferenceRow | None:
    """Return the recommendation that waits at a node."""
    query = select(ReferenceRow).where(
        ReferenceRow.resource_id == resource_id,
        ReferenceRow.node_id == node_id,
        ReferenceRow.state.in_(sorted(AT_WORK)),
    )
    return (await session.scalars(query)).first()


async def nodes_up(session: AsyncSession, path: str) -> list[OrgNodeRow]:
    """Return the nodes in use from one up to the country, the lowest first."""
    ids = [part for part in path.split("/") if part]
    query = select(OrgNodeRow).where(OrgNodeRow.node_id.in_(ids), OrgNodeRow.active)
    found = {node.node_id: node for node in await session.scalars(query)}
    return [found[node_id] for node_id in reversed(ids) if node_id in found]


async def reviews(
    session: AsyncSession, reference_ids: Collection[str]
) -> Sequence[ReferenceReviewRow]:
    """Return the verdicts on recommendations, the first one first."""
    row = ReferenceReviewRow
    query = select(row).where(row.reference_id.in_(reference_ids)).order_by(row.at, row.position)
    return (await session.scalars(query)).all()
