"""What is told of deleted resources: 已删除, to those who might have seen them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.roles import ROOT_PATH, Actor
from signaling.base.errors import Gone
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.library.tables import TombstoneRow
from signaling.library.versions.visibility import standing_at_work
from signaling.library.versions.wire import ShareScope

_OPEN = (ShareScope.PUBLIC, ShareScope.PASSWORD)


class ResourceDeleted(Gone):
    """A resource that was deleted for good."""

    code = ProblemCode.RESOURCE_DELETED
    title = "the resource was deleted"


async def demand_not_deleted(session: AsyncSession, actor: Actor | None, resource_id: str) -> None:
    """Raise ResourceDeleted where the actor might have seen what was deleted."""
    query = (
        select(TombstoneRow, OrgNodeRow.path)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == TombstoneRow.node_id)
        .where(TombstoneRow.resource_id == resource_id)
    )
    found = (await session.execute(query)).first()
    if found is not None and _may_know(actor, found[0], found[1] or ROOT_PATH):
        raise ResourceDeleted(facts={"at": found[0].decided_at.isoformat()})


async def deleted_among(session: AsyncSession, recording_ids: Collection[str]) -> set[str]:
    """Return those of the recordings whose resource was deleted: nothing is made of them anew."""
    query = select(TombstoneRow.recording_id).where(TombstoneRow.recording_id.in_(recording_ids))
    return set(await session.scalars(query))


def _may_know(actor: Actor | None, row: TombstoneRow, path: str) -> bool:
    scope = None if row.scope is None else ShareScope(row.scope)
    if scope in _OPEN:
        return True
    if actor is None:
        return False
    if granted(Action.READ_RESOURCE, standing_at_work(actor, row.owner_id, path)):
        return True
    if scope is ShareScope.SCHOOL:
        return actor.school_id is not None and actor.school_id == row.node_id
    county = actor.county.rstrip("/").rpartition("/")[2]
    return scope is ShareScope.SIGNED_IN or (
        scope is ShareScope.COUNTY and bool(row.county_id) and row.county_id == county
    )
