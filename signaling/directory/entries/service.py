"""The actions on the entries of one noun: permission, rule, one transaction with its audit row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic

import msgspec
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.access.lists import permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.errors import ChangedMeanwhile, Forbidden, Invalid, NotFound
from signaling.base.ids import new_id
from signaling.directory.branches import in_branches
from signaling.directory.entries.lessons import LessonsAhead
from signaling.directory.entries.noun import E
from signaling.directory.entries.pages import Search
from signaling.directory.entries.store import EntryStore
from signaling.directory.entries.wire import AffectedLesson, EntryDisable, EntryDisabled
from signaling.directory.tables import OrgNodeRow

SHOWN_LESSONS = 50  # that a disabled entry affects; the rest is told as a number


class EntryService(Generic[E]):
    """The entries of one noun, for those who may see and change them."""

    def __init__(
        self, store: EntryStore[E], audit: AuditLog, lessons: LessonsAhead, clock: Clock
    ) -> None:
        self.noun = store.noun
        self._store = store
        self._audit = audit
        self._lessons = lessons
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(self, actor: Actor, search: Search) -> tuple[tuple[E, ...], int, str | None]:
        """Return a page of the entries that the actor may see.

        The second value counts all that match; the third is the place of the next page.

        Raises:
            Forbidden: the actor may see none at all.
            Invalid: the place is none of this list's.
        """
        demand_somewhere(actor, self.noun.read)
        shown = self._manageable(actor) if search.manageable else self._visible(actor)
        return await self._store.page(shown, search)

    async def get(self, actor: Actor, entry_id: str) -> E:
        """Return one entry. Raises NotFound, also where the actor may not know of it."""
        return await self._store.entry(self._visible(actor), entry_id)

    @staticmethod
    def demand_may_create(actor: Actor) -> None:
        """Raise Forbidden unless the actor manages some branch."""
        demand_somewhere(actor, Action.MANAGE_DIRECTORY)

    async def demand_may_change(self, actor: Actor, entry_id: str) -> None:
        """Raise NotFound or Forbidden unless the actor may change this entry."""
        if await self._store.holds(self._manageable(actor), entry_id):
            return
        raise Forbidden() if await self._store.holds(self._visible(actor), entry_id) else NotFound()

    # --- actions ---------------------------------------------------------------------------------

    async def create(self, actor: Actor, body: msgspec.Struct) -> E:
        """Create an entry.

        Raises:
            Invalid: a field cannot be.
            Taken: another entry has this name or number.
        """
        values = self._store.wished(body)
        async with self._audit.work(actor, AuditAction.DIRECTORY_CREATE) as work:
            await self._store.lock(work)
            await self._demand_places(work.session, actor, values)
            await self._store.check(work.session, values, None)
            work.target = entry_id = new_id()
            await self._store.add(work, {entry_id: values})
            await self._store.concern(work, await self._store.row(work, entry_id))
            pairs = {key: (None, values[key]) for key in values if values[key] is not None}
            work.detail = await self._told(work.session, pairs)
        return await self._store.entry(self._visible(actor), entry_id)

    async def change(self, actor: Actor, entry_id: str, body: msgspec.Struct, version: int) -> E:
        """Change an entry whose present version the caller saw.

        Raises:
            NotFound, Forbidden: not this entry.
            ChangedMeanwhile: somebody else has changed it; nothing is written.
            Invalid, Taken: as for `create`.
        """
        await self.demand_may_change(actor, entry_id)
        async with self._audit.work(actor, AuditAction.DIRECTORY_CHANGE, entry_id) as work:
            await self._store.lock(work)
            row = await self._store.row(work, entry_id)
            (present,) = await self._store.present(work.session, [row])
            wished = {**present, **self._store.wished(body)}
            changes = {key: value for key, value in wished.items() if value != present[key]}
            if row.version != version:
                raise ChangedMeanwhile(
                    facts={"version": row.version, "fields": " ".join(sorted(changes))}
                )
            await self._demand_places(work.session, actor, changes)
            await self._store.check(work.session, wished, entry_id)
            if changes:
                await self._store.put(work, {entry_id: row}, {entry_id: changes})
                row.version += 1
                pairs = {key: (present[key], value) for key, value in changes.items()}
                work.detail = await self._told(work.session, pairs)
                await self._store.concern(work, row)
            else:
                work.nothing_to_do()
        return await self._store.entry(self._visible(actor), entry_id)

    async def disable(self, actor: Actor, entry_id: str, wish: EntryDisable) -> EntryDisabled:
        """停用. Lessons ahead have to be confirmed; they stay, as everything else does.

        Raises:
            NotFound, Forbidden: not this entry.
            ChangedMeanwhile: somebody else has changed it; nothing is written.
            InUse: others that are in use depend on it.
            LastAdmin: a county would be left without an admin.
            Forbidden: it is the account of the actor, or of one who holds roles elsewhere, too.
        """
        await self.demand_may_change(actor, entry_id)
        async with self._audit.work(actor, AuditAction.DIRECTORY_DISABLE, entry_id) as work:
            row = await self._opened(work, entry_id, wish.version)
            lessons: tuple[AffectedLesson, ...] = ()
            total = 0
            if self.noun.lessons is not None:
                found, total = await self._lessons.needing(
                    work.session, self.noun.lessons, entry_id, self._clock.now(), SHOWN_LESSONS
                )
                lessons = tuple(found)
            if row.active and (wish.confirmed or not total):
                await self._store.demand_idle(work, row, actor, self._clock.now())
                await self._switch(work, row, active=False, reason=wish.reason)
            else:
                work.nothing_to_do()
            return EntryDisabled(not row.active, row.version, lessons, total)

    async def enable(self, actor: Actor, entry_id: str, version: int) -> E:
        """启用. Raises NotFound, Forbidden, ChangedMeanwhile; Invalid or Taken beside others."""
        await self.demand_may_change(actor, entry_id)
        async with self._audit.work(actor, AuditAction.DIRECTORY_ENABLE, entry_id) as work:
            row = await self._opened(work, entry_id, version)
            if row.active:
                work.nothing_to_do()
            else:
                (values,) = await self._store.present(work.session, [row])
                await self._store.check(work.session, values, entry_id)
                await self._switch(work, row, active=True)
        return await self._store.entry(self._visible(actor), entry_id)

    # --- inside ----------------------------------------------------------------------------------

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        lies_in = self.noun.lies_in
        county = {
            Relation.SAME_COUNTY: lambda one: lies_in([one.county]) if one.county else false()
        }
        return permitted(actor, self.noun.read, county, lies_in)

    def _manageable(self, actor: Actor) -> ColumnElement[bool]:
        return permitted(actor, Action.MANAGE_DIRECTORY, {}, self.noun.lies_in)

    async def _opened(self, work: Work, entry_id: str, version: int) -> Any:
        await self._store.lock(work)
        row = await self._store.row(work, entry_id)
        if row.version != version:
            raise ChangedMeanwhile(facts={"version": row.version, "fields": ""})
        return row

    async def _switch(
        self, work: Work, row: Any, *, active: bool, reason: str | None = None
    ) -> None:
        row.active = active
        row.version += 1
        told = {} if reason is None else {"reason": (None, reason)}
        changes = {"active": (not active, active), **told}
        work.detail = await self._told(work.session, changes)
        await self._store.concern(work, row)
        await self._store.switched(work, row)

    async def _told(self, session: AsyncSession, changes: Mapping[str, tuple[Any, Any]]) -> str:
        """Write what was changed, for the audit log: each field with both values; nodes by name."""
        places = {place.field for place in self.noun.places}
        ids = {one for field in places for one in changes.get(field, ()) if one is not None}
        query = select(OrgNodeRow.node_id, OrgNodeRow.name).where(OrgNodeRow.node_id.in_(ids))
        names = {row.node_id: row.name for row in await session.execute(query)} if ids else {}
        said = {
            field: tuple(names.get(one, one) for one in pair) if field in places else pair
            for field, pair in changes.items()
        }
        return detail_of(noun=self.noun.name, fields=said)

    async def _demand_places(
        self, session: AsyncSession, actor: Actor, values: Mapping[str, Any]
    ) -> None:
        """Raise Invalid unless the nodes that are named lie in a branch that the actor manages."""
        branches = branches_granted(actor, Action.MANAGE_DIRECTORY)
        for place in self.noun.places:
            if place.field not in values:
                continue
            query = select(OrgNodeRow.node_id).where(
                OrgNodeRow.node_id == values[place.field],
                OrgNodeRow.level.in_(place.levels),
                OrgNodeRow.active,
                in_branches(OrgNodeRow.node_id, branches) if branches else false(),
            )
            if await session.scalar(query) is None:
                raise Invalid(code=place.unknown, field=place.field)
