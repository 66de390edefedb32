"""Reading and writing editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import OrgNodeRow
from signaling.library.editions.rules import FOLLOWING
from signaling.library.editions.tables import EditionRow
from signaling.library.references.rules import AT_WORK
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceState
from signaling.library.tables import ResourceRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.wire import EditionState


@dataclass(frozen=True, slots=True)
class DueEdition:
    """An edition that waits, with what its order needs."""

    row: EditionRow
    version: ResourceVersionRow
    path: str
    title: str


async def due(session: AsyncSession, limit: int) -> Sequence[DueEdition]:
    """Return editions that wait, the oldest first; another process leaves them alone then."""
    query = (
        select(EditionRow, ResourceVersionRow, OrgNodeRow.path, ResourceRow.title)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == EditionRow.resource_id,
                ResourceVersionRow.number == EditionRow.number,
            ),
        )
        .join(ResourceRow, ResourceRow.resource_id == EditionRow.resource_id)
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == ResourceRow.node_id)
        .where(EditionRow.state == EditionState.WAITING)
        .order_by(EditionRow.changed_at, EditionRow.resource_id)
        .limit(limit)
        .with_for_update(of=EditionRow, skip_locked=True)
    )
    found = (await session.execute(query)).all()
    return [DueEdition(a, b, path or "", title) for a, b, path, title in found]


async def counted(session: AsyncSession, state: EditionState) -> int:
    """Return how many editions are in a state."""
    query = select(func.count()).select_from(EditionRow).where(EditionRow.state == state)
    return await session.scalar(query) or 0


async def edition(session: AsyncSession, resource_id: str, number: int) -> EditionRow | None:
    """Return the edition of a version."""
    return await session.get(EditionRow, (resource_id, number))


async def of_job(session: AsyncSession, job_id: str) -> EditionRow | None:
    """Return the edition that a job makes."""
    query = select(EditionRow).where(
        EditionRow.job_id == job_id, EditionRow.state == EditionState.ORDERED
    )
    return (await session.scalars(query)).first()


async def in_state(
    session: AsyncSession, state: EditionState, limit: int, *, before: datetime | None = None
) -> Sequence[EditionRow]:
    """Return editions in a state, those that came into it first; before a time, if given."""
    query = select(EditionRow).where(EditionRow.state == state)
    if before is not None:
        query = query.where(EditionRow.changed_at <= before)
    query = query.order_by(EditionRow.changed_at, EditionRow.resource_id).limit(limit)
    return (await session.scalars(query)).all()


async def unwanted(
    session: AsyncSession, limit: int, resource_id: str | None = None
) -> Sequence[EditionRow]:
    """Return editions of versions that are published no longer and that nobody removes yet.

    Without a `resource_id` all editions are looked at.
    """
    publication = PublicationRow
    query = (
        select(EditionRow)
        .outerjoin(publication, publication.resource_id == EditionRow.resource_id)
        .where(
            EditionRow.state != EditionState.REMOVING,
            or_(
                publication.resource_id.is_(None),
                publication.withdrawn_at.is_not(None),
                and_(publication.version != EditionRow.number, ~_is_referred()),
            ),
        )
        .limit(limit)
    )
    if resource_id is not None:
        query = query.where(EditionRow.resource_id == resource_id)
    return (await session.scalars(query)).all()


def _is_referred() -> ColumnElement[bool]:
    """Return the condition on editions of versions that a node further up shows, or reviews."""
    copy = ReferenceRow
    living = (*sorted(AT_WORK), ReferenceState.PUBLISHED)
    query = select(copy.reference_id).where(
        copy.resource_id == EditionRow.resource_id,
        copy.version == EditionRow.number,
        copy.state.in_(living),
    )
    return query.exists()


async def without(
    session: AsyncSession, limit: int
) -> Sequence[tuple[ResourceRow, PublicationRow, ResourceVersionRow]]:
    """Return published versions without an edition: those of a former release."""
    query = (
        select(ResourceRow, PublicationRow, ResourceVersionRow)
        .join(PublicationRow, PublicationRow.resource_id == ResourceRow.resource_id)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == PublicationRow.resource_id,
                ResourceVersionRow.number == PublicationRow.version,
            ),
        )
        .outerjoin(
            EditionRow,
            and_(
                EditionRow.resource_id == PublicationRow.resource_id,
                EditionRow.number == PublicationRow.version,
            ),
        )
        .where(PublicationRow.withdrawn_at.is_(None), EditionRow.resource_id.is_(None))
        .order_by(PublicationRow.published_at.desc(), PublicationRow.resource_id)
        .limit(limit)
    )
    return [(a, b, c) for a, b, c in (await session.execute(query)).all()]


async def ready_as(session: AsyncSession, recording_id: str, edition_id: str) -> EditionRow | None:
    """Return a version's edition that is there and has these files."""
    query = select(EditionRow).where(
        EditionRow.recording_id == recording_id,
        EditionRow.edition_id == edition_id,
        EditionRow.state == EditionState.READY,
    )
    return (await session.scalars(query)).first()


async def shared(session: AsyncSession, row: EditionRow) -> bool:
    """Return whether another version needs the files of an edition."""
    query = select(EditionRow.number).where(
        EditionRow.recording_id == row.recording_id,
        EditionRow.edition_id == row.edition_id,
        EditionRow.state != EditionState.REMOVING,
    )
    return (await session.execute(query.limit(1))).first() is not None


async def forget(session: AsyncSession, row: EditionRow) -> None:
    """Delete the row of an edition that is being removed."""
    await session.execute(
        delete(EditionRow).where(
            EditionRow.resource_id == row.resource_id,
            EditionRow.number == row.number,
            EditionRow.state == EditionState.REMOVING,
        )
    )


async def bring(
    session: AsyncSession, row: EditionRow, state: EditionState, now: datetime, **values: Any
) -> bool:
    """Bring an edition to a state; whether it still was where `row` says it is."""
    if state not in FOLLOWING[EditionState(row.state)]:
        return False
    written = await session.scalar(
        update(EditionRow)
        .where(
            EditionRow.resource_id == row.resource_id,
            EditionRow.number == row.number,
            EditionRow.state == row.state,
            EditionRow.job_id.is_(None) if row.job_id is None else EditionRow.job_id == row.job_id,
        )
        .values(state=state, changed_at=now, **values)
        .returning(EditionRow.number)
        .execution_options(synchronize_session=False)
    )
    return written is not None
