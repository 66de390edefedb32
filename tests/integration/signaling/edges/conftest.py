"""A lesson's owner and its edges over real sockets, with relays that forward nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from relay.api import Answer, CloseReason, Layer, SlotState, SourceInfo
from signaling.base.errors import CellAway
from signaling.edges.api import EdgeNode, ViewerKind, ViewerWish
from signaling.edges.edge import EdgeDesk
from signaling.edges.line import Socket
from signaling.edges.owner import LessonEdges
from signaling.edges.relay import SpreadRelay
from signaling.edges.sockets import PATH, edge_socket
from tests.support.fake_relays import FakeRelay
from tests.support.services import ManualClock

LESSON = "lesson-1"


@dataclass
class News:
    """Implements `RelayListener`: what the owner's room is told."""

    up: list[str] = field(default_factory=list)
    down: dict[str, CloseReason] = field(default_factory=dict)
    slots: dict[str, Sequence[SlotState]] = field(default_factory=dict)

    def on_session_up(self, session_id: str) -> None:
        """See `RelayListener`."""
        self.up.append(session_id)

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """See `RelayListener`."""
        self.down[session_id] = reason

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """See `RelayListener`."""
        self.slots[session_id] = slots

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        """See `RelayListener`."""

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        """See `RelayListener`."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """See `RelayListener`."""


class EdgeCell:
    """A cell that carries, behind a socket of its own.

    Attributes:
        relay: of this cell.
        desk: under test.
        takes: whether it takes viewers.
        owns: its own lessons.
    """

    def __init__(self, name: str) -> None:
        self.relay = FakeRelay(name)
        self.takes = True
        self.owns: set[str] = set()
        self.desk = EdgeDesk(
            self.relay, self.relay, owns=self.owns.__contains__, takes=lambda: self.takes
        )
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get(PATH, edge_socket(self.desk).connect)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def cut(self) -> None:
        """End all connections, as the kernel does for a process that is gone."""
        assert self._runner is not None
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def stop(self) -> None:
        """Listen no more."""
        assert self._runner is not None
        self.cut()
        await self._runner.cleanup()


class Lesson:
    """A lesson's owner, and two cells that may carry its viewers."""

    def __init__(self, clock: ManualClock, http: aiohttp.ClientSession, edge_after: int) -> None:
        self.clock = clock
        self.relay = FakeRelay("own")
        self.spread = SpreadRelay(self.relay)
        self.news = News()
        self.spread.add_listener(self.news)
        self.cells = {name: EdgeCell(name) for name in ("edge-1", "edge-2")}
        self.regions: dict[str, tuple[str, ...]] = {}
        self.loads = {"edge-1": 0.1, "edge-2": 0.2}
        self._http = http
        self.edges = LessonEdges(
            relay=self.spread,
            cascade=self.relay,
            nodes=self,
            doors=self._door,
            clock=clock,
            edge_after=edge_after,
        )

    def own_regions(self) -> Sequence[str]:
        """See `EdgeNodes`."""
        return ()

    def others(self) -> Sequence[EdgeNode]:
        """See `EdgeNodes`."""
        return [
            EdgeNode(name, 10, load, self.regions.get(name, ()), "127.0.0.1")
            for name, load in self.loads.items()
        ]

    @asynccontextmanager
    async def _door(self, edge_id: str, lesson_id: str) -> AsyncIterator[Socket]:
        url = f"http://127.0.0.1:{self.cells[edge_id].port}"
        try:
            socket = await self._http.ws_connect(url + PATH.replace("{carried_id}", lesson_id))
        except aiohttp.ClientError as error:
            raise CellAway(str(error)) from None
        async with socket:
            yield socket

    async def watch(
        self,
        viewer: str = "player",
        *,
        kind: ViewerKind = ViewerKind.PLAIN,
        offer: str = "v=0",
        home: str | None = None,
    ) -> str:
        """Open a viewing session, as the media wing does; return its id."""
        plain = kind is ViewerKind.PLAIN
        wish = ViewerWish(LESSON, viewer, offer, (f"{viewer}.camera",), plain, kind, home)
        noted: list[Answer] = []
        answer = await self.edges.watch(wish, noted.append)
        if answer is None:
            answer = self.spread.watch(offer, room_id=LESSON, viewer_id=viewer, programme=plain)
        else:
            assert noted == [answer]
        return answer.session_id


@pytest.fixture
async def lesson() -> AsyncIterator[Lesson]:
    """A lesson that keeps one viewer at its owner."""
    async with aiohttp.ClientSession() as http:
        made = Lesson(ManualClock(), http, edge_after=1)
        for cell in made.cells.values():
            await cell.start()
        try:
            yield made
        finally:
            await made.edges.stop()
            for cell in made.cells.values():
                await cell.stop()
