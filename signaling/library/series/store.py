"""Reading series and their entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import ROOT_PATH
from signaling.base.cursors import Place
from signaling.directory.tables import OrgNodeRow
from signaling.library.series.tables import SeriesEntryRow, SeriesRow
from signaling.library.versions.tables import PublicationRow


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """A series with the path and name of its node."""

    row: SeriesRow
    path: str
    node_name: str


def _series() -> Select[SeriesRow, str, str]:
    return select(SeriesRow, OrgNodeRow.path, OrgNodeRow.name).outerjoin(
        OrgNodeRow, OrgNodeRow.node_id == SeriesRow.node_id
    )


async def page(
    session: AsyncSession, wanted: ColumnElement[bool], *, limit: int, before: Place | None
) -> tuple[Sequence[KeptSeries], Place | None]:
    """Return a page of series, what was changed last first, and the next page's place."""
    row = SeriesRow
    query = _series().where(wanted).order_by(row.updated_at.desc(), row.series_id.desc())
    if before is not None:
        query = query.where(
            tuple_(row.updated_at, row.series_id) < tuple_(before.at, before.row_id)
        )
    found = [_kept(*one) for one in (await session.execute(query.limit(limit + 1))).all()]
    if len(found) <= limit:
        return found, None
    last = found[limit - 1].row
    return found[:limit], Place(last.updated_at, last.series_id)


async def one(session: AsyncSession, series_id: str, *, lock: bool = False) -> KeptSeries | None:
    """Return a series; with `lock`, nobody else changes it until the transaction ends."""
    if lock:  # SQLite has one writer anyway
        key = SeriesRow.series_id
        await session.execute(select(key).where(key == series_id).with_for_update())
    found = (await session.execute(_series().where(SeriesRow.series_id == series_id))).first()
    return None if found is None else _kept(*found)


def _kept(row: SeriesRow, path: str | None, name: str | None) -> KeptSeries:
    return KeptSeries(row, path or ROOT_PATH, name or "")


async def entries(session: AsyncSession, series_id: str) -> Sequence[str]:
    """Return the ids of all entries, in their order."""
    row = SeriesEntryRow
    query = select(row.resource_id).where(row.series_id == series_id)
    return (await session.scalars(query.order_by(row.position, row.resource_id))).all()


async def counts(
    session: AsyncSession, series_ids: Collection[str], seen: ColumnElement[bool]
) -> dict[str, int]:
    """Count the entries of series whose publications meet a condition."""
    row = SeriesEntryRow
    query = (
        select(row.series_id, func.count().label("number"))
        .join(PublicationRow, PublicationRow.resource_id == row.resource_id)
        .where(row.series_id.in_(series_ids), seen)
        .group_by(row.series_id)
    )
    return {found.series_id: found.number for found in await session.execute(query)}


async def write_entries(session: AsyncSession, series_id: str, ids: Sequence[str]) -> None:
    """Replace the entries of a series."""
    await session.execute(delete(SeriesEntryRow).where(SeriesEntryRow.series_id == series_id))
    session.add_all(
        SeriesEntryRow(series_id=series_id, resource_id=resource_id, position=position)
        for position, resource_id in enumerate(ids)
    )
    await session.flush()


async def owned(session: AsyncSession, owner_id: str) -> int:
    """Count the series of a person."""
    query = select(func.count()).where(SeriesRow.owner_id == owner_id)
    return await session.scalar(query) or 0
