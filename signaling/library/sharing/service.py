"""Making, listing, revoking and opening links."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.access.signing import fingerprint
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.base.errors import Forbidden, Invalid, NotFound, Refused
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.library.publishing.reading import LibraryReader, Viewer
from signaling.library.publishing.refusals import GuestRefusals
from signaling.library.publishing.service import Publishing
from signaling.library.publishing.tickets import GuessLimits, Tickets
from signaling.library.publishing.visibility import is_served
from signaling.library.sharing import store
from signaling.library.sharing.tables import ShareLinkRow
from signaling.library.sharing.wire import (
    MAX_LIVE_LINKS,
    ShareLink,
    ShareLinkList,
    ShareLinkMade,
    ShareLinkMake,
)
from signaling.library.versions.ground import (
    ResourceGround,
    ResourceNotFound,
    WrongResourceState,
)
from signaling.library.versions.records import Held
from signaling.library.versions.store import load
from signaling.library.versions.wire import ShareScope

_TOKEN_BYTES = 16  # 128 random bits
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # … in base64url


class ShareLinks:
    """The actions on links."""

    def __init__(
        self,
        ground: ResourceGround,
        publishing: Publishing,
        *,
        reader: LibraryReader,
        tickets: Tickets,
        limits: GuessLimits,
        refusals: GuestRefusals,
    ) -> None:
        self._ground = ground
        self._publishing = publishing
        self._reader = reader
        self._tickets = tickets
        self._limits = limits
        self._refusals = refusals

    async def listed(self, actor: Actor, resource_id: str) -> ShareLinkList:
        """List the links that open a resource. Raises ResourceNotFound, Forbidden."""
        await self._ground.seen(actor, Action.SHARE_RESOURCE, resource_id)
        async with self._ground.database.read() as session:
            rows = await store.live(session, resource_id, self._ground.clock.now())
        return ShareLinkList(tuple(map(shown, rows)))

    async def make(self, actor: Actor, resource_id: str, wish: ShareLinkMake) -> ShareLinkMade:
        """Make a link; its token is told this once.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not share it.
            WrongResourceState: it is not published, or its scope needs or allows no link.
            Refused: a source lacks the consent to be shown to whoever has a link; or there are all
                the links that there may be.
        """
        deed, action = AuditAction.SHARE_LINK_MAKE, Action.SHARE_RESOURCE
        seen = await self._ground.seen(actor, action, resource_id, deed)
        _demand_shareable(seen, self._ground)
        await self._publishing.demand_shown_to(resource_id, ShareScope.PASSWORD)
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._ground.clock.now()
        async with self._ground.opened(actor, deed, action, resource_id) as (work, held):
            _demand_shareable(held, self._ground)
            if len(await store.live(work.session, resource_id, now)) >= MAX_LIVE_LINKS:
                raise Refused(code=ProblemCode.TOO_MANY_LINKS, facts={"most": MAX_LIVE_LINKS})
            row = ShareLinkRow(
                link_id=new_id(),
                resource_id=resource_id,
                token_hash=fingerprint(token),
                at_s=wish.at_s,
                note=wish.note,
                by_id=actor.actor_id,
                by_name=actor.name,
                created_at=now,
                expires_at=now + timedelta(days=wish.days),
                revoked_by="",
                uses=0,
            )
            work.session.add(row)
            work.detail = detail_of(link=row.link_id, until=row.expires_at, note=wish.note or None)
        return ShareLinkMade(shown(row), token)

    async def revoke(self, actor: Actor, resource_id: str, link_id: str) -> ShareLinkList:
        """Let a link open nothing any more, from the next request on.

        Raises:
            ResourceNotFound: there is no such resource for the actor.
            Forbidden: the actor may not share it.
            NotFound: the resource has no such link.
        """
        now = self._ground.clock.now()
        async with self._ground.opened(
            actor, AuditAction.SHARE_LINK_REVOKE, Action.SHARE_RESOURCE, resource_id
        ) as (work, _):
            row = await work.session.get(ShareLinkRow, link_id)
            if row is None or row.resource_id != resource_id:
                raise NotFound(code=ProblemCode.SHARE_LINK_NOT_FOUND)
            if row.revoked_at is None:
                row.revoked_at, row.revoked_by = now, actor.name
            else:
                work.nothing_to_do()
            work.detail = detail_of(link=link_id, note=row.note or None, uses=row.uses)
        return await self.listed(actor, resource_id)

    async def open(self, viewer: Viewer, resource_id: str, token: str) -> str:
        """Return the cookie that opens a resource whose link was followed.

        Raises:
            Invalid: the token is none of ours.
            TooManyRequests: too many wrong tokens.
            Forbidden: the link is wrong, revoked or past its time; the code says which.
            ResourceNotFound: nothing is published there any more; or the token is wrong, and the
                viewer may know of no such resource.
        """
        if not _TOKEN.fullmatch(token):  # cut off when it was copied, say: no guess
            await self._reader.one(Viewer(viewer.actor), resource_id)
            raise Invalid(code=ProblemCode.SHARE_LINK_WRONG, field="token")
        await self._limits.demand(resource_id, viewer.origin)
        now = self._ground.clock.now()
        async with self._ground.database.read() as session:
            held = await load(session, resource_id)
            link = await store.by_token(session, resource_id, fingerprint(token))
        if held is None or link is None:
            await self._limits.failed(resource_id, viewer.origin)
            if held is not None:
                await self._note_refusal(viewer, held, ProblemCode.SHARE_LINK_WRONG)
            await self._reader.one(Viewer(viewer.actor), resource_id)  # or ResourceNotFound
            raise Forbidden(code=ProblemCode.SHARE_LINK_WRONG)
        publication = held.publication
        if publication is None or not is_served(publication, now):
            raise ResourceNotFound()
        try:
            store.demand_open(link, ShareScope(publication.scope), now)
        except Forbidden as error:
            await self._note_refusal(viewer, held, error.code)
            raise
        try:
            await self._publishing.demand_shown_to(resource_id, ShareScope.PASSWORD)
        except Refused:  # a consent has ended since the link was made
            await self._note_refusal(viewer, held, ProblemCode.CONSENT_MISSING)
            raise Forbidden(code=ProblemCode.SHARE_LINK_REVOKED) from None
        await self._limits.succeeded(resource_id, viewer.origin)
        async with self._ground.database.write() as session:
            used = await session.get(ShareLinkRow, link.link_id, with_for_update=True)
            if used is not None:
                used.uses, used.used_at = used.uses + 1, now
        return self._tickets.with_link(viewer.tickets, resource_id, link.link_id)

    async def _note_refusal(self, viewer: Viewer, held: Held, problem: str) -> None:
        """Audit that somebody came by a link that opens nothing."""
        about = (held.path, held.row.title)
        await self._refusals.note(
            viewer, held.resource_id, about, deed="share_link_open", problem=problem
        )


def _demand_shareable(held: Held, ground: ResourceGround) -> None:
    publication = held.publication
    if publication is None or not is_served(publication, ground.clock.now()):
        raise WrongResourceState()
    if publication.scope not in store.SHAREABLE:
        raise WrongResourceState(code=ProblemCode.SCOPE_WITHOUT_LINKS)


def shown(row: ShareLinkRow) -> ShareLink:
    """Show a link."""
    return ShareLink(
        link_id=row.link_id,
        note=row.note,
        at_s=row.at_s,
        by=row.by_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        uses=row.uses,
        used_at=row.used_at,
    )
