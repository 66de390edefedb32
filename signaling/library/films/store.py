"""Reading and writing films."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.tables import JobRow
from signaling.jobs.wire import JobState
from signaling.library.films.tables import FilmRow
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import VersionState

_PAST = (VersionState.SUPERSEDED, VersionState.WITHDRAWN)


async def of_version(
    session: AsyncSession, resource_id: str, number: int, now: datetime
) -> Sequence[FilmRow]:
    """Return the films of a version whose time is not over."""
    query = select(FilmRow).where(
        FilmRow.resource_id == resource_id, FilmRow.number == number, FilmRow.expires_at > now
    )
    return (await session.scalars(query)).all()


async def standing(
    session: AsyncSession, resource_id: str, number: int, now: datetime
) -> Sequence[FilmRow]:
    """Return the films of a version whose time is not over, unless the version is past."""
    row = await session.get(ResourceVersionRow, (resource_id, number))
    if row is None or row.state in _PAST:
        return ()
    return await of_version(session, resource_id, number, now)


async def open_of(session: AsyncSession, owner_id: str, kind: str) -> int:
    """Return how many jobs of a kind somebody has on the way."""
    query = (
        select(func.count())
        .select_from(JobRow)
        .where(JobRow.owner_id == owner_id, JobRow.kind == kind, JobRow.state.in_(OPEN_STATES))
    )
    return await session.scalar(query) or 0


async def ready_of(session: AsyncSession, owner_id: str, now: datetime) -> Sequence[FilmRow]:
    """Return the films of a person that are there, the oldest first."""
    query = (
        select(FilmRow)
        .join(JobRow, JobRow.job_id == FilmRow.job_id)
        .where(JobRow.owner_id == owner_id, JobRow.state == JobState.DONE, FilmRow.expires_at > now)
        .order_by(FilmRow.ordered_at, FilmRow.job_id)
    )
    return (await session.scalars(query)).all()


async def past(session: AsyncSession, now: datetime, limit: int) -> Sequence[FilmRow]:
    """Return films of versions that were replaced or withdrawn, and whose time is not over yet."""
    query = (
        select(FilmRow)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == FilmRow.resource_id,
                ResourceVersionRow.number == FilmRow.number,
            ),
        )
        .where(ResourceVersionRow.state.in_(_PAST), FilmRow.expires_at > now)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def over(session: AsyncSession, before: datetime, limit: int) -> Sequence[FilmRow]:
    """Return films whose time was over before a moment."""
    query = (
        select(FilmRow)
        .where(FilmRow.expires_at <= before)
        .order_by(FilmRow.expires_at)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def shared(session: AsyncSession, row: FilmRow, now: datetime) -> bool:
    """Return whether another version needs the file of a film."""
    query = select(FilmRow.number).where(
        FilmRow.recording_id == row.recording_id,
        FilmRow.film_id == row.film_id,
        FilmRow.expires_at > now,
    )
    return (await session.execute(query.limit(1))).first() is not None


async def forget(session: AsyncSession, row: FilmRow) -> None:
    """Delete the row of a film whose time is still over."""
    await session.execute(
        delete(FilmRow).where(
            FilmRow.resource_id == row.resource_id,
            FilmRow.number == row.number,
            FilmRow.film_id == row.film_id,
            FilmRow.expires_at == row.expires_at,
        )
    )
