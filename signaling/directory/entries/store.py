"""Reading and writing the entries of one noun. A noun's own store derives from `EntryStore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import NotFound, Taken
from signaling.directory.entries.bulk import rows_by_id
from signaling.directory.entries.noun import AnyRow, E, Noun
from signaling.directory.entries.pages import Search, breathe, read_one, read_page
from signaling.directory.tables import OrgNodeRow

_LOCK = 0x544B_4449  # PostgreSQL advisory lock: one change of the directory at a time


class EntryStore(Generic[E]):
    """The entries of one noun. The methods below the line are a noun's own to replace."""

    noun: ClassVar[Noun[Any]]

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, visible: ColumnElement[bool], search: Search
    ) -> tuple[tuple[E, ...], int, str | None]:
        """Return the entries of a page, how many match in all, and the place of the next page."""
        async with self._database.read() as session:
            rows, total, following = await read_page(session, self.noun, visible, search)
            return tuple(await self.entries(session, rows)), total, following

    async def entry(self, visible: ColumnElement[bool], entry_id: str) -> E:
        """Return an entry that the reader may see. Raises NotFound."""
        async with self._database.read() as session:
            row = await read_one(session, self.noun, visible, entry_id)
            if row is None:
                raise NotFound()
            return (await self.entries(session, [row]))[0]

    async def holds(self, condition: ColumnElement[bool], entry_id: str) -> bool:
        """Return whether an entry meets a condition."""
        async with self._database.read() as session:
            return await read_one(session, self.noun, condition, entry_id) is not None

    async def lock(self, work: Work) -> None:
        """From here to the end of the work nobody else changes the directory."""
        await self._database.serialize(work.session, _LOCK)

    async def row(self, work: Work, entry_id: str) -> Any:
        """Return the row of an entry, to be changed. Raises NotFound."""
        row = await work.session.get(self.noun.row, entry_id, with_for_update=True)
        if row is None:
            raise NotFound()
        return row

    def wished(self, body: msgspec.Struct) -> dict[str, Any]:
        """Return what a body wants to be so, by field."""
        own = {*self.noun.fields, *self.noun.fixed}
        sent = {name: getattr(body, name) for name in body.__struct_fields__ if name in own}
        return self.completed(sent)

    async def rows(self, work: Work, entry_ids: Collection[str]) -> dict[str, Any]:
        """Return the rows of entries that are there, to be changed."""
        return await rows_by_id(work.session, self.noun.row, self.noun.key, entry_ids)

    async def concern(self, work: Work, row: Any) -> None:
        """Tell the audit log which branch and entry the work is about."""
        home = getattr(row, self.noun.home.key)
        path = select(OrgNodeRow.path).where(OrgNodeRow.node_id == home)
        work.concerns(await work.session.scalar(path) or "", getattr(row, "name", ""))

    async def demand_unique(
        self, session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
    ) -> None:
        """Raise Taken where another entry has what only one may have."""
        table: Any = self.noun.row
        for unique in self.noun.unique:
            if values[unique.field] is None:
                continue
            named = (unique.field, *unique.within)
            same = [getattr(table, name) == values[name] for name in named]
            others = select(self.noun.key).where(*same, self.noun.key != (entry_id or ""))
            if await session.scalar(others.limit(1)) is not None:
                raise Taken(field=unique.field)

    # --- a noun's own ----------------------------------------------------------------------------

    async def entries(self, session: AsyncSession, rows: Sequence[AnyRow]) -> list[E]:
        """Make entries of the rows of the noun's query."""
        made: list[E] = []
        for number, row in enumerate(rows):
            await breathe(number)
            made.append(self.noun.entry(*row))
        return made

    def completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return wished values in their one form, with those that follow from others."""
        return values

    async def present(self, session: AsyncSession, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what is so in each of the rows, by field."""
        names = (*self.noun.fields, *self.noun.fixed)
        return [{name: getattr(row, name) for name in names} for row in rows]

    async def check(
        self, session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
    ) -> None:
        """Raise Taken or Invalid where an entry with these values cannot be beside the others."""
        await self.demand_unique(session, values, entry_id)

    async def add(self, work: Work, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Create entries, by their ids."""
        key = self.noun.key.key
        work.session.add_all(
            self.noun.row(**{key: entry_id}, **values) for entry_id, values in entries.items()
        )
        await work.session.flush()

    async def put(
        self, work: Work, rows: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write new values into the rows of entries, by their ids."""
        for entry_id, values in changes.items():
            for name, value in values.items():
                setattr(rows[entry_id], name, value)

    async def demand_idle(self, work: Work, row: Any, actor: Actor, now: datetime) -> None:
        """Raise InUse, LastAdmin or Forbidden where the actor may not take the entry out of use."""

    async def switched(self, work: Work, row: Any) -> None:
        """Follow a change of `active`, before the commit."""
