"""What happens to publications after a consent was taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM
from signaling.library.indexing import put
from signaling.library.publishing.withdrawing import withdraw
from signaling.library.references.store import Ending, shown_references, take_off, withdraw_copy
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceState
from signaling.library.sharing.ending import LinkEnding
from signaling.library.tables import ResourceRow
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.records import Held
from signaling.library.versions.store import load, version
from signaling.library.versions.wire import ResourceWithdraw, ShareScope, WithdrawReason
from signaling.library.wire import ResourceState


class LostConsents:
    """Withdraws what shows somebody whose consent was taken back."""

    def __init__(self, ground: ResourceGround) -> None:
        self._ground = ground
        self._links = LinkEnding(ground)

    async def reconsider(self, recording_ids: Collection[str]) -> Sequence[str]:
        """Withdraw what lacks consent; see `Publishing.reconsider`."""
        query = select(ResourceRow.resource_id).where(
            ResourceRow.recording_id.in_(recording_ids),
            ResourceRow.state == ResourceState.PUBLISHED,
        )
        async with self._ground.database.read() as session:
            ids = (await session.scalars(query)).all()
        withdrawn = []
        for resource_id in ids:
            if await self._reconsidered(resource_id):
                withdrawn.append(resource_id)
            else:  # a copy may show a former version, or to more people; a link opens it to more
                await self._reconsider_copies(resource_id)
                await self._links.reconsider(resource_id)
        return withdrawn

    async def _reconsidered(self, resource_id: str) -> bool:
        """Withdraw a resource that shows what lacks consent; return whether that was so.

        It is judged before, so that no writer is held up by what is in order, and again within the
        transaction: a version that hides it may have been published meanwhile.
        """
        async with self._ground.database.read() as session:
            held = await load(session, resource_id)
        if held is None:
            return False
        manifest = await self._ground.whole(held.row.recording_id)
        async with self._ground.database.read() as session:
            if not await self._lacks_consent(session, held, manifest):
                return False
        action = AuditAction.RESOURCE_WITHDRAW
        async with self._ground.audit.work(SYSTEM, action, resource_id) as work:
            held = await load(work.session, resource_id, lock=True)
            if held is None or not await self._lacks_consent(work.session, held, manifest):
                work.nothing_to_do()
                return False
            work.concerns(held.path, held.row.title)
            wish = ResourceWithdraw(WithdrawReason.CONSENT_WITHDRAWN)
            await withdraw(self._ground, work, held, wish)
        return True

    async def _reconsider_copies(self, resource_id: str) -> None:
        """Take off the reference copies that lack consent, each with those above it."""
        async with self._ground.database.read() as session:
            held = await load(session, resource_id)
            copies = (await shown_references(session, (resource_id,))).get(resource_id, ())
        if held is None or not copies:
            return
        manifest = await self._ground.whole(held.row.recording_id)
        for one in copies:  # the nearest first; one that was taken off meanwhile is passed over
            async with self._ground.database.read() as session:
                if not await self._ground.lacks_consent(
                    session, held, one.version, manifest, _wide(one.row)
                ):
                    continue
            action = AuditAction.REFERENCE_WITHDRAW
            async with self._ground.audit.work(SYSTEM, action, one.row.reference_id) as work:
                present = await load(work.session, resource_id, lock=True)
                row = await work.session.get(ReferenceRow, one.row.reference_id)
                if (
                    present is None
                    or row is None
                    or row.state != ReferenceState.PUBLISHED
                    or not await self._ground.lacks_consent(
                        work.session, present, one.version, manifest, _wide(row)
                    )
                ):
                    work.nothing_to_do()
                    continue
                now = self._ground.clock.now()
                ending = Ending(WithdrawReason.CONSENT_WITHDRAWN, "", now)
                withdraw_copy(row, ending)
                await take_off(work.session, resource_id, ending, above=one.path)
                if present.publication is not None:
                    present.publication.changed_at = now
                await work.session.flush()
                await put(self._ground.index, work.session, present.row)
                work.concerns(one.path, present.row.title)
                work.detail = detail_of(version=row.version, reason=ending.reason)

    async def _lacks_consent(self, session: AsyncSession, held: Held, manifest: Manifest) -> bool:
        """Tell whether what is published of a resource shows what lacks consent."""
        publication = held.publication
        if publication is None or held.row.state != ResourceState.PUBLISHED:
            return False
        row = await version(session, held.resource_id, publication.version)
        if row is None:
            return False
        scope = ShareScope(publication.scope)
        return await self._ground.lacks_consent(session, held, row, manifest, scope)


def _wide(row: ReferenceRow) -> ShareScope:
    """Return for how many a copy is, as consent asks; where it does not say, the most."""
    return ShareScope(row.shared_as or ShareScope.PUBLIC)
