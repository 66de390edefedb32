"""A lossy UDP hop on loopback: between one client and the relay, without root or namespaces."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import cast

Address = tuple[str, int]
MAX_CLIENTS = 64  # sockets the proxy opens; a test has a handful


@dataclass
class Direction:
    """One way through the hop. `loss` is a probability; `cut` drops everything."""

    loss: float = 0.0
    cut: bool = False
    passed: int = 0
    dropped: int = 0

    def drops(self, draw: random.Random) -> bool:
        """Decide one datagram's fate."""
        if self.cut or draw.random() < self.loss:
            self.dropped += 1
            return True
        self.passed += 1
        return False


class _Upstream(asyncio.DatagramProtocol):
    """The socket towards the relay that stands for one client address."""

    def __init__(self, proxy: UdpProxy, client: Address) -> None:
        self.proxy, self.client = proxy, client
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self.proxy.down.drops(self.proxy.draw) and self.proxy.transport is not None:
            self.proxy.transport.sendto(data, self.client)

    def error_received(self, exc: Exception) -> None:
        """The relay is restarting; UDP forgets."""


@dataclass
class UdpProxy(asyncio.DatagramProtocol):
    """Forwards datagrams to `target`; `up` is client → relay, `down` relay → client."""

    target: Address
    up: Direction = field(default_factory=Direction)
    down: Direction = field(default_factory=Direction)
    seed: int = 1
    upstream_type: type[_Upstream] = _Upstream

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.transport: asyncio.DatagramTransport | None = None
        self._upstreams: dict[Address, _Upstream] = {}
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where clients send."""
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    async def start(self) -> None:
        """Listen on a free loopback port."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    async def stop(self) -> None:
        """Close every socket."""
        await asyncio.gather(*self._opening, return_exceptions=True)
        for upstream in self._upstreams.values():
            if upstream.transport is not None:
                upstream.transport.close()
        if self.transport is not None:
            self.transport.close()
        await asyncio.sleep(0)  # sockets are closed on the loop's next turn

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self.up.drops(self.draw):
            return
        upstream = self._upstreams.get(addr)
        if upstream is None:
            if len(self._upstreams) >= MAX_CLIENTS:
                return
            upstream = self._upstreams[addr] = self.upstream_type(self, addr)
            task = asyncio.get_running_loop().create_task(self._open(upstream, data))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        elif upstream.transport is not None:
            upstream.transport.sendto(data)

    def error_received(self, exc: Exception) -> None:
        """A client went away; UDP forgets."""

    async def _open(self, upstream: _Upstream, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: upstream, remote_addr=self.target)
        assert upstream.transport is not None
        upstream.transport.sendto(first)
