"""What people do with series, and what they see of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from signaling.access.actions import Action
from signaling.access.grants import allows, demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, Work, own_branch
from signaling.base.clock import Clock
from signaling.base.cursors import Place, cursor_of
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Forbidden, Invalid, NotFound, Refused
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import ROOT_NODE, OrgNodeRow
from signaling.library.publishing.reading import LibraryReader, Viewer
from signaling.library.publishing.visibility import county_of, home_of, visible
from signaling.library.publishing.wire import LibraryEntry
from signaling.library.series import store
from signaling.library.series import wire as w
from signaling.library.series.rules import reordered, scopes_of
from signaling.library.series.store import KeptSeries
from signaling.library.series.tables import SeriesRow
from signaling.library.series.visibility import keeps, kept_by, may_see_series, visible_series

MAX_OWNED = 200  # series of one person


class SeriesNotFound(NotFound):
    """No such series, or none that the caller may see."""

    code = ProblemCode.SERIES_NOT_FOUND
    title = "no such series"


class SeriesDesk:
    """The actions on series. Whoever asks for the result reads it anew."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, reader: LibraryReader
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._reader = reader

    async def listed(
        self, viewer: Viewer, *, own: bool, limit: int, before: Place | None
    ) -> w.SeriesList:
        """List the series that the viewer may see, or with `own` those that he or she may edit."""
        actor = viewer.actor
        wanted = visible_series(actor) if actor is None or not own else kept_by(actor)
        async with self._database.read() as session:
            page, following = await store.page(session, wanted, limit=limit, before=before)
            ids = [one.row.series_id for one in page]
            counted = await store.counts(session, ids, visible(actor, self._clock.now()))
        covers = await self._covers(viewer, [one.row for one in page])
        series = tuple(
            self._shown(actor, one, counted.get(one.row.series_id, 0), covers) for one in page
        )
        return w.SeriesList(series, None if following is None else cursor_of(following))

    async def detail(self, viewer: Viewer, series_id: str) -> w.SeriesDetail:
        """Show one series with the entries that the viewer may see. Raises SeriesNotFound."""
        kept = await self.seen(viewer, series_id)
        async with self._database.read() as session:
            ids = await store.entries(session, series_id)
        found = await self._reader.some(viewer, ids)
        entries = tuple(found[one] for one in ids if one in found)
        shown = self._shown(viewer.actor, kept, len(entries), found)
        return w.SeriesDetail(
            series=shown,
            cover_id=kept.row.cover_id if shown.may_edit else None,
            scopes=self._scopes(viewer.actor, kept),
            entries=entries,
        )

    async def seen(self, viewer: Viewer, series_id: str) -> KeptSeries:
        """Return a series that the viewer may see. Raises SeriesNotFound."""
        async with self._database.read() as session:
            kept = await store.one(session, series_id)
        if kept is None or not may_see_series(viewer.actor, kept.row, kept.path):
            raise SeriesNotFound()
        return kept

    async def permit(self, actor: Actor, series_id: str) -> None:
        """Raise SeriesNotFound, or Forbidden where the actor may only see it."""
        kept = await self.seen(Viewer(actor), series_id)
        if not keeps(actor, kept.row, kept.path):
            raise Forbidden()

    async def create(self, actor: Actor, wish: w.SeriesCreate) -> str:
        """新建专题; return its id.

        Raises:
            Forbidden: the actor keeps no series at all.
            Invalid: the scope is wider than the actor may give, or there is no such resource.
            Refused: the actor has too many.
        """
        demand_somewhere(actor, Action.KEEP_SERIES)
        if wish.resource_id is not None:
            await self._demand_seen(actor, wish.resource_id)
        now = self._clock.now()
        async with self._audit.work(actor, AuditAction.SERIES_CREATE) as work:
            session = work.session
            path = home_of(actor) or own_branch(actor)
            node = await session.get(OrgNodeRow, path.rstrip("/").rpartition("/")[2] or ROOT_NODE)
            row = SeriesRow(
                series_id=new_id(),
                title=wish.title,
                introduction=wish.introduction,
                scope=wish.scope,
                node_id=ROOT_NODE if node is None else node.node_id,
                county_id=county_of(actor),
                owner_id=actor.actor_id,
                owner_name=actor.name,
                cover_id=wish.resource_id,
                created_at=now,
                updated_at=now,
                version=1,
            )
            kept = KeptSeries(row, "" if node is None else node.path, "")
            self._demand_scope(actor, kept, wish.scope)
            if await store.owned(session, actor.actor_id) >= MAX_OWNED:
                raise Refused(code=ProblemCode.TOO_MANY_SERIES)
            session.add(row)
            await session.flush()
            if wish.resource_id is not None:
                await store.write_entries(session, row.series_id, (wish.resource_id,))
            work.target = row.series_id
            work.concerns(kept.path, row.title)
            work.detail = detail_of(scope=wish.scope)
        return row.series_id

    async def change(self, actor: Actor, series_id: str, wish: w.SeriesChange) -> None:
        """Change title, introduction, scope and cover.

        Raises:
            SeriesNotFound: there is none for the actor.
            Forbidden: the actor may only see it.
            ChangedMeanwhile: it is another version.
            Invalid: the scope is wider than the actor may give, or the cover is no entry.
        """
        async with self._opened(actor, AuditAction.SERIES_CHANGE, series_id) as (work, kept):
            row = kept.row
            _demand_version(row, wish.version)
            if wish.scope != row.scope:
                self._demand_scope(actor, kept, wish.scope)
            entries = await store.entries(work.session, series_id)
            if wish.cover_id is not None and wish.cover_id not in entries:
                raise Invalid(code=ProblemCode.RESOURCE_NOT_FOUND, field="cover_id")
            before = row.scope
            row.title, row.introduction = wish.title, wish.introduction
            row.scope, row.cover_id = wish.scope, wish.cover_id
            self._touch(row)
            work.concerns(kept.path, row.title)
            work.detail = detail_of(scope=[before, wish.scope])

    async def order(self, actor: Actor, series_id: str, wish: w.SeriesOrder) -> None:
        """Set the order of the entries that the actor sees, and take others out.

        Raises as `change`.
        """
        async with self._database.read() as session:
            ids = await store.entries(session, series_id)
        seen = frozenset(await self._reader.some(Viewer(actor), ids))
        async with self._opened(actor, AuditAction.SERIES_CHANGE, series_id) as (work, kept):
            row = kept.row
            _demand_version(row, wish.version)
            present = await store.entries(work.session, series_id)
            ordered = reordered(present, seen, wish.resource_ids)
            await store.write_entries(work.session, series_id, ordered)
            if row.cover_id not in ordered:
                row.cover_id = ordered[0] if ordered else None
            self._touch(row)
            work.detail = detail_of(entries=[len(present), len(ordered)])

    async def add(self, actor: Actor, series_id: str, wish: w.SeriesAdd) -> None:
        """Add an entry at the end; one that is there already stays where it is.

        Raises as `change`; Invalid: there is no such resource for the actor; Refused: it is full.
        """
        await self._demand_seen(actor, wish.resource_id)
        async with self._opened(actor, AuditAction.SERIES_CHANGE, series_id) as (work, kept):
            present = await store.entries(work.session, series_id)
            if wish.resource_id in present:
                work.nothing_to_do()
                return
            if len(present) >= w.MAX_ENTRIES:
                raise Refused(code=ProblemCode.SERIES_FULL, field="resource_id")
            await store.write_entries(work.session, series_id, (*present, wish.resource_id))
            kept.row.cover_id = kept.row.cover_id or wish.resource_id
            self._touch(kept.row)
            work.detail = detail_of(entries=[len(present), len(present) + 1])

    async def remove(self, actor: Actor, series_id: str, version: int) -> None:
        """Remove a series; its resources stay. Raises as `change`."""
        async with self._opened(actor, AuditAction.SERIES_REMOVE, series_id) as (work, kept):
            _demand_version(kept.row, version)
            await store.write_entries(work.session, series_id, ())
            await work.session.delete(kept.row)

    # --- inside ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _opened(
        self, actor: Actor, deed: AuditAction, series_id: str
    ) -> AsyncIterator[tuple[Work, KeptSeries]]:
        async with self._audit.work(actor, deed, series_id) as work:
            kept = await store.one(work.session, series_id, lock=True)
            if kept is None or not may_see_series(actor, kept.row, kept.path):
                raise SeriesNotFound()
            if not keeps(actor, kept.row, kept.path):
                raise Forbidden()
            work.concerns(kept.path, kept.row.title)
            yield work, kept

    def _touch(self, row: SeriesRow) -> None:
        row.version += 1
        row.updated_at = self._clock.now()

    async def _demand_seen(self, actor: Actor, resource_id: str) -> None:
        if not await self._reader.some(Viewer(actor), (resource_id,)):
            raise Invalid(code=ProblemCode.RESOURCE_NOT_FOUND, field="resource_id")

    def _demand_scope(self, actor: Actor, kept: KeptSeries, scope: w.SeriesScope) -> None:
        if scope not in self._scopes(actor, kept):
            raise Invalid(code=ProblemCode.SCOPE_TOO_WIDE, field="scope")

    @staticmethod
    def _scopes(actor: Actor | None, kept: KeptSeries) -> tuple[w.SeriesScope, ...]:
        if actor is None:
            return ()
        publishes = allows(actor, Action.PUBLISH_RESOURCE, branches=(kept.path,))
        return scopes_of(edits=keeps(actor, kept.row, kept.path), publishes=publishes)

    async def _covers(self, viewer: Viewer, rows: list[SeriesRow]) -> Mapping[str, LibraryEntry]:
        ids = {row.cover_id for row in rows if row.cover_id is not None}
        return await self._reader.some(viewer, sorted(ids))

    @staticmethod
    def _shown(
        actor: Actor | None, kept: KeptSeries, count: int, covers: Mapping[str, LibraryEntry]
    ) -> w.Series:
        row = kept.row
        cover = None if row.cover_id is None else covers.get(row.cover_id)
        return w.Series(
            series_id=row.series_id,
            title=row.title,
            introduction=row.introduction,
            scope=w.SeriesScope(row.scope),
            node_name=kept.node_name,
            owner_name=row.owner_name,
            count=count,
            cover_url=None if cover is None else cover.thumbnail_url,
            updated_at=row.updated_at,
            version=row.version,
            may_edit=keeps(actor, row, kept.path),
        )


def _demand_version(row: SeriesRow, version: int) -> None:
    if row.version != version:
        raise ChangedMeanwhile(field="version", facts={"version": row.version})
