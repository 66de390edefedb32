"""Many rows by their ids, in queries of a bounded size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.entries.noun import Column

_PART = 500  # ids of one query; SQLite takes 32,766 values


def in_parts(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield ids, as many at a time as one query may name."""
    listed = tuple(ids)
    for first in range(0, len(listed), _PART):
        yield listed[first : first + _PART]


async def rows_by_id(
    session: AsyncSession, row: type[Any], key: Column, ids: Collection[str]
) -> dict[str, Any]:
    """Return those of the rows that are there, by their ids."""
    found: dict[str, Any] = {}
    for part in in_parts(ids):
        for one in await session.scalars(select(row).where(key.in_(part))):
            found[getattr(one, key.key)] = one
    return found
