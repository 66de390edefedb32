"""Requests to other libraries. None reaches the own network, whatever names and redirects say.

Addresses are judged where sockets are made: after names were resolved, and for each redirect anew.
The socket then connects to that very address. So it does not matter how a URL writes a host, nor
what a name server says the next time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from urllib.parse import urljoin

import aiohttp
from aiohttp import AddrInfoType, hdrs
from aiohttp.abc import AbstractResolver

from signaling.exchange.core.bounds import web_address
from signaling.exchange.harvests.rules import BadSource, Networks, may_reach

MAX_BYTES = 16 * 1024 * 1024  # of one answer; 1,000 LOM records have 4 MB
MAX_REDIRECTS = 3
MAX_PAUSE_S = 60.0  # that another library may ask for, by Retry-After
MAX_PAUSES = 5  # of one request
_TIMES = aiohttp.ClientTimeout(total=90.0, connect=10.0, sock_read=30.0)
_PIECE_BYTES = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "Tongke (OAI-PMH harvester)"


class _Door:
    """Makes the sockets of one request; remembers whether it refused an address."""

    def __init__(self, allowed: Networks) -> None:
        self._allowed = allowed
        self.refused = False

    def __call__(self, info: AddrInfoType) -> socket.socket:
        """Return a socket for an address. Raises OSError where it may not be reached."""
        family, kind, protocol, _, address = info
        if not may_reach(str(address[0]), self._allowed):
            self.refused = True
            raise OSError("an address of the own network")
        return socket.socket(family, kind, protocol)


class Outgoing:
    """Fetches answers of other libraries."""

    def __init__(self, allowed: Networks = (), resolver: AbstractResolver | None = None) -> None:
        """Make it; private networks that are allowed may be reached, too."""
        self._allowed = allowed
        self._resolver = resolver

    async def fetch(self, url: str, arguments: Mapping[str, str]) -> bytes:
        """Return an answer. Waits where the other library asks for it. Raises BadSource."""
        door = _Door(self._allowed)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, use_dns_cache=False, socket_factory=door
        )
        headers = {hdrs.ACCEPT_ENCODING: "identity", hdrs.USER_AGENT: _AGENT}
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=_TIMES,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as http:
            for _ in range(MAX_PAUSES):
                found = await _followed(http, door, url, arguments)
                if isinstance(found, bytes):
                    return found
                await asyncio.sleep(found)
        raise BadSource("harvest_busy")


async def _followed(
    http: aiohttp.ClientSession, door: _Door, url: str, arguments: Mapping[str, str]
) -> bytes | float:
    """Return the answer behind redirects, or the seconds that are asked for."""
    params: Mapping[str, str] | None = arguments
    for _ in range(MAX_REDIRECTS + 1):
        try:
            async with http.get(url, params=params, allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS:
                    return await _taken(answer)
                url = _next_url(url, answer.headers.get(hdrs.LOCATION, ""))
                params = None  # the Location has them already
        except BadSource:
            raise
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
            code = "harvest_own_network" if door.refused else "harvest_unreachable"
            raise BadSource(code) from None
    raise BadSource("harvest_redirects")


async def _taken(answer: aiohttp.ClientResponse) -> bytes | float:
    if answer.status in {429, 503}:
        return _pause_s(answer.headers.get(hdrs.RETRY_AFTER, ""))
    if answer.status != 200:
        raise BadSource("harvest_status")
    if answer.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise BadSource("harvest_no_oai")
    body = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE_BYTES):
        body += piece
        if len(body) > MAX_BYTES:
            raise BadSource("harvest_too_large")
    return bytes(body)


def _next_url(url: str, location: str) -> str:
    following = web_address(urljoin(url, location)) if location else ""
    if not following or (url.startswith("https:") and not following.startswith("https:")):
        raise BadSource("harvest_redirects")
    return following


def _pause_s(text: str) -> float:
    seconds = float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 5.0
    if seconds > MAX_PAUSE_S:
        raise BadSource("harvest_busy")
    return seconds
