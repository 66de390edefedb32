"""The sockets of HTTP servers: one TCP port on every host, IPv4 and IPv6, or a Unix socket."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from stat import S_ISSOCK

import structlog

log = structlog.get_logger(__name__)

PORT_ATTEMPTS = 16  # a port that is free for IPv4 may be taken for IPv6
# No IPv6 in this kernel, or an address that the machine lacks.
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_Address = tuple[socket.AddressFamily, str]
_ABSENT = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


def bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Bound sockets, all on one port; 0 takes any free one.

    A host that the machine lacks is logged and left out, if another could be bound.

    Raises:
        OSError: a port is taken, or no host could be bound.
    """
    for attempt in range(PORT_ATTEMPTS if port == 0 else 1):
        try:
            return _bind_all(hosts, port)
        except OSError as error:
            last = attempt == PORT_ATTEMPTS - 1
            if port or last or error.errno != errno.EADDRINUSE:
                raise
    raise AssertionError("unreachable")


def bind_unix(path: Path) -> list[socket.socket]:
    """A bound Unix socket that only its owner may open.

    A socket that a process left behind when it died is replaced.

    Raises:
        OSError: somebody listens there, or something else lies there.
    """
    with contextlib.suppress(FileNotFoundError):
        if not S_ISSOCK(path.lstat().st_mode) or _answers(path):
            raise OSError(errno.EADDRINUSE, "in use", str(path))
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        path.chmod(0o600)  # nobody can have come before: it does not listen yet
    except OSError:
        sock.close()
        raise
    return [sock]


def _answers(path: Path) -> bool:
    """Tell whether a process listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    absent: OSError | None = None
    try:
        for family, address in _distinct(a for host in hosts for a in _addresses(host)):
            try:
                bound.append(_bind(family, address, port))
            except OSError as error:
                if error.errno not in _ABSENT:
                    place = f"{address} port {port}"  # the error itself does not tell
                    raise OSError(error.errno, f"{place}: {error.strerror}") from None
                log.warning("cannot_listen", host=address, error=str(error))
                absent = error
                continue
            port = bound[0].getsockname()[1]
        if not bound:
            raise absent or OSError("no host to listen on")
    except BaseException:
        for sock in bound:
            sock.close()
        raise
    return bound


def _distinct(addresses: Iterable[_Address]) -> list[_Address]:
    """Each once; one that a wildcard of its family takes in anyway is left out."""
    found = list(dict.fromkeys(addresses))
    wild = {family for family, address in found if ip_address(address).is_unspecified}
    return [(f, a) for f, a in found if f not in wild or ip_address(a).is_unspecified]


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Addresses of a host name; ``""`` is every address."""
    found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, str(address[0])) for family, _, _, _, address in found if family in _FAMILIES]


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has its own socket: peers have one form of address.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock
