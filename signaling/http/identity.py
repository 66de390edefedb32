"""Routes: signing in and out."""

from __future__ import annotations

import msgspec
from aiohttp import web

from signaling.core import resources as r
from signaling.core.permissions import Action, allows
from signaling.errors import Forbidden, NotSignedIn
from signaling.http.origin import is_secure, limiter_key, networks
from signaling.http.routes import Access, Call, Route
from signaling.identity import NewSession

SESSION_COOKIE = "tongke_session"
DEVICE_COOKIE = "tongke_device"


async def login(call: Call) -> web.Response:
    """本地账号登录."""
    return _signed_in(call, await call.services.identity.login(call.body, _key(call)))


async def terminal_lookup(call: Call) -> r.TerminalRooms:
    """教室终端登录, first step."""
    return await call.services.identity.lookup(call.body.join_code, _key(call))


async def terminal_login(call: Call) -> web.Response:
    """教室终端登录."""
    return _signed_in(call, await call.services.identity.terminal_login(call.body, _key(call)))


async def terminal_resume(call: Call) -> web.Response:
    """A new session from the device cookie."""
    token = call.request.cookies.get(DEVICE_COOKIE)
    if not token:
        raise NotSignedIn("no device cookie")
    return _signed_in(call, await call.services.identity.resume(token, _key(call)))


async def me(call: Call) -> r.Identity:
    """Who is signed in."""
    return call.services.identity.identity(call.session)


async def logout(call: Call) -> web.Response:
    """退出登录; what the terminal remembered goes too, here and on the server."""
    device = call.request.cookies.get(DEVICE_COOKIE)
    await call.services.identity.logout(call.session, device)
    call.services.session_watch.end((call.session.session_hash,))
    response = web.Response(status=204)
    path = _cookie_path(call)
    response.del_cookie(SESSION_COOKIE, path=path)
    response.del_cookie(DEVICE_COOKIE, path=path)
    return response


async def issue_device_token(call: Call) -> r.DeviceTokenIssued:
    """A device token for a room's terminal."""
    if not allows(call.subject, Action.ISSUE_DEVICE_TOKEN):
        raise Forbidden()
    return r.DeviceTokenIssued(
        await call.services.identity.issue_device(call.path("room_id"), "issued")
    )


async def revoke_device_tokens(call: Call) -> web.Response:
    """A terminal was lost or a 课程码 got about: nobody is signed in as that room any more."""
    if not allows(call.subject, Action.ISSUE_DEVICE_TOKEN):
        raise Forbidden()
    await call.services.identity.shut_room_out(call.subject, call.path("room_id"), call.remote)
    await call.services.session_watch.sweep()
    return web.Response(status=204)


def _key(call: Call) -> str:
    return limiter_key(call.remote)


def _cookie_path(call: Call) -> str:
    """Ours alone, where a proxy has other programs beside it."""
    return call.services.config.path_prefix or "/"


def _signed_in(call: Call, new: NewSession) -> web.Response:
    config = call.services.config
    secure = is_secure(call.request, networks(config.trusted_proxies))
    identity = call.services.identity.identity(new.signed_in)
    response = web.Response(body=msgspec.json.encode(identity), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        SESSION_COOKIE,
        new.cookie,
        path=_cookie_path(call),
        max_age=config.session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )
    if new.device_token is not None:
        response.set_cookie(
            DEVICE_COOKIE,
            new.device_token,
            path=_cookie_path(call),
            max_age=config.device_cookie_days * 86400,
            httponly=True,
            samesite="Lax",
            secure=secure,
        )
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
    ),
    Route(
        "POST",
        "/api/terminal/resume",
        terminal_resume,
        "以设备 Cookie 恢复登录",
        r.Identity,
        access=Access.OPEN,
    ),
    Route("GET", "/api/me", me, "当前登录者", r.Identity),
    Route("POST", "/api/logout", logout, "退出登录", status=204),
    Route(
        "POST",
        "/api/rooms/{room_id}/device-token",
        issue_device_token,
        "签发教室设备令牌",
        r.DeviceTokenIssued,
        status=201,
    ),
    Route(
        "DELETE",
        "/api/rooms/{room_id}/device-tokens",
        revoke_device_tokens,
        "作废教室的设备令牌与登录",
        status=204,
    ),
)
