"""The published library, as lessons of 资源推送 ask for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor, Role
from signaling.directory.records import RoomRecord
from signaling.library.publishing.visibility import in_scope, is_served, refers
from signaling.library.references.store import Reference, shown_references
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.wire import ShareScope
from signaling.resource_push.rules import ShelfFacts
from signaling.resource_push.shelf import ShelfEntry

_ROOM = frozenset({Role.RECEIVE_ROOM})


class PublishedShelf:
    """Lends what is published. Implements `Shelf`."""

    async def entries(
        self,
        session: AsyncSession,
        resource_ids: Collection[str],
        rooms: Sequence[RoomRecord],
        now: datetime,
    ) -> Mapping[str, ShelfEntry]:
        """Return resources as these rooms may see them; those never published are left out."""
        if not resource_ids:
            return {}
        query = select(PublicationRow).where(PublicationRow.resource_id.in_(resource_ids))
        rows = (await session.scalars(query)).all()
        referred = [row.resource_id for row in rows if row.referred]
        copies = await shown_references(session, referred)
        return {
            row.resource_id: _entry(row, copies.get(row.resource_id, ()), rooms, now)
            for row in rows
        }


def _entry(
    row: PublicationRow, copies: Sequence[Reference], rooms: Sequence[RoomRecord], now: datetime
) -> ShelfEntry:
    """Return a resource as rooms may see it, by itself or by the nearest reference copy.

    Where all of them see a copy, its version is the one that they are given.
    """
    locked = ShareScope(row.scope) is ShareScope.PASSWORD
    unseen, used, by_itself = [], [], not rooms
    for room in rooms:
        actor = _actor(room)
        seen = in_scope(actor, row)
        copy = next((one for one in copies if refers(actor, one, now)), None)
        if seen and not locked:
            by_itself = True
        elif copy is not None:
            used.append(copy)
        elif seen:
            by_itself = True  # behind its password
        else:
            unseen.append(room.title)
    ends = [row.expires_at, *(copy.row.expires_at for copy in used)]
    given = used[0] if used and not by_itself else None
    served = is_served(row, now)
    return ShelfEntry(
        row.title,
        row.shown_s if given is None else given.row.shown_s,
        row.version if given is None else given.row.version,
        ShelfFacts(
            served=served,
            expired=row.withdrawn_at is None and not served,
            expires_at=min((one for one in ends if one is not None), default=None),
            locked=locked and (by_itself or not used),
            unseen=tuple(unseen),
        ),
    )


def _actor(room: RoomRecord) -> Actor:
    """Return a room's terminal as it asks."""
    return Actor(
        *(room.room_id, room.name, _ROOM, room.school_id, room.room_id),
        county=room.county,
        home=room.path,
    )
