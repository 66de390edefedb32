"""Reading and writing resources."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Entry
from signaling.access.actions import Action
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.directory.tables import ROOT_NODE, PersonRow
from signaling.library.indexing import RESOURCES_LOCK, index_missing, index_of, put
from signaling.library.records import Resource
from signaling.library.tables import ResourceRow
from signaling.library.tombstones import deleted_among
from signaling.library.visibility import PREDICATES, resources_in
from signaling.library.wire import ResourceKind, ResourceState


class ResourceStore:
    """Resources."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = index_of(database)

    async def page(
        self, actor: Actor, *, limit: int, before: Place | None
    ) -> tuple[Sequence[Resource], Place | None]:
        """Return a page of the resources that the actor may see, and the next page's place.

        Args:
            actor: the one who asks.
            limit: resources of one page.
            before: the place of the page, newest first; None begins.
        """
        wanted = [
            permitted(actor, Action.READ_RECORDING, PREDICATES, resources_in),
            ResourceRow.kind == ResourceKind.RECORDING,  # uploads stand in 我的资源 alone
        ]
        place = tuple_(ResourceRow.started_at, ResourceRow.recording_id)
        if before is not None:
            wanted.append(place < tuple_(before.at, before.row_id))
        statement = (
            select(ResourceRow)
            .where(*wanted)
            .order_by(ResourceRow.started_at.desc(), ResourceRow.recording_id.desc())
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.scalars(statement)).all()
        found = [resource_of(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return found, None
        return found, Place(found[-1].started_at, found[-1].recording_id)

    async def of_recording(self, recording_id: str) -> Resource | None:
        """Return the resource that points at a recording."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(ResourceRow).where(ResourceRow.recording_id == recording_id)
            )
        return None if row is None else resource_of(row)

    async def follow(self, entries: Sequence[Entry], now: datetime) -> None:
        """Make the drafts that these recordings lack, and bring the others to their recordings.

        Only a draft follows its recording. The call may be repeated any number of times.
        """
        async with self._database.read() as session:
            begins = await _begins(session, entries)
        if all(begins.get(entry.recording_id) == entry.started_at for entry in entries):
            return
        async with self._database.write() as session:
            await self._database.serialize(session, RESOURCES_LOCK)
            begins = await _begins(session, entries)
            gone = await deleted_among(session, [entry.recording_id for entry in entries])
            for entry in entries:
                if entry.recording_id in gone:
                    continue
                begin = begins.get(entry.recording_id)
                if begin is None:
                    await self._add(session, _draft_of(entry, now))
                elif begin != entry.started_at:
                    await self._move(session, entry, now)

    async def index_missing(self, turn: asyncio.Lock | None = None) -> None:
        """Make what is not in the search index yet findable, such as after an upgrade."""
        await index_missing(self._database, self._index, turn=turn)

    async def _add(self, session: AsyncSession, draft: ResourceRow) -> None:
        query = select(PersonRow.node_id).where(PersonRow.person_id == draft.lead_teacher_id)
        draft.node_id = await session.scalar(query) or ROOT_NODE
        session.add(draft)
        await session.flush()
        await put(self._index, session, draft)

    async def _move(self, session: AsyncSession, entry: Entry, now: datetime) -> None:
        """Take over when a recording truly began, if its resource is a draft."""
        query = select(ResourceRow).where(
            ResourceRow.recording_id == entry.recording_id,
            ResourceRow.state == ResourceState.DRAFT,
        )
        draft = (await session.scalars(query)).one_or_none()
        if draft is not None:
            draft.started_at, draft.updated_at = entry.started_at, now
            await put(self._index, session, draft)


async def _begins(session: AsyncSession, entries: Iterable[Entry]) -> dict[str, datetime]:
    """Return when each recording that has a resource began, as the resource says."""
    wanted = [entry.recording_id for entry in entries]
    rows = await session.execute(
        select(ResourceRow.recording_id, ResourceRow.started_at).where(
            ResourceRow.recording_id.in_(wanted)
        )
    )
    return {row.recording_id: row.started_at for row in rows}


def _draft_of(entry: Entry, now: datetime) -> ResourceRow:
    return ResourceRow(
        resource_id=new_id(),
        kind=ResourceKind.RECORDING,
        state=ResourceState.DRAFT,
        recording_id=entry.recording_id,
        lesson_id=entry.lesson_id,
        lead_teacher_id=entry.lead_teacher_id,
        title=entry.title,
        subject=entry.subject,
        grade=entry.grade,
        class_kind=entry.class_kind,
        lead_teacher=entry.lead_teacher,
        started_at=entry.started_at,
        created_at=now,
        updated_at=now,
    )


def resource_of(row: ResourceRow) -> Resource:
    """Return the resource of a row."""
    return Resource(
        resource_id=row.resource_id,
        kind=ResourceKind(row.kind),
        state=ResourceState(row.state),
        recording_id=row.recording_id,
        lesson_id=row.lesson_id,
        lead_teacher_id=row.lead_teacher_id,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        class_kind=row.class_kind,
        lead_teacher=row.lead_teacher,
        started_at=row.started_at,
    )
