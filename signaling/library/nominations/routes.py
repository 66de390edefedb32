"""Routes: 优课."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.library.nominations import wire as w
from signaling.library.nominations.service import Nominating
from signaling.library.versions.permits import permitted
from signaling.library.versions.reading import ResourceReader
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class NominationHandlers:
    """Nominations of one resource."""

    nominating: Nominating
    reader: ResourceReader

    async def listed(self, call: Call) -> w.Nominations:
        """The nominations of a resource."""
        return await self.nominating.listed(call.actor, call.path("resource_id"))

    async def nominate(self, call: Call) -> w.Nominations:
        """Nominate it for a school year."""
        await self.nominating.nominate(call.actor, call.path("resource_id"), call.body)
        return await self.listed(call)

    async def revoke(self, call: Call) -> w.Nominations:
        """Take a nomination back."""
        await self.nominating.revoke(call.actor, call.path("resource_id"), call.body)
        return await self.listed(call)


_PATH = "/api/resources/{resource_id}/nominations"

ROUTES = (
    Route("GET", _PATH, NominationHandlers.listed, "优课推荐", w.Nominations),
    Route(
        "POST",
        _PATH,
        NominationHandlers.nominate,
        "推荐为优课",
        w.Nominations,
        w.NominationMake,
        permit=permitted(AuditAction.RESOURCE_NOMINATE, Action.NOMINATE_RESOURCE),
        audited=AuditAction.RESOURCE_NOMINATE,
    ),
    Route(
        "POST",
        f"{_PATH}/revoke",
        NominationHandlers.revoke,
        "撤销优课",
        w.Nominations,
        w.NominationRevoke,
        permit=permitted(AuditAction.NOMINATION_REVOKE, Action.NOMINATE_RESOURCE),
        audited=AuditAction.NOMINATION_REVOKE,
    ),
)
