"""Finding resources by words, among those that the actor may see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from signaling.access.actions import Action
from signaling.access.lists import permitted
from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.library.records import Resource
from signaling.library.search.core.query import read_query
from signaling.library.search.core.ranking import Hit, hits, ranked
from signaling.library.search.index import MAX_CANDIDATES, SearchIndex
from signaling.library.search.tables import DocumentRow
from signaling.library.store import resource_of
from signaling.library.tables import ResourceRow
from signaling.library.visibility import PREDICATES, resources_in
from signaling.library.wire import ResourceKind

_STEP = 25  # documents that are looked at in one step: some 2 ms


@dataclass(frozen=True, slots=True)
class FoundResource:
    """A resource, and why it was found."""

    resource: Resource
    hit: Hit


class Finder:
    """Finds resources."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database = database
        self._index = index

    async def find(
        self, actor: Actor, typed: str, *, limit: int, skip: int = 0
    ) -> tuple[Sequence[FoundResource], bool]:
        """Return a page of resources, the best first, and whether there are more.

        At most `MAX_CANDIDATES` newest resources with these words are compared. A text without a
        word finds nothing.

        Args:
            actor: the one who asks.
            typed: words, pinyin or initials; all must be found.
            limit: resources of one page.
            skip: resources before the page.
        """
        query = read_query(typed)
        if not query.words:
            return (), False
        may_see = permitted(actor, Action.READ_RECORDING, PREDICATES, resources_in)
        seen = select(ResourceRow.resource_id).where(
            ResourceRow.resource_id == DocumentRow.resource_id,
            ResourceRow.kind == ResourceKind.RECORDING,  # published uploads are found in 资源库
            may_see,
        )
        async with self._database.read() as session:
            documents = await self._index.candidates(
                session, query, condition=seen.exists(), limit=MAX_CANDIDATES
            )
            found: list[Hit] = []
            for start in range(0, len(documents), _STEP):
                found += hits(query, documents[start : start + _STEP])
                await asyncio.sleep(0)  # the media of a lesson come in between
            best = ranked(found)
            page = best[skip : skip + limit]
            wanted = [hit.document.resource_id for hit in page]
            rows = await session.scalars(
                select(ResourceRow).where(ResourceRow.resource_id.in_(wanted))
            )
            resources = {row.resource_id: resource_of(row) for row in rows}
        shown = [
            FoundResource(resources[hit.document.resource_id], hit)
            for hit in page
            if hit.document.resource_id in resources
        ]
        return shown, len(best) > skip + limit
