"""Routes: the terminals of rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.identity.bindings import wire as w
from signaling.identity.bindings.service import BindingService
from signaling.identity.logins import NewSession
from signaling.identity.session_cookies import caller
from signaling.identity.wire import Identity
from signaling.web.origin import site_of
from signaling.web.routes import Access, Call, Query, Route


@dataclass(frozen=True, slots=True)
class BindingHandlers:
    """The terminals of rooms."""

    bindings: BindingService
    config: Config
    sign_in: Callable[[Call, NewSession], Awaitable[web.Response]]

    async def rooms(self, call: Call) -> w.RoomTerminalsPage:
        """A page of the rooms of the caller's branches."""
        words, after = call.query.get("q", ""), call.query.get("after")
        rooms, following = await self.bindings.rooms(call.actor, words, after)
        return w.RoomTerminalsPage(tuple(rooms), following)

    async def terminals(self, call: Call) -> w.TerminalList:
        """The terminals of a room."""
        return await self.bindings.terminals(call.actor, call.path("room_id"))

    async def may_change(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller manages the room's terminals."""
        await self.bindings.demand_room(call.actor, call.path("room_id"))

    async def make_code(self, call: Call) -> w.TerminalCode:
        """A one-time code of a room."""
        site = site_of(call.request, self.config)
        return await self.bindings.make_code(call.actor, call.path("room_id"), site)

    async def asking(self, call: Call) -> w.TerminalAsk:
        """Tell which terminal shows a code."""
        return await self.bindings.asking(call.actor, call.body.code)

    async def confirm(self, call: Call) -> web.Response:
        """The terminal that shows a code stands in the room."""
        await self.bindings.confirm(call.actor, call.path("room_id"), call.body.code)
        return web.Response(status=204)

    async def unbind(self, call: Call) -> web.Response:
        """Forget a terminal."""
        room_id, terminal_id = call.path("room_id"), call.path("terminal_id")
        await self.bindings.unbind(call.actor, room_id, terminal_id)
        return web.Response(status=204)

    async def ask(self, call: Call) -> w.TerminalAsked:
        """A code for a terminal to show."""
        who = caller(call.request, call.remote)
        return await self.bindings.ask(who, site_of(call.request, self.config))

    async def redeem(self, call: Call) -> web.Response:
        """A terminal redeems a room's code."""
        who = caller(call.request, call.remote)
        return await self.sign_in(call, await self.bindings.redeem(call.body.code, who))

    async def claim(self, call: Call) -> web.Response:
        """A terminal that asked is signed in once its room is confirmed; 204 before."""
        who = caller(call.request, call.remote)
        new = await self.bindings.claim(call.body.secret, who)
        return web.Response(status=204) if new is None else await self.sign_in(call, new)


_OF_ROOM = "/api/rooms/{room_id}/terminals"

ROUTES = (
    Route(
        "GET",
        "/api/terminals",
        BindingHandlers.rooms,
        "各教室的终端",
        w.RoomTerminalsPage,
        query=(
            Query("q", "words that must all occur in the names of school and room"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route("GET", _OF_ROOM, BindingHandlers.terminals, "教室的终端", w.TerminalList),
    Route(
        "POST",
        f"{_OF_ROOM}/code",
        BindingHandlers.make_code,
        "教室的一次性绑定码",
        w.TerminalCode,
        status=201,
        audited=AuditAction.TERMINAL_CODE,
    ),
    Route(
        "POST",
        _OF_ROOM,
        BindingHandlers.confirm,
        "确认显示此码的终端在这间教室",
        None,
        w.TerminalConfirm,
        status=204,
        permit=BindingHandlers.may_change,
        audited=AuditAction.TERMINAL_CONFIRM,
    ),
    Route(
        "DELETE",
        f"{_OF_ROOM}/{{terminal_id}}",
        BindingHandlers.unbind,
        "解除终端绑定",
        status=204,
        audited=AuditAction.TERMINAL_UNBIND,
    ),
    Route(
        "POST",
        "/api/terminal/asking",
        BindingHandlers.asking,
        "显示此码的终端",
        w.TerminalAsk,
        w.TerminalAskLookup,
    ),
    Route(
        "POST",
        "/api/terminal/ask",
        BindingHandlers.ask,
        "终端请求绑定码",
        w.TerminalAsked,
        status=201,
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/terminal/claim",
        BindingHandlers.claim,
        "终端询问是否已绑定;尚未时 204",
        Identity,
        w.TerminalClaim,
        access=Access.OPEN,
        audited=AuditAction.TERMINAL_BIND,
    ),
    Route(
        "POST",
        "/api/terminal/redeem",
        BindingHandlers.redeem,
        "终端以教室的绑定码登录",
        Identity,
        w.TerminalRedeem,
        access=Access.OPEN,
        audited=AuditAction.TERMINAL_BIND,
    ),
)
