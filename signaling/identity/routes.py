"""Routes: signing in and out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec
from aiohttp import web

from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.base.errors import NotSignedIn
from signaling.identity.accounts import routes as accounts
from signaling.identity.accounts.routes import AccountHandlers, PasswordHandlers
from signaling.identity.bindings import routes as bindings
from signaling.identity.bindings.routes import BindingHandlers
from signaling.identity.desk import IdentityDesk
from signaling.identity.login_throttle import Caller
from signaling.identity.logins import NewSession, SignedIn, SignedInAs
from signaling.identity.service import IdentityService
from signaling.identity.session_cookies import (
    DEVICE_COOKIE,
    caller,
    set_cookies,
    take_cookies,
)
from signaling.identity.terminals import TerminalService
from signaling.identity.wire import (
    DeviceTokenIssued,
    Identity,
    LoginRequest,
    TerminalLogin,
    TerminalLookup,
    TerminalRooms,
)
from signaling.web.routes import Access, AnyRoute, Call, Endpoint, Route, bind


@dataclass(frozen=True, slots=True)
class IdentityHandlers:
    """Signing in and out."""

    identity: IdentityService
    terminals: TerminalService
    config: Config

    async def login(self, call: Call) -> web.Response:
        """本地账号登录."""
        return await self.signed_in(call, await self.identity.login(call.body, _caller(call)))

    async def terminal_lookup(self, call: Call) -> TerminalRooms:
        """教室终端登录, first step."""
        return await self.terminals.lookup(call.body.join_code, _caller(call))

    async def terminal_login(self, call: Call) -> web.Response:
        """教室终端登录."""
        new = await self.terminals.terminal_login(call.body, _caller(call))
        return await self.signed_in(call, new)

    async def terminal_resume(self, call: Call) -> web.Response:
        """A new session from the device cookie."""
        token = call.request.cookies.get(DEVICE_COOKIE)
        if not token:
            raise NotSignedIn("no device cookie")
        return await self.signed_in(call, await self.terminals.resume(token, _caller(call)))

    async def me(self, call: Call) -> Identity:
        """The one who is signed in."""
        return await self.identity.identity(_session(call))

    async def logout(self, call: Call) -> web.Response:
        """退出登录, of this page's login alone; what a terminal remembered goes, too."""
        session = _session(call)
        kind = session.signed_in_as
        device = call.request.cookies.get(DEVICE_COOKIE) if kind is SignedInAs.TERMINAL else None
        signed_in = replace(session, actor=call.actor)
        await self.identity.logout(signed_in, device)
        response = web.Response(status=204)
        take_cookies(call.request, response, kind, self.config)
        return response

    async def issue_device_token(self, call: Call) -> DeviceTokenIssued:
        """A device token for a room's terminal."""
        return DeviceTokenIssued(
            await self.terminals.issue_device(call.actor, call.path("room_id"))
        )

    async def revoke_device_tokens(self, call: Call) -> web.Response:
        """A terminal was lost or a 课程码 got about: nobody is signed in as that room any more."""
        await self.terminals.shut_room_out(call.actor, call.path("room_id"))
        return web.Response(status=204)

    async def signed_in(self, call: Call, new: NewSession) -> web.Response:
        """Answer with a login just opened, and let the browser remember it."""
        identity = await self.identity.identity(new.signed_in)
        response = web.Response(body=msgspec.json.encode(identity), content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        set_cookies(call.request, response, new, self.config)
        return response


def _session(call: Call) -> SignedIn:
    login = call.session
    assert isinstance(login, SignedIn)  # `SessionLogins` made it
    return login


def _caller(call: Call) -> Caller:
    return caller(call.request, call.remote)


_LOGINS = (
    Route(
        "POST",
        "/api/login",
        IdentityHandlers.login,
        "本地账号登录",
        Identity,
        LoginRequest,
        access=Access.OPEN,
        audited=AuditAction.LOGIN,
    ),
    Route(
        "POST",
        "/api/terminal/lookup",
        IdentityHandlers.terminal_lookup,
        "课程码对应的教室",
        TerminalRooms,
        TerminalLookup,
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/terminal/login",
        IdentityHandlers.terminal_login,
        "教室终端登录",
        Identity,
        TerminalLogin,
        access=Access.OPEN,
        audited=AuditAction.TERMINAL_LOGIN,
    ),
    Route(
        "POST",
        "/api/terminal/resume",
        IdentityHandlers.terminal_resume,
        "以设备 Cookie 恢复登录",
        Identity,
        access=Access.OPEN,
        audited=AuditAction.TERMINAL_RESUME,
    ),
    Route(
        "GET",
        "/api/me",
        IdentityHandlers.me,
        "当前登录者",
        Identity,
        before_password=True,
    ),
    Route(
        "POST",
        "/api/logout",
        IdentityHandlers.logout,
        "退出登录",
        status=204,
        audited=AuditAction.LOGOUT,
        before_password=True,
    ),
    Route(
        "POST",
        "/api/rooms/{room_id}/device-token",
        IdentityHandlers.issue_device_token,
        "签发教室设备令牌",
        DeviceTokenIssued,
        status=201,
        audited=AuditAction.DEVICE_TOKEN_ISSUE,
    ),
    Route(
        "DELETE",
        "/api/rooms/{room_id}/device-tokens",
        IdentityHandlers.revoke_device_tokens,
        "作废教室的设备令牌与登录",
        status=204,
        audited=AuditAction.ROOM_SHUT_OUT,
    ),
)
ROUTES: tuple[AnyRoute, ...] = (
    *_LOGINS,
    *accounts.ROUTES,
    *accounts.PASSWORD_ROUTES,
    *bindings.ROUTES,
)


def endpoints(desk: IdentityDesk, config: Config) -> Iterator[Endpoint]:
    """Yield the routes, each with the object that answers it."""
    logins = IdentityHandlers(desk.identity, desk.terminals, config)
    yield from bind(_LOGINS, logins)
    yield from bind(accounts.ROUTES, AccountHandlers(desk.accounts, desk.slips, config))
    yield from bind(accounts.PASSWORD_ROUTES, PasswordHandlers(desk.activation, logins.signed_in))
    yield from bind(bindings.ROUTES, BindingHandlers(desk.bindings, config, logins.signed_in))
