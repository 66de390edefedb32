"""Reading and writing the aggregate of a resource."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.lists import permitted
from signaling.access.roles import ROOT_PATH, Actor
from signaling.base.cursors import Place
from signaling.directory.records import county_path
from signaling.directory.tables import OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import Held, written
from signaling.library.versions.rules import WORKING, levels_at
from signaling.library.versions.tables import (
    PublicationRow,
    ResourceReviewRow,
    ResourceVersionRow,
    ReviewPolicyRow,
)
from signaling.library.versions.visibility import PREDICATES, in_branch
from signaling.library.versions.wire import (
    ResourceEdits,
    ResourceMetadata,
    ReviewLevel,
    Verdict,
    VersionState,
)

MAX_VERSIONS = 50  # shown side by side
_IS_WORKING = ResourceVersionRow.state.in_(sorted(WORKING))


def select_held() -> Select[ResourceRow, str, OrgLevel, ResourceVersionRow, PublicationRow]:
    """Return the query for resources with their path, working version and publication."""
    return (
        select(ResourceRow, OrgNodeRow.path, OrgNodeRow.level, ResourceVersionRow, PublicationRow)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == ResourceRow.node_id)
        .outerjoin(
            ResourceVersionRow,
            and_(ResourceVersionRow.resource_id == ResourceRow.resource_id, _IS_WORKING),
        )
        .outerjoin(PublicationRow, PublicationRow.resource_id == ResourceRow.resource_id)
    )


def held_of(
    row: ResourceRow,
    path: str | None,
    level: str | None,
    working: ResourceVersionRow | None,
    publication: PublicationRow | None,
) -> Held:
    """Return the aggregate of rows."""
    county = "" if path is None or level is None else county_path(path, OrgLevel(level))
    return Held(row, path or ROOT_PATH, county, working, publication)


async def load(session: AsyncSession, resource_id: str, *, lock: bool = False) -> Held | None:
    """Return a resource; with `lock`, nobody else changes it until the transaction ends."""
    if lock:  # SQLite has one writer anyway
        await session.execute(
            select(ResourceRow.resource_id)
            .where(ResourceRow.resource_id == resource_id)
            .with_for_update()
        )
    found = (
        await session.execute(select_held().where(ResourceRow.resource_id == resource_id))
    ).first()
    return None if found is None else held_of(*found)


async def load_some(session: AsyncSession, *wanted: ColumnElement[bool]) -> list[Held]:
    """Return the resources that meet conditions."""
    return [held_of(*one) for one in (await session.execute(select_held().where(*wanted))).all()]


async def page_of_own(
    session: AsyncSession, actor: Actor, *, limit: int, before: Place | None
) -> tuple[Sequence[Held], Place | None]:
    """Return a page of what the actor may edit, the newest first, and the next page's place."""
    wanted = [permitted(actor, Action.EDIT_RESOURCE, PREDICATES, in_branch)]
    if before is not None:
        place = tuple_(ResourceRow.started_at, ResourceRow.resource_id)
        wanted.append(place < tuple_(before.at, before.row_id))
    query = (
        select_held()
        .where(*wanted)
        .order_by(ResourceRow.started_at.desc(), ResourceRow.resource_id.desc())
        .limit(limit + 1)
    )
    found = [held_of(*one) for one in (await session.execute(query)).all()]
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    return page, Place(page[-1].row.started_at, page[-1].resource_id)


# --- versions ------------------------------------------------------------------------------------


async def versions(
    session: AsyncSession, resource_id: str, limit: int = MAX_VERSIONS
) -> Sequence[ResourceVersionRow]:
    """Return the newest versions of a resource, the newest first."""
    query = (
        select(ResourceVersionRow)
        .where(ResourceVersionRow.resource_id == resource_id)
        .order_by(ResourceVersionRow.number.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def version(
    session: AsyncSession, resource_id: str, number: int
) -> ResourceVersionRow | None:
    """Return one version."""
    return await session.get(ResourceVersionRow, (resource_id, number))


def new_version(
    held: Held,
    number: int,
    *,
    metadata: ResourceMetadata,
    edits: ResourceEdits,
    levels: int,
    now: datetime,
) -> ResourceVersionRow:
    """Return the row of a new draft."""
    return ResourceVersionRow(
        resource_id=held.resource_id,
        number=number,
        state=VersionState.DRAFT,
        levels=levels,
        revision=0,
        meta=written(metadata),
        edits=written(edits),
        pledged=False,
        submission=0,
        rejected=False,
        created_at=now,
        updated_at=now,
    )


# --- reviews -------------------------------------------------------------------------------------


async def add_review(
    session: AsyncSession,
    row: ResourceVersionRow,
    actor: Actor,
    verdict: Verdict,
    *,
    level: ReviewLevel,
    reason: str,
    at: datetime,
    marks: str = "[]",
) -> ResourceReviewRow:
    """Add a verdict on the submission under way; `marks` is JSON."""
    review = ResourceReviewRow
    query = select(func.count()).where(
        review.resource_id == row.resource_id, review.number == row.number
    )
    added = ResourceReviewRow(
        resource_id=row.resource_id,
        number=row.number,
        position=await session.scalar(query) or 0,
        submission=row.submission,
        at=at,
        by_id=actor.actor_id,
        by_name=actor.name,
        level=level,
        verdict=verdict,
        reason=reason,
        marks=marks,
    )
    session.add(added)
    return added


async def reviews(
    session: AsyncSession, resource_id: str, numbers: Collection[int]
) -> Sequence[ResourceReviewRow]:
    """Return the reviews of some versions of a resource, the first one first."""
    query = (
        select(ResourceReviewRow)
        .where(ResourceReviewRow.resource_id == resource_id, ResourceReviewRow.number.in_(numbers))
        .order_by(ResourceReviewRow.number, ResourceReviewRow.position)
    )
    return (await session.scalars(query)).all()


async def passed_by(
    session: AsyncSession, rows: Collection[ResourceVersionRow]
) -> dict[str, set[str]]:
    """Return who has passed a level of the submissions under way, by resource."""
    passed: dict[str, set[str]] = {row.resource_id: set() for row in rows}
    if not rows:
        return passed
    these = [(row.resource_id, row.number, row.submission) for row in rows]
    review = ResourceReviewRow
    query = select(review.resource_id, review.by_id).where(
        tuple_(review.resource_id, review.number, review.submission).in_(these),
        review.verdict == Verdict.PASS,
    )
    for resource_id, by_id in await session.execute(query):
        passed[resource_id].add(by_id)
    return passed


# --- policies ------------------------------------------------------------------------------------


async def levels_for(session: AsyncSession, path: str) -> int:
    """Return how many levels a submission from a node goes through."""
    ids = [part for part in path.split("/") if part]
    query = (
        select(OrgNodeRow.path, ReviewPolicyRow.levels)
        .join(OrgNodeRow, OrgNodeRow.node_id == ReviewPolicyRow.node_id)
        .where(ReviewPolicyRow.node_id.in_(ids))
    )
    found = (await session.execute(query)).all()
    return levels_at(path, {one.path: one.levels for one in found})
