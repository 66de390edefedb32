"""A narrow link on loopback: a UDP hop with a rate and a queue each way, without root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.udp_proxy import Address, UdpProxy, _Upstream

IP_UDP_BYTES = 28  # headers that the link carries as well


@dataclass
class Lane:
    """One way. What would wait longer than `queue_s` is dropped; no rate means no queue."""

    rate_bps: float | None = None
    queue_s: float = 0.3
    _free_at: float = field(default=0.0, init=False)

    def carry(self, size: int, deliver: Callable[[], None]) -> None:
        """Deliver a datagram of so many bytes when the link has carried it, or never."""
        loop = asyncio.get_running_loop()
        begins = max(loop.time(), self._free_at)
        if self.rate_bps is None:
            deliver()
        elif begins - loop.time() <= self.queue_s:
            self._free_at = begins + (size + IP_UDP_BYTES) * 8 / self.rate_bps
            loop.call_at(self._free_at, deliver)


class _NarrowUpstream(_Upstream):
    """Its answers take the lane down."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        proxy = self.proxy
        assert isinstance(proxy, NarrowLink)
        proxy.lane_down.carry(len(data), lambda: self._arrive(data, addr))

    def _arrive(self, data: bytes, addr: Address) -> None:
        if self.proxy.transport is not None and not self.proxy.transport.is_closing():
            super().datagram_received(data, addr)


@dataclass
class NarrowLink(UdpProxy):
    """A `UdpProxy` whose lanes have rates; loss and cuts of its directions still apply."""

    lane_up: Lane = field(default_factory=Lane)
    lane_down: Lane = field(default_factory=Lane)
    upstream_type: type[_Upstream] = _NarrowUpstream

    def datagram_received(self, data: bytes, addr: Address) -> None:
        receive = super().datagram_received
        self.lane_up.carry(len(data), lambda: receive(data, addr))
