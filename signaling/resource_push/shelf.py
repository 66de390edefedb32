"""The library, as pushed resources ask for it. Wiring hands it in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.records import RoomRecord
from signaling.resource_push.rules import ShelfFacts


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """A resource that was ever published: its title, length in seconds, version, and facts."""

    title: str
    length_s: float
    version: int
    facts: ShelfFacts


class Shelf(Protocol):
    """Published resources."""

    async def entries(
        self,
        session: AsyncSession,
        resource_ids: Collection[str],
        rooms: Sequence[RoomRecord],
        now: datetime,
    ) -> Mapping[str, ShelfEntry]:
        """Return resources as these rooms may see them; those never published are left out."""
