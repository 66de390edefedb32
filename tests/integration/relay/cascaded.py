"""Two relays on loopback and the way between them: what signaling does, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace

from relay.api import Demand, PipedSource, PipeEnd
from relay.node import RelayNode


class LossyWay:
    """A UDP port that hands datagrams on, but for some."""

    def __init__(self, to: PipeEnd, loss: float, seed: int) -> None:
        self._loss = loss
        self._random = random.Random(seed)
        self._to = (to.host, to.port)
        self.passed: list[bytes] = []
        self.lost = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def before(self, end: PipeEnd) -> PipeEnd:
        """The end as one must know it to come this way."""
        return replace(end, port=self._socket.getsockname()[1])

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                datagram = self._socket.recv(2048)
                if self._random.random() < self._loss:
                    self.lost += 1
                    continue
                self.passed.append(datagram)
                self._socket.sendto(datagram, self._to)

    def send(self, datagram: bytes) -> None:
        """Send something of one's own."""
        self._socket.sendto(datagram, self._to)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()


class Cascaded:
    """Room ``r`` at an owner and at an edge, with a pipe between."""

    def __init__(self, owner: RelayNode, edge: RelayNode, *, loss: float = 0.0) -> None:
        self.sources: Sequence[PipedSource] = ()
        self.demands: list[Sequence[Demand]] = []
        self.out = owner.open_out_pipe("r", self)
        self.inward = edge.open_in_pipe("r", self)
        self.way = LossyWay(self.inward.end, loss, 1)
        self.back = LossyWay(self.out.end, loss, 2)
        self.inward.connect(self.back.before(self.out.end))
        self.out.connect(self.way.before(self.inward.end))

    def on_sources(self, sources: Sequence[PipedSource]) -> None:
        self.sources = sources
        self.inward.set_sources(sources)

    def on_demand(self, demand: Sequence[Demand]) -> None:
        self.demands.append(demand)
        self.out.demand(demand)

    def close(self) -> None:
        self.inward.close()
        self.out.close()
        self.way.close()
        self.back.close()


async def flow(send: Callable[[int], None], seen: Callable[[], bool], *, first: int = 0) -> int:
    """Send numbered packets, 50 a second, until something is seen; returns the next number."""
    number = first
    async with asyncio.timeout(60):
        while not seen():
            send(number)
            number += 1
            await asyncio.sleep(0.02)  # a publisher's pace
    return number
