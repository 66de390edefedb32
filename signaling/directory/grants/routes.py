"""Routes: 角色权限."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.directory.grants.service import GrantService
from signaling.directory.grants.store import GrantSearch
from signaling.directory.grants.wire import (
    GrantGive,
    GrantNodeList,
    PersonGrantList,
    PersonGrants,
)
from signaling.web.routes import Call, Query, Route


@dataclass(frozen=True, slots=True)
class GrantHandlers:
    """Roles in branches."""

    service: GrantService

    async def listed(self, call: Call) -> PersonGrantList:
        """A page of the people of the caller's branches, with the roles held there."""
        search = GrantSearch(call.query.get("q", ""), _role(call), after=call.query.get("after"))
        people, following = await self.service.listed(call.actor, search, call.query.get("node"))
        return PersonGrantList(people, following)

    async def nodes(self, call: Call) -> GrantNodeList:
        """Nodes at which the caller gives roles."""
        nodes, more = await self.service.nodes(call.actor, call.query.get("q", ""))
        return GrantNodeList(nodes, more)

    async def may_give(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may give this person roles."""
        await self.service.demand_person(call.actor, call.path("person_id"))

    async def may_take(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may take this role back."""
        await self.service.demand_grant(call.actor, call.path("person_id"), call.path("grant_id"))

    async def give(self, call: Call) -> PersonGrants:
        """Give a role."""
        return await self.service.give(call.actor, call.path("person_id"), call.body)

    async def take(self, call: Call) -> web.Response:
        """Take a role back."""
        await self.service.take(call.actor, call.path("person_id"), call.path("grant_id"))
        return web.Response(status=204)


def _role(call: Call) -> Role | None:
    text = call.query.get("role")
    try:
        return None if text is None else Role(text)
    except ValueError:
        raise Invalid("no such role", field="role") from None


ROUTES = (
    Route(
        "GET",
        "/api/grants",
        GrantHandlers.listed,
        "本区域的人员及其角色",
        PersonGrantList,
        query=(
            Query("q", "words that must all occur in the name, the login or the staff number"),
            Query("role", "only people who hold it"),
            Query("node", "only people who belong to this node or below"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route(
        "GET",
        "/api/grants/nodes",
        GrantHandlers.nodes,
        "可授予角色的区域和学校",
        GrantNodeList,
        query=(Query("q", "words that must all occur in the name"),),
    ),
    Route(
        "POST",
        "/api/people/{person_id}/grants",
        GrantHandlers.give,
        "授予角色",
        PersonGrants,
        GrantGive,
        permit=GrantHandlers.may_give,
        audited=AuditAction.GRANT_GIVE,
    ),
    Route(
        "DELETE",
        "/api/people/{person_id}/grants/{grant_id}",
        GrantHandlers.take,
        "收回角色",
        status=204,
        permit=GrantHandlers.may_take,
        audited=AuditAction.GRANT_TAKE,
    ),
)
