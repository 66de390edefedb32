"""Under which addresses people reach the pages, and whether their cameras will work there."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from aioice.ice import get_host_addresses

from signaling.base.config import Config

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104
MAX_ADDRESSES = 8  # a machine full of bridges has dozens; nobody reads so many


def page_urls(config: Config, port: int, found: Sequence[str] | None = None) -> tuple[str, ...]:
    """Addresses of the pages, the best one first.

    Args:
        config: names the host, or the public URL, which then stands alone.
        port: that the server got.
        found: this machine's addresses; asked of the system without.
    """
    if config.public_url is not None:
        return (config.public_url.rstrip("/"),)
    hosts: list[str] = []
    for host in config.http_hosts:
        hosts += [host] if host not in EVERYWHERE else ["localhost"]
    if EVERYWHERE.intersection(config.http_hosts):
        if found is None:
            found = _machine_addresses(config.http_hosts)
        usable = [host for host in found if _is_of_use(host)]
        hosts += sorted(usable, key=lambda host: ":" in host)[:MAX_ADDRESSES]
    hosts = list(dict.fromkeys(hosts))
    scheme = "http" if config.tls_certificate is None else "https"
    return tuple(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}" for host in hosts)


def gives_cameras(url: str) -> bool:
    """Tell whether browsers count pages there as a secure context (W3C Secure Contexts §3.1)."""
    return url.startswith(("https://", "http://localhost:", "http://127.", "http://[::1]"))


def _machine_addresses(hosts: Sequence[str]) -> list[str]:
    has_v4 = bool({"", "0.0.0.0"}.intersection(hosts))  # noqa: S104
    has_v6 = bool({"", "::"}.intersection(hosts))
    return get_host_addresses(use_ipv4=has_v4, use_ipv6=has_v6)


def _is_of_use(host: str) -> bool:
    address = ip_address(host)
    return not (address.is_loopback or address.is_link_local)
