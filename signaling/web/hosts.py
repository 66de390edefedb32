"""Under which names this server answers.

A page of somebody else whose name is made to lead here (DNS rebinding) would count as ours. So a
`Host` that is a name must be known. An address cannot be rebound, and is always ours.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from signaling.base.config import Config


def allowed_hosts(config: Config) -> frozenset[str]:
    """The names under which people reach this server, in small letters."""
    names = {"localhost", socket.gethostname().lower(), *map(str.lower, config.allowed_hosts)}
    if config.public_url is not None:
        names.add((urlsplit(config.public_url).hostname or "").lower())
    return frozenset(names - {""})


def is_allowed(host: str, names: frozenset[str]) -> bool:
    """Tell whether a `Host` header names this server."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    return name in names or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
