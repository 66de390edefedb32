"""Logins of requests that a web process has forwarded to this cell."""

from __future__ import annotations

from aiohttp import web

from signaling.base.errors import NotSignedIn
from signaling.identity.logins import SignedIn
from signaling.identity.service import IdentityService
from signaling.web.at_cell import arrival_of
from signaling.web.routes import Login


class ArrivedLogins:
    """Finds the login of a request by the session that the web process has signed.

    Who has that session, and what its holder may do, is read from the database, as everywhere.
    """

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    async def of(self, request: web.Request) -> SignedIn:
        """Find the login of a request. Raises NotSignedIn."""
        arrival = arrival_of(request)
        if arrival is None or arrival.session is None:
            raise NotSignedIn()
        return await self._identity.known_by(arrival.session)

    def demand_csrf(self, request: web.Request, login: Login) -> None:
        """Do nothing: the web process has asked for the token, and no browser reaches a cell."""
