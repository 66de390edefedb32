"""下架: what is published of a resource is withdrawn, with all its copies."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.library.indexing import put
from signaling.library.publishing.events import ResourceWithdrawn
from signaling.library.references.store import Ending, take_off
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.records import Held
from signaling.library.versions.rules import Move
from signaling.library.versions.service import move
from signaling.library.versions.store import version
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceWithdraw
from signaling.library.wire import ResourceState


async def published(session: AsyncSession, held: Held) -> tuple[PublicationRow, ResourceVersionRow]:
    """Return what is published. Raises WrongResourceState."""
    if held.publication is None or held.row.state != ResourceState.PUBLISHED:
        raise WrongResourceState()
    row = await version(session, held.resource_id, held.publication.version)
    if row is None:
        raise WrongResourceState()
    return held.publication, row


async def withdraw(ground: ResourceGround, work: Work, held: Held, wish: ResourceWithdraw) -> None:
    """Withdraw what is published of a resource, and its copies."""
    publication, row = await published(work.session, held)
    move(row, Move.WITHDRAW)
    now = ground.clock.now()
    publication.withdrawn_at = publication.changed_at = now
    publication.withdraw_reason, publication.withdraw_note = wish.reason, wish.note
    publication.password_hash = None
    held.row.state, held.row.updated_at = ResourceState.WITHDRAWN, now
    copies = await take_off(work.session, held.resource_id, Ending(wish.reason, wish.note, now))
    await work.session.flush()
    await put(ground.index, work.session, held.row)
    work.detail = detail_of(
        version=row.number,
        reason=wish.reason,
        note=wish.note or None,
        copies=copies or None,
    )
    work.tell(ResourceWithdrawn(held.resource_id, held.row.recording_id, row.number))
