"""Routes: 分享: links that open a published resource for a while."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.library.publishing.routes import ticket_response, viewer_of
from signaling.library.sharing import wire as w
from signaling.library.sharing.service import ShareLinks
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Access, Call, Route


@dataclass(frozen=True, slots=True)
class ShareHandlers:
    """Links."""

    links: ShareLinks
    reader: ResourceReader
    config: Config

    async def listed(self, call: Call) -> w.ShareLinkList:
        """The links that open a resource now."""
        return await self.links.listed(call.actor, call.path("resource_id"))

    async def make(self, call: Call) -> w.ShareLinkMade:
        """Make a link."""
        return await self.links.make(call.actor, call.path("resource_id"), call.body)

    async def revoke(self, call: Call) -> w.ShareLinkList:
        """Revoke a link."""
        return await self.links.revoke(call.actor, call.path("resource_id"), call.path("link_id"))

    async def open(self, call: Call) -> web.Response:
        """Open a resource by a link, for a while."""
        cookie = await self.links.open(viewer_of(call), call.path("resource_id"), call.body.token)
        return ticket_response(call, cookie, self.config)


_LINKS = "/api/resources/{resource_id}/share-links"

ROUTES = (
    Route("GET", _LINKS, ShareHandlers.listed, "分享链接", w.ShareLinkList),
    Route(
        "POST",
        _LINKS,
        ShareHandlers.make,
        "生成分享链接",
        w.ShareLinkMade,
        w.ShareLinkMake,
        status=201,
        permit=permitted(AuditAction.SHARE_LINK_MAKE, Action.SHARE_RESOURCE),
        audited=AuditAction.SHARE_LINK_MAKE,
    ),
    Route(
        "POST",
        _LINKS + "/{link_id}/revoke",
        ShareHandlers.revoke,
        "作废分享链接",
        w.ShareLinkList,
        permit=permitted(AuditAction.SHARE_LINK_REVOKE, Action.SHARE_RESOURCE),
        audited=AuditAction.SHARE_LINK_REVOKE,
    ),
    Route(
        "POST",
        "/api/library/{resource_id}/link",
        ShareHandlers.open,
        "用分享链接打开资源",
        None,
        w.ShareLinkOpen,
        status=204,
        access=Access.GUEST,
    ),
)
