"""The relay's UDP sockets: one port on every host, with room for bursts."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Sequence

import structlog
from aioice.ice import get_host_addresses

from relay.config import RelayConfig

_BIND_ATTEMPTS = 16  # a port that is free for IPv4 may be taken for IPv6

# Linux, socket(7): past net.core.*mem_max, given CAP_NET_ADMIN. Not in Python's socket module.
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33

_log = structlog.get_logger("relay.sockets")


def bind_all(config: RelayConfig) -> list[socket.socket]:
    """One socket per host, all on one port.

    Raises:
        OSError: not one of the hosts could be bound.
    """
    attempts = 1 if config.udp_port else _BIND_ATTEMPTS
    error: OSError = OSError("no host to bind")
    for _ in range(attempts):
        sockets: list[socket.socket] = []
        port = config.udp_port
        for host in distinct(config.hosts):
            try:
                sock = bind_one(host, port, config.socket_buffer_bytes)
            except OSError as exc:
                error = exc
                if sockets and not config.udp_port and exc.errno == errno.EADDRINUSE:
                    break
                _log.warning("cannot bind", host=host, port=port, error=str(exc))
                continue
            sockets.append(sock)
            port = sock.getsockname()[1]
        else:
            if sockets:
                return sockets
        for sock in sockets:
            sock.close()
    raise OSError(error.errno, f"udp_port {config.udp_port}: {error.strerror or error}")


def bind_missing(
    config: RelayConfig, port: int, bound: Sequence[socket.socket]
) -> list[socket.socket]:
    """Sockets for hosts that the machine lacked when `bound` were made, and has now."""
    known = {sock.getsockname()[0] for sock in bound}
    sockets: list[socket.socket] = []
    for host in distinct(config.hosts):
        if host not in known:
            with contextlib.suppress(OSError):
                sockets.append(bind_one(host, port, config.socket_buffer_bytes))
                _log.info("bound", host=host, port=port)
    return sockets


def distinct(hosts: Sequence[str]) -> list[str]:
    """Each address once, without those that a wildcard of their family covers."""
    addresses = dict.fromkeys(map(ipaddress.ip_address, hosts))
    wild = {address.version for address in addresses if address.is_unspecified}
    return [a.compressed for a in addresses if a.is_unspecified or a.version not in wild]


def bind_one(host: str, port: int, buffer_bytes: int) -> socket.socket:
    """A bound socket with large buffers. Raises OSError."""
    version = ipaddress.ip_address(host).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            # IPv4 has its own socket: no IPv4-mapped addresses to confuse address tables with.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _enlarge(sock, buffer_bytes)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _enlarge(sock: socket.socket, size: int) -> None:
    """Enlarge the kernel's queues for bursts of key frames (default on Linux: 208 KiB)."""
    enlarge_receiving(sock, size)
    _ask_for(sock, size, socket.SO_SNDBUF, _SO_SNDBUFFORCE)


def enlarge_receiving(sock: socket.socket, size: int) -> None:
    """Enlarge the buffer of a socket that is only read."""
    _ask_for(sock, size, socket.SO_RCVBUF, _SO_RCVBUFFORCE)


def _ask_for(sock: socket.socket, size: int, option: int, force: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, option, size)
    if sock.getsockopt(socket.SOL_SOCKET, option) < size:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, force, size)
    granted = sock.getsockopt(socket.SOL_SOCKET, option)
    if granted < size:
        name = "rmem_max" if option == socket.SO_RCVBUF else "wmem_max"
        _log.info("small socket buffer", granted=granted, wanted=size, raise_sysctl=name)


def local_addresses(sockets: Sequence[socket.socket]) -> list[str]:
    """The addresses that peers can reach now: interfaces first, loopback last.

    A bound host that left the machine is omitted, unless nothing else is there.
    """
    found: list[str] = []
    gone: list[str] = []
    for sock in sockets:
        host = sock.getsockname()[0]
        address = ipaddress.ip_address(host)
        if not address.is_unspecified:
            (found if address.is_loopback or _is_present(host) else gone).append(host)
            continue
        is_v4 = sock.family == socket.AF_INET
        found += get_host_addresses(use_ipv4=is_v4, use_ipv6=not is_v4)
    for sock in sockets:
        if ipaddress.ip_address(sock.getsockname()[0]).is_unspecified:
            found.append("127.0.0.1" if sock.family == socket.AF_INET else "::1")
    return found or gone


def _is_present(host: str) -> bool:
    is_v4 = "." in host
    present = get_host_addresses(use_ipv4=is_v4, use_ipv6=not is_v4)
    return ipaddress.ip_address(host) in map(ipaddress.ip_address, present)
