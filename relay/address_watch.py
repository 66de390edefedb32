"""Tells when the addresses of the machine change: a lease, a cable, a network that comes late.

On Linux the kernel says so (rtnetlink(7)), and nothing is done until it does. Elsewhere a thread
looks every few seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import structlog
from aioice.ice import get_host_addresses

# linux/rtnetlink.h
_RTMGRP_IPV4_IFADDR = 0x10
_RTMGRP_IPV6_IFADDR = 0x100
_READ_BYTES = 65_536
SETTLE_S = 0.3  # changes come in bursts, and an IPv6 address may be used a moment after it is told
POLL_S = 5.0  # where the kernel tells nothing

_log = structlog.get_logger("relay.address_watch")


class AddressWatch:
    """Calls `on_change` a moment after addresses came or went; maybe when only their flags did."""

    def __init__(
        self, on_change: Callable[[], None], *, settle_s: float = SETTLE_S, poll_s: float = POLL_S
    ) -> None:
        self._on_change = on_change
        self._settle_s = settle_s
        self._poll_s = poll_s
        self._kernel: socket.socket | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin on the running loop."""
        loop = asyncio.get_running_loop()
        try:
            self._kernel = _subscribe()
        except (OSError, AttributeError) as error:  # no Linux, or a sandbox without AF_NETLINK
            _log.info("addresses are polled", reason=str(error))
            self._polling = loop.create_task(self._poll(), name="address-watch")
        else:
            loop.add_reader(self._kernel.fileno(), self._told)

    def stop(self) -> None:
        """Let go. Stopping twice does nothing."""
        if self._settling is not None:
            self._settling.cancel()
        if self._polling is not None:
            self._polling.cancel()
        if self._kernel is not None:
            asyncio.get_running_loop().remove_reader(self._kernel.fileno())
            self._kernel.close()
        self._settling = self._polling = self._kernel = None

    def _told(self) -> None:
        assert self._kernel is not None
        # An overrun (ENOBUFS) means that changes were lost: that something changed is enough.
        with contextlib.suppress(OSError):
            while self._kernel.recv(_READ_BYTES):
                pass
        self._changed()

    def _changed(self) -> None:
        if self._settling is None:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(self._settle_s, self._settled)

    def _settled(self) -> None:
        self._settling = None
        self._on_change()

    async def _poll(self) -> None:
        known: list[str] | None = None
        while True:
            with contextlib.suppress(OSError):  # no descriptor left, say: the next look may do
                found = sorted(await asyncio.to_thread(get_host_addresses, True, True))
                if known is not None and found != known:
                    self._changed()
                known = found
            await asyncio.sleep(self._poll_s)


def _subscribe() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        kernel.setblocking(False)
        kernel.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))
    except OSError:
        kernel.close()
        raise
    return kernel
