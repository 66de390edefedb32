"""What a branch has published, or has published once: lists and search."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.roles import Actor
from signaling.base.clock import Clock
from signaling.base.cursors import Place, cursor_of
from signaling.base.database import Database
from signaling.directory.branches import in_branches
from signaling.directory.tables import SchoolRow
from signaling.library.overview import wire as w
from signaling.library.publishing.visibility import served
from signaling.library.search.core.query import read_query
from signaling.library.search.core.ranking import hits
from signaling.library.search.index import MAX_CANDIDATES, SearchIndex
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow
from signaling.library.uses.tables import ResourceUseRow
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.wire import ShareScope, WithdrawReason

MAX_COUNT = 1000  # publications that are counted
MAX_SCHOOLS = 500  # that a page offers to choose from
_STEP = 25  # documents that are looked at in one step: some 2 ms


@dataclass(frozen=True, slots=True)
class PublicationQuestion:
    """What a resource admin looks for; words also as pinyin or initials."""

    state: w.PublicationState = w.PublicationState.SERVED
    words: str = ""
    scope: ShareScope | None = None
    school_id: str | None = None


class PublicationOverview:
    """Lists publications of the branches in which somebody publishes."""

    def __init__(self, database: Database, index: SearchIndex, clock: Clock) -> None:
        self._database = database
        self._index = index
        self._clock = clock

    async def listed(
        self, actor: Actor, wanted: PublicationQuestion, *, limit: int, before: Place | None
    ) -> w.PublicationList:
        """List them, the latest publication or withdrawal first.

        Raises:
            Forbidden: the actor publishes nowhere.
        """
        demand_somewhere(actor, Action.PUBLISH_RESOURCE)
        paths = branches_granted(actor, Action.PUBLISH_RESOURCE)
        now = self._clock.now()
        conditions = _conditions(paths, wanted, now)
        async with self._database.read() as session:
            if wanted.words:
                found = await self._found(session, wanted.words, conditions)
                conditions.append(PublicationRow.resource_id.in_(found))
            total = await _count(session, conditions)
            page, following = await _page(session, wanted.state, conditions, limit, before)
            used = await _uses(session, [row.resource_id for row, _ in page])
            schools = await _schools(session, paths) if before is None else ()
        entries = tuple(_entry(row, teacher, used.get(row.resource_id)) for row, teacher in page)
        cursor = None if following is None else cursor_of(following)
        return w.PublicationList(entries, total, tuple(schools), now, cursor)

    async def _found(
        self, session: AsyncSession, words: str, conditions: Sequence[ColumnElement[bool]]
    ) -> list[str]:
        """Return the publications that hold all words, at most `MAX_CANDIDATES`."""
        query = read_query(words)
        if not query.words:
            return []
        of_document = PublicationRow.resource_id == DocumentRow.resource_id
        within = select(PublicationRow.resource_id).where(of_document, *conditions).exists()
        documents = await self._index.candidates(
            session, query, condition=within, limit=MAX_CANDIDATES
        )
        found: list[str] = []
        for start in range(0, len(documents), _STEP):
            some = documents[start : start + _STEP]
            found += [hit.document.resource_id for hit in hits(query, some)]
            await asyncio.sleep(0)  # the media of a lesson come in between
        return found


def _conditions(
    paths: Collection[str], wanted: PublicationQuestion, now: datetime
) -> list[ColumnElement[bool]]:
    row = PublicationRow
    conditions = [in_branches(row.node_id, paths)]
    match wanted.state:
        case w.PublicationState.SERVED:
            conditions.append(served(now))
        case w.PublicationState.EXPIRED:
            conditions += [row.withdrawn_at.is_(None), row.expires_at <= now]
        case w.PublicationState.WITHDRAWN:
            conditions.append(row.withdrawn_at.is_not(None))
    if wanted.scope is not None:
        conditions.append(row.scope == wanted.scope)
    if wanted.school_id is not None:
        conditions.append(row.node_id == wanted.school_id)
    return conditions


async def _page(
    session: AsyncSession,
    state: w.PublicationState,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    before: Place | None,
) -> tuple[Sequence[tuple[PublicationRow, str]], Place | None]:
    """Return a page, each publication with its teacher, and the next page's place."""
    row = PublicationRow
    withdrawn = state is w.PublicationState.WITHDRAWN
    at = row.withdrawn_at if withdrawn else row.published_at
    query: Select[PublicationRow, str] = (
        select(row, ResourceRow.lead_teacher)
        .join(ResourceRow, ResourceRow.resource_id == row.resource_id)
        .where(*conditions)
        .order_by(at.desc(), row.resource_id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(tuple_(at, row.resource_id) < tuple_(before.at, before.row_id))
    found = [(one, teacher) for one, teacher in (await session.execute(query)).all()]
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    last, _ = page[-1]
    return page, Place(last.withdrawn_at or last.published_at, last.resource_id)


async def _count(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> int:
    """Count publications, at most `MAX_COUNT`."""
    some = select(PublicationRow.resource_id).where(*conditions).limit(MAX_COUNT).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def _uses(session: AsyncSession, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return plays and downloads of resources since their first publication."""
    row = ResourceUseRow
    query = (
        select(row.resource_id, func.sum(row.plays), func.sum(row.downloads))
        .where(row.resource_id.in_(ids))
        .group_by(row.resource_id)
    )
    found = (await session.execute(query)).all()
    return {resource_id: (plays, downloads) for resource_id, plays, downloads in found}


async def _schools(session: AsyncSession, paths: Collection[str]) -> Sequence[w.PublishingSchool]:
    """Return the schools of some branches, by name."""
    query = (
        select(SchoolRow.school_id, SchoolRow.name)
        .where(in_branches(SchoolRow.school_id, paths))
        .order_by(SchoolRow.name, SchoolRow.school_id)
        .limit(MAX_SCHOOLS)
    )
    return [w.PublishingSchool(*one) for one in (await session.execute(query)).all()]


def _entry(row: PublicationRow, teacher: str, used: tuple[int, int] | None) -> w.PublicationEntry:
    plays, downloads = used or (0, 0)
    reason = row.withdraw_reason
    return w.PublicationEntry(
        resource_id=row.resource_id,
        version=row.version,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        teacher_name=teacher,
        school_name=row.school_name,
        scope=ShareScope(row.scope),
        published_at=row.published_at,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
        withdraw_reason=None if reason is None else WithdrawReason(reason),
        withdraw_note=row.withdraw_note,
        plays=plays,
        downloads=downloads,
    )
