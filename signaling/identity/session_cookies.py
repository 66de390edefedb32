"""The cookies of a login: which one a request means, and setting and taking them.

One browser may hold two logins, a person's and a classroom terminal's, as two windows of one
computer often do. The page says which it means; a program that says nothing means its only one.
"""

from __future__ import annotations

from aiohttp import web

from signaling.base.config import Config
from signaling.base.errors import Malformed, NotSignedIn
from signaling.identity.login_throttle import KNOWN_FOR, Caller
from signaling.identity.logins import NewSession, SignedIn, SignedInAs
from signaling.identity.service import IdentityService
from signaling.web.origin import is_secure, limiter_key, networks
from signaling.web.routes import Login

PERSON_COOKIE = "tongke_session"
TERMINAL_COOKIE = "tongke_terminal"
DEVICE_COOKIE = "tongke_device"
KNOWN_COOKIE = "tongke_known"
AS_HEADER = "X-Tongke-As"  # person or terminal
AS_QUERY = "as"  # the same, where a page cannot set headers (WebSocket, <video>)

COOKIE_OF = {SignedInAs.PERSON: PERSON_COOKIE, SignedInAs.TERMINAL: TERMINAL_COOKIE}
# Before there were two, `tongke_session` was also a terminal's: those stay signed in.
_COOKIES_OF = {
    SignedInAs.PERSON: (PERSON_COOKIE,),
    SignedInAs.TERMINAL: (TERMINAL_COOKIE, PERSON_COOKIE),
}


def wanted(request: web.Request) -> SignedInAs | None:
    """Return the login that a request means, if it says so. Raises Malformed."""
    text = request.headers.get(AS_HEADER) or request.query.get(AS_QUERY)
    if text is None:
        return None
    try:
        return SignedInAs(text)
    except ValueError:
        raise Malformed("person or terminal", field=AS_HEADER) from None


class SessionLogins:
    """Finds the login of a request by its cookies."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    async def of(self, request: web.Request) -> SignedIn:
        """Find the login of a request. Raises NotSignedIn, Malformed."""
        meant = wanted(request)
        for kind in SignedInAs if meant is None else (meant,):
            for name in _COOKIES_OF[kind]:
                cookie = request.cookies.get(name)
                if cookie:
                    try:
                        return await self._identity.signed_in(cookie, kind)
                    except NotSignedIn:
                        continue
        raise NotSignedIn()

    def demand_csrf(self, request: web.Request, login: Login) -> None:
        """Raises CsrfFailed unless the request carries the login's CSRF token."""
        assert isinstance(login, SignedIn)  # `of` made it
        self._identity.demand_csrf(login, request.headers.get("X-CSRF-Token"))


def caller(request: web.Request, remote: str) -> Caller:
    """Return the origin of an attempt to sign in."""
    cookies = request.cookies
    return Caller(
        remote, limiter_key(remote), cookies.get(KNOWN_COOKIE), cookies.get(DEVICE_COOKIE)
    )


def set_cookies(
    request: web.Request, response: web.Response, new: NewSession, config: Config
) -> None:
    """Let the browser remember a login."""
    secure = is_secure(request, networks(config.trusted_proxies))
    kind = new.signed_in.signed_in_as
    days = 86400
    kept = [
        (COOKIE_OF[kind], new.cookie, config.session_hours * 3600),
        (KNOWN_COOKIE, new.known, KNOWN_FOR.days * days),
    ]
    if new.device_token is not None:
        kept.append((DEVICE_COOKIE, new.device_token, config.device_cookie_days * days))
    for name, value, max_age in kept:
        response.set_cookie(
            name,
            value,
            path=_path(config),
            max_age=max_age,
            httponly=True,
            samesite="Lax",
            secure=secure,
        )


def take_cookies(
    request: web.Request, response: web.Response, kind: SignedInAs, config: Config
) -> None:
    """Let the browser forget a login of this kind, and leave the other one alone."""
    response.headers["Clear-Site-Data"] = '"cache"'
    response.del_cookie(COOKIE_OF[kind], path=_path(config))
    if kind is SignedInAs.TERMINAL:
        response.del_cookie(DEVICE_COOKIE, path=_path(config))
        if TERMINAL_COOKIE not in request.cookies:  # it came by the cookie of before
            response.del_cookie(PERSON_COOKIE, path=_path(config))


def _path(config: Config) -> str:
    """Ours alone, where a proxy has other programs beside it."""
    return config.path_prefix or "/"
