"""Bytes that a TCP connection holds back: they show a slow client when our own buffers do not."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios

_INT = struct.Struct("i")


def unsent_bytes(transport: asyncio.Transport | None) -> int:
    """Bytes in the transport's buffer, and those the kernel has no acknowledgement of (SIOCOUTQ).

    The kernel takes megabytes of a slow client at once, so a transport that looks empty may be
    seconds behind. 0 where nothing is known, as of a connection that is closed.
    """
    socket = None if transport is None else transport.get_extra_info("socket")
    if transport is None or socket is None or transport.is_closing():
        return 0
    try:  # tcp(7): SIOCOUTQ is TIOCOUTQ
        (held,) = _INT.unpack(fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(_INT.size)))
    except (OSError, ValueError):
        return 0
    return int(held) + transport.get_write_buffer_size()
