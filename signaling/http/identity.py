"""Routes: signing in and out."""

from __future__ import annotations

import msgspec
from aiohttp import web

from signaling.core import resources as r
from signaling.core.permissions import Action, allows
from signaling.errors import Forbidden, NotSignedIn
from signaling.http.routes import Access, Call, Route
from signaling.http.session_cookies import DEVICE_COOKIE, caller, set_cookies, take_cookies
from signaling.identity import NewSession, SignedInAs
from signaling.login_throttle import Caller


async def login(call: Call) -> web.Response:
    """本地账号登录."""
    return _signed_in(call, await call.services.identity.login(call.body, _caller(call)))


async def terminal_lookup(call: Call) -> r.TerminalRooms:
    """教室终端登录, first step."""
    return await call.services.identity.lookup(call.body.join_code, _caller(call))


async def terminal_login(call: Call) -> web.Response:
    """教室终端登录."""
    return _signed_in(call, await call.services.identity.terminal_login(call.body, _caller(call)))


async def terminal_resume(call: Call) -> web.Response:
    """A new session from the device cookie."""
    token = call.request.cookies.get(DEVICE_COOKIE)
    if not token:
        raise NotSignedIn("no device cookie")
    return _signed_in(call, await call.services.identity.resume(token, _caller(call)))


async def me(call: Call) -> r.Identity:
    """Who is signed in."""
    return call.services.identity.identity(call.session)


async def logout(call: Call) -> web.Response:
    """退出登录, of this page's login alone; what a terminal remembered goes, too."""
    kind = call.session.signed_in_as
    device = call.request.cookies.get(DEVICE_COOKIE) if kind is SignedInAs.TERMINAL else None
    await call.services.identity.logout(call.session, call.remote, device)
    call.services.session_watch.end((call.session.session_hash,))
    response = web.Response(status=204)
    take_cookies(call.request, response, kind, call.services.config)
    return response


async def issue_device_token(call: Call) -> r.DeviceTokenIssued:
    """A device token for a room's terminal."""
    if not allows(call.subject, Action.ISSUE_DEVICE_TOKEN):
        raise Forbidden()
    return r.DeviceTokenIssued(
        await call.services.identity.issue_device(call.actor, call.path("room_id"))
    )


async def revoke_device_tokens(call: Call) -> web.Response:
    """A terminal was lost or a 课程码 got about: nobody is signed in as that room any more."""
    if not allows(call.subject, Action.ISSUE_DEVICE_TOKEN):
        raise Forbidden()
    await call.services.identity.shut_room_out(call.actor, call.path("room_id"))
    await call.services.session_watch.sweep()
    return web.Response(status=204)


def _caller(call: Call) -> Caller:
    return caller(call.request, call.remote)


def _signed_in(call: Call, new: NewSession) -> web.Response:
    identity = call.services.identity.identity(new.signed_in)
    response = web.Response(body=msgspec.json.encode(identity), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    set_cookies(call.request, response, new, call.services.config)
    return response


ROUTES = (
    Route(
        "POST",
        "/api/login",
        login,
        "本地账号登录",
        r.Identity,
        r.LoginRequest,
        access=Access.OPEN,
        audited="login",
    ),
    Route(
        "POST",
        "/api/terminal/lookup",
        terminal_lookup,
        "课程码对应的教室",
        r.TerminalRooms,
        r.TerminalLookup,
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/terminal/login",
        terminal_login,
        "教室终端登录",
        r.Identity,
        r.TerminalLogin,
        access=Access.OPEN,
        audited="terminal_login",
    ),
    Route(
        "POST",
        "/api/terminal/resume",
        terminal_resume,
        "以设备 Cookie 恢复登录",
        r.Identity,
        access=Access.OPEN,
        audited="terminal_resume",
    ),
    Route("GET", "/api/me", me, "当前登录者", r.Identity),
    Route("POST", "/api/logout", logout, "退出登录", status=204, audited="logout"),
    Route(
        "POST",
        "/api/rooms/{room_id}/device-token",
        issue_device_token,
        "签发教室设备令牌",
        r.DeviceTokenIssued,
        status=201,
        audited="device_token_issue",
    ),
    Route(
        "DELETE",
        "/api/rooms/{room_id}/device-tokens",
        revoke_device_tokens,
        "作废教室的设备令牌与登录",
        status=204,
        audited="room_shut_out",
    ),
)
