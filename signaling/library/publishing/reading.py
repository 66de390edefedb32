"""The published library: lists, search, and one resource with what a player needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import ROOT_PATH, Actor
from signaling.base.clock import Clock
from signaling.base.cursors import Place, cursor_of
from signaling.base.database import Database
from signaling.base.errors import SignalingError
from signaling.directory.tables import OrgNodeRow
from signaling.library.editions.tables import EditionRow
from signaling.library.indexing import FACETS
from signaling.library.publishing.narrowing import audience, chosen_keys, narrowest_first
from signaling.library.publishing.showing import entry_of
from signaling.library.publishing.tickets import Tickets
from signaling.library.publishing.visibility import in_scope, is_served, manages, refers, visible
from signaling.library.publishing.wire import LibraryEntry, LibraryList
from signaling.library.references.store import Reference, shown_references
from signaling.library.references.tables import ReferenceRow
from signaling.library.search.core.query import Query, read_query
from signaling.library.search.core.ranking import Hit, hits, ranked
from signaling.library.search.index import MAX_CANDIDATES, SearchIndex
from signaling.library.search.tables import DocumentRow
from signaling.library.service import matches_of
from signaling.library.sharing.store import demand_open
from signaling.library.sharing.tables import ShareLinkRow
from signaling.library.tables import ResourceRow
from signaling.library.tombstones import demand_not_deleted
from signaling.library.versions.ground import ResourceNotFound
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ShareScope
from signaling.library.wire import TextMatch

_STEP = 25  # documents that are looked at in one step: some 2 ms
_FEW = 2_000  # publications that are sorted to show a page of them


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at the library: who it is, if known, and the cookie of tickets."""

    actor: Actor | None = None
    tickets: str | None = None
    remote: str = ""
    origin: str = ""  # the address, as rate limits count it
    saves: bool = False  # the browser opens or saves the file by itself, in no player

    @property
    def keeps_nothing(self) -> bool:
        """Tell whether this is a classroom's terminal, which only plays what is published."""
        return self.actor is not None and self.actor.room_id is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Question to the library: words, and values of facets."""

    words: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)  # by the names in `FACETS`


@dataclass(frozen=True, slots=True)
class Shown:
    """A publication with its resource, version, path and edition.

    `reference` is the copy by which the viewer sees it, with the version and edition that it shows;
    None: the viewer sees the publication itself.
    """

    publication: PublicationRow
    resource: ResourceRow
    version: ResourceVersionRow
    path: str
    edition: EditionRow | None = None
    reference: ReferenceRow | None = None
    by_link: bool = False  # a share link opens it to the viewer

    @property
    def has_cover(self) -> bool:
        """Tell whether the recording's picture may be shown."""
        return (self.reference or self.publication).has_cover

    @property
    def scope(self) -> ShareScope:
        """For whom that is which the viewer sees."""
        if self.reference is not None and self.reference.shared_as is not None:
            return ShareScope(self.reference.shared_as)
        return ShareScope(self.publication.scope)


class LibraryReader:
    """Shows what is published to those who may see it."""

    def __init__(
        self,
        database: Database,
        index: SearchIndex,
        tickets: Tickets,
        clock: Clock,
        prefix: str = "",
    ) -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._database = database
        self._index = index
        self._tickets = tickets
        self._clock = clock
        self._prefix = prefix

    async def listed(
        self, viewer: Viewer, wanted: Wanted, *, limit: int, before: Place | None
    ) -> LibraryList:
        """List what the viewer may see, what was published last first."""
        row = PublicationRow
        conditions = self._conditions(viewer, wanted)
        published_at: ColumnElement[datetime] = row.published_at.expression
        async with self._database.read() as session:
            if (few := await self._few(session, viewer, wanted)) is not None:
                conditions.append(row.resource_id.in_(few))
                published_at = _unindexed(published_at)  # the few are sorted
            if before is not None:
                place = tuple_(published_at, row.resource_id)
                conditions.append(place < tuple_(before.at, before.row_id))
            query = (
                _shown()
                .where(*conditions)
                .order_by(published_at.desc(), row.resource_id.desc())
                .limit(limit + 1)
            )
            found = await self._rows(session, query, viewer)
        page = found[:limit]
        entries = tuple(self.entry(one, viewer) for one in page)
        if len(found) <= limit:
            return LibraryList(entries, None)
        last = page[-1].publication
        return LibraryList(entries, cursor_of(Place(last.published_at, last.resource_id)))

    async def found(self, viewer: Viewer, wanted: Wanted, *, limit: int, skip: int) -> LibraryList:
        """List what a search finds, the best match first; the cursor counts the hits before."""
        if not read_query(wanted.words).words:
            return LibraryList((), None)
        async with self._database.read() as session:
            query = await asked(session, viewer, wanted)
            best = await self._ranked(session, query, viewer, wanted)
            page = best[skip : skip + limit]
            ids = [hit.document.resource_id for hit in page]
            # Asked again: it may have been withdrawn between the two statements.
            conditions = self._conditions(viewer, wanted)
            of_page = _shown().where(PublicationRow.resource_id.in_(ids), *conditions)
            rows = await self._rows(session, of_page, viewer)
        shown = {one.resource.resource_id: one for one in rows}
        entries = tuple(
            self.entry(shown[hit.document.resource_id], viewer, matches_of(hit))
            for hit in page
            if hit.document.resource_id in shown
        )
        following = skip + limit
        return LibraryList(entries, str(following) if len(best) > following else None)

    async def one(self, viewer: Viewer, resource_id: str) -> Shown:
        """Return a resource that the viewer may see.

        Raises:
            ResourceNotFound: there is none for the viewer.
            ResourceDeleted: it was deleted, and the viewer might have seen it.
            Forbidden: the viewer came by a link that opens nothing any more.
        """
        query = _shown().where(PublicationRow.resource_id == resource_id)
        async with self._database.read() as session:
            rows = await _all(session, query)
            if not rows:
                await demand_not_deleted(session, viewer.actor, resource_id)
            seen = await self._seen(session, rows, viewer)
        now = self._clock.now()
        if not rows or not is_served(rows[0].publication, now):
            raise ResourceNotFound()
        link_id = self._tickets.link_of(viewer.tickets, resource_id)
        if link_id is None:
            if not seen:
                raise ResourceNotFound()
            return seen[0]
        async with self._database.read() as session:
            link = await session.get(ShareLinkRow, link_id)
        try:
            if link is None or link.resource_id != resource_id:
                raise ResourceNotFound()
            demand_open(link, ShareScope(rows[0].publication.scope), now)
        except SignalingError:
            if not seen:
                raise
            return seen[0]
        return replace(rows[0], by_link=True)  # the publication itself, not a copy of it

    async def some(self, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, LibraryEntry]:
        """Return those of some resources that the viewer may see, by id."""
        found: dict[str, LibraryEntry] = {}
        for start in range(0, len(ids), _STEP):
            wanted = PublicationRow.resource_id.in_(ids[start : start + _STEP])
            query = _shown().where(wanted, *self._conditions(viewer, Wanted()))
            async with self._database.read() as session:
                rows = await self._rows(session, query, viewer)
            found |= {one.resource.resource_id: self.entry(one, viewer) for one in rows}
            await asyncio.sleep(0)  # the media of a lesson come in between
        return found

    def is_locked(self, shown: Shown, viewer: Viewer) -> bool:
        """Return whether the viewer has to give the password first."""
        publication = shown.publication
        if publication.scope != ShareScope.PASSWORD or shown.by_link:
            return False
        if shown.reference is not None:
            return False
        if manages(viewer.actor, publication, shown.path):
            return False
        return not self._tickets.opens(
            viewer.tickets, publication.resource_id, publication.password_hash
        )

    def entry(
        self, shown: Shown, viewer: Viewer, matches: tuple[TextMatch, ...] = ()
    ) -> LibraryEntry:
        """Show a resource as lists do."""
        locked = self.is_locked(shown, viewer)
        return entry_of(
            shown.publication,
            shown.resource,
            shown.version,
            shown.edition,
            reference=shown.reference,
            prefix=self._prefix,
            locked=locked,
            matches=matches,
        )

    # --- inside ----------------------------------------------------------------------------------

    async def _rows(
        self,
        session: AsyncSession,
        query: Select[PublicationRow, ResourceRow, ResourceVersionRow, str, EditionRow],
        viewer: Viewer,
    ) -> list[Shown]:
        """Return those of the publications that the viewer may see, each as the viewer sees it."""
        return await self._seen(session, await _all(session, query), viewer)

    async def _seen(
        self, session: AsyncSession, rows: Sequence[Shown], viewer: Viewer
    ) -> list[Shown]:
        """Return those of the rows that the viewer may see, each as the viewer sees it."""
        referred = [one.publication.resource_id for one in rows if one.publication.referred]
        references = await shown_references(session, referred)
        seen = []
        for row in rows:
            one = self._seen_as(viewer, row, references.get(row.resource.resource_id, ()))
            if one is not None and one.reference is not None:
                key = (one.version.resource_id, one.version.number)
                one = replace(one, edition=await session.get(EditionRow, key))
            if one is not None:
                seen.append(one)
        return seen

    def _seen_as(
        self, viewer: Viewer, shown: Shown, references: Sequence[Reference]
    ) -> Shown | None:
        """Return what the viewer sees: the publication, or else the nearest copy; None: nothing."""
        actor, publication, now = viewer.actor, shown.publication, self._clock.now()
        if not is_served(publication, now):
            return None
        seen = in_scope(actor, publication) or manages(actor, publication, shown.path)
        if seen and not self.is_locked(shown, viewer):
            return shown
        for one in references:
            if refers(actor, one, now):
                return replace(shown, version=one.version, reference=one.row)
        return shown if seen else None

    def _conditions(self, viewer: Viewer, wanted: Wanted) -> list[ColumnElement[bool]]:
        return _conditions(viewer, wanted, self._clock.now())

    async def _few(
        self, session: AsyncSession, viewer: Viewer, wanted: Wanted
    ) -> Select[str] | None:
        """Return the statement for all that are left, where these are few.

        Of many, the newest are found soon by going through the order of publication.
        """
        for facets in narrowest_first(wanted.facets):
            query = await asked(session, viewer, replace(wanted, facets=facets))
            number = await session.scalar(self._index.number(query, _FEW))
            if number is not None and number < _FEW:
                return self._index.newest(query, _FEW)
        return None

    async def _ranked(
        self, session: AsyncSession, query: Query, viewer: Viewer, wanted: Wanted
    ) -> Sequence[Hit]:
        seen = may_be_seen(viewer, wanted, self._clock.now())
        documents = await self._index.candidates(
            session, query, condition=seen, limit=MAX_CANDIDATES
        )
        found: list[Hit] = []
        for start in range(0, len(documents), _STEP):
            found += hits(query, documents[start : start + _STEP])
            await asyncio.sleep(0)  # the media of a lesson come in between
        return ranked(found)


def _conditions(viewer: Viewer, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    return [visible(viewer.actor, now), *facet_conditions(wanted.facets)]


def may_be_seen(viewer: Viewer, wanted: Wanted, now: datetime) -> ColumnElement[bool]:
    """Return the condition on documents of what a viewer may see, with the facets wanted."""
    of_document = PublicationRow.resource_id == DocumentRow.resource_id
    conditions = _conditions(viewer, wanted, now)
    return select(PublicationRow.resource_id).where(of_document, *conditions).exists()


def facet_conditions(facets: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Return the conditions on publications with these values of facets."""
    return [
        _unindexed(getattr(PublicationRow, name)) == facets[name]
        for name in FACETS
        if name in facets
    ]


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column in a form that no index has.

    Keys of the search have found a few rows, or else the order of publication finds some soon.
    SQLite keeps no statistics, and would rather take an index in which one subject has a twelfth
    of all publications.
    """
    return func.coalesce(column, column)


async def asked(session: AsyncSession, viewer: Viewer, wanted: Wanted) -> Query:
    """Return the query of the index for what a viewer looks for."""
    seen = await audience(session, viewer.actor)
    return read_query(wanted.words, (seen, *chosen_keys(wanted.facets)))


def _shown() -> Select[PublicationRow, ResourceRow, ResourceVersionRow, str, EditionRow]:
    return (
        select(PublicationRow, ResourceRow, ResourceVersionRow, OrgNodeRow.path, EditionRow)
        .join(ResourceRow, ResourceRow.resource_id == PublicationRow.resource_id)
        .join(
            ResourceVersionRow,
            and_(
                ResourceVersionRow.resource_id == PublicationRow.resource_id,
                ResourceVersionRow.number == PublicationRow.version,
            ),
        )
        .outerjoin(OrgNodeRow, OrgNodeRow.node_id == PublicationRow.node_id)
        .outerjoin(
            EditionRow,
            and_(
                EditionRow.resource_id == PublicationRow.resource_id,
                EditionRow.number == PublicationRow.version,
            ),
        )
    )


async def _all(
    session: AsyncSession,
    query: Select[PublicationRow, ResourceRow, ResourceVersionRow, str, EditionRow],
) -> list[Shown]:
    found = (await session.execute(query)).all()
    return [Shown(a, b, c, path or ROOT_PATH, made) for a, b, c, path, made in found]
