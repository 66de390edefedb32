"""Ends links when what they open lacks the consent to be shown to whoever has one.

A link shows more people what is published than its scope does. So its consent is asked for anew
when another version or scope is published, and when a consent ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM
from signaling.library.sharing import store
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.records import Held
from signaling.library.versions.store import load, version
from signaling.library.versions.wire import ShareScope, WithdrawReason
from signaling.library.wire import ResourceState


@dataclass(frozen=True, slots=True)
class LinkEnding:
    """Judges the links of what is published."""

    ground: ResourceGround

    async def end_unconsented(
        self, session: AsyncSession, held: Held, manifest: Manifest, by: Actor
    ) -> int | None:
        """Revoke all links of a resource if it may not be shown so widely; return how many.

        Args:
            session: the writing transaction, in which the resource is locked.
            held: the resource.
            manifest: its media.
            by: who changed it.

        Returns:
            None: there is no link, or all may stay.
        """
        if not await self._must_end(session, held, manifest):
            return None
        now = self.ground.clock.now()
        return await store.end_all(session, held.resource_id, by.name, now) or None

    async def reconsider(self, resource_id: str) -> None:
        """Revoke the links of a resource after a consent has ended.

        Raises RecorderError: media cannot be read, so nobody can tell who is in them; ask again.
        """
        now = self.ground.clock.now()
        async with self.ground.database.read() as session:
            held = await load(session, resource_id)
            if held is None or not await store.live(session, resource_id, now):
                return
        manifest = await self.ground.whole(held.row.recording_id)
        async with self.ground.database.read() as session:
            if not await self._must_end(session, held, manifest):
                return
        action = AuditAction.SHARE_LINK_REVOKE
        async with self.ground.audit.work(SYSTEM, action, resource_id) as work:
            present = await load(work.session, resource_id, lock=True)
            ended = None
            if present is not None:
                ended = await self.end_unconsented(work.session, present, manifest, SYSTEM)
            if present is None or ended is None:
                work.nothing_to_do()
                return
            work.concerns(present.path, present.row.title)
            work.detail = detail_of(links=ended, reason=WithdrawReason.CONSENT_WITHDRAWN)

    async def _must_end(self, session: AsyncSession, held: Held, manifest: Manifest) -> bool:
        """Tell whether there are links, and what they open may not be shown so widely."""
        publication = held.publication
        if publication is None or held.row.state != ResourceState.PUBLISHED:
            return False
        if not await store.live(session, held.resource_id, self.ground.clock.now()):
            return False
        row = await version(session, held.resource_id, publication.version)
        return row is not None and await self.ground.lacks_consent(
            session, held, row, manifest, ShareScope.PASSWORD
        )
