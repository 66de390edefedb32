"""Facets of what a viewer may see."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.library.publishing.narrowing import audience, chosen_keys
from signaling.library.publishing.reading import Viewer, facet_conditions
from signaling.library.publishing.visibility import visible
from signaling.library.publishing.wire import FacetCount, LibraryFacets
from signaling.library.search.core.query import AnyOf, read_query
from signaling.library.search.index import SearchIndex
from signaling.library.versions.tables import PublicationRow

SHOWN = ("subject", "stage", "grade", "edition", "volume", "school_name")
MAX_COUNTED = 5_000  # publications, the newest ones, so that a large library answers at once
MAX_VALUES = 100  # of one facet

Counts = Mapping[str, tuple[FacetCount, ...]]


class Facets:
    """Counts the values of facets."""

    def __init__(self, database: Database, index: SearchIndex, clock: Clock) -> None:
        self._database = database
        self._index = index
        self._clock = clock

    async def of(self, viewer: Viewer, chosen: Mapping[str, str]) -> LibraryFacets:
        """Count the values of each facet among what the others leave."""
        found: dict[str, tuple[FacetCount, ...]] = {}
        async with self._database.read() as session:
            seen = await audience(session, viewer.actor)
            free = [name for name in SHOWN if name not in chosen]
            found |= await self.counted(session, viewer, seen=seen, names=free, chosen=chosen)
            for name in SHOWN:
                if name in chosen:
                    others = {one: value for one, value in chosen.items() if one != name}
                    found |= await self.counted(
                        session, viewer, seen=seen, names=[name], chosen=others
                    )
        return LibraryFacets(
            subjects=found["subject"],
            stages=found["stage"],
            grades=found["grade"],
            editions=found["edition"],
            volumes=found["volume"],
            schools=found["school_name"],
        )

    async def counted(
        self,
        session: AsyncSession,
        viewer: Viewer,
        *,
        seen: AnyOf,
        names: Sequence[str],
        chosen: Mapping[str, str],
        words: str = "",
    ) -> Counts:
        """Count the values of facets among the newest `MAX_COUNTED` that are left.

        Args:
            session: a reading transaction.
            viewer: the one who asks.
            seen: the viewer's keys, see `narrowing.audience`.
            names: the facets.
            chosen: values of facets that all have.
            words: words that all have, by their tokens.
        """
        if not names:
            return {}
        query = read_query(words, (seen, *chosen_keys(chosen)))
        newest = self._index.newest(query, MAX_COUNTED).cte("newest")
        left = (
            select(*(getattr(PublicationRow, name) for name in names))
            .join(newest, newest.c.resource_id == PublicationRow.resource_id)
            .where(visible(viewer.actor, self._clock.now()), *facet_conditions(chosen))
            .cte("left")
        )
        await asyncio.sleep(0)  # media go between: making the query takes longer than sending it
        parts = []
        for name in names:
            value, number = left.c[name], func.count().label("number")
            part: Select[str, str, int] = (
                select(literal(name).label("name"), value.label("value"), number)
                .where(value.is_not(None), value != "")
                .group_by(value)
                .order_by(number.desc(), value)
                .limit(MAX_VALUES)
            )
            parts.append(select(part.subquery()))
        query_of_all = union_all(*parts)
        await asyncio.sleep(0)
        counts = defaultdict[str, list[FacetCount]](list)
        for one in (await session.execute(query_of_all)).all():
            counts[one.name].append(FacetCount(one.value, one.number))
        return {name: tuple(counts[name]) for name in names}
