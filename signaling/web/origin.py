"""The true sender of a request and its site: addresses behind proxies, and the Origin check."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from signaling.base.config import Config
from signaling.web.at_cell import arrival_of

Networks = Sequence[IPv4Network | IPv6Network]
_MAX_HOPS = 8


def networks(texts: Sequence[str]) -> Networks:
    """Networks from configuration. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def within(address: str, nets: Networks) -> bool:
    """Tell whether an address lies in one of the networks."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in net for net in nets)


def client_address(request: web.Request, proxies: Networks) -> str:
    """The client's address: the peer's, or what a trusted proxy says it is.

    In a cell it is what the web process has signed, whatever other headers say.
    """
    arrival = arrival_of(request)
    if arrival is not None:
        return arrival.remote
    address = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-_MAX_HOPS:]
    for hop in reversed([h.strip() for h in forwarded if h.strip()]):
        if not within(address, proxies) or _parse(hop) is None:
            break
        address = hop
    return address


def limiter_key(address: str) -> str:
    """Key of rate limits: an IPv4 address, or an IPv6 /64 (one customer has a whole /64)."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False))
    return address


def is_secure(request: web.Request, proxies: Networks) -> bool:
    """Tell whether the client speaks https, to this server or to a trusted proxy."""
    if request.secure:
        return True
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    return forwarded and within(request.remote or "", proxies)


def site_of(request: web.Request, config: Config) -> str:
    """Return the address of the pages, as the one who asks reaches them."""
    if config.public_url is not None:
        return config.public_url.rstrip("/")
    scheme = "https" if is_secure(request, networks(config.trusted_proxies)) else "http"
    return f"{scheme}://{request.host}"


def is_own_origin(request: web.Request, config: Config) -> bool:
    """Tell whether a request comes from our own pages.

    Browsers name the origin with every unsafe request and every WebSocket. Programs that name no
    origin carry no cookies that a foreign page could misuse.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    own = {request.host.lower()}
    if config.public_url is not None:
        own.add(urlsplit(config.public_url).netloc.lower())
    try:
        site = urlsplit(origin).netloc.lower()
    except ValueError:  # such as ``http://[``
        return False
    return bool(site) and site in own


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
