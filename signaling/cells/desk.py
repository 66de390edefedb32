"""Cells put together: the only module that names the real classes. Wiring makes one, or none."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import msgspec

from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.cells.api import (
    CellsState,
    Holders,
    Leases,
    LessonPlaces,
    NoPlace,
    Presence,
    SeenNode,
    Standing,
)
from signaling.cells.boards import Incarnation, RedisLeases, RedisPresence
from signaling.cells.core.nodes import Node, NodeBook, NodeRole
from signaling.cells.core.placement import MAX_EXPECTED, Placer
from signaling.cells.core.times import CellTimes
from signaling.cells.hints import HintKind, Hints
from signaling.cells.limits import SharedLimits
from signaling.cells.places import Places
from signaling.cells.redis_link import RedisLink
from signaling.cells.service import CellLeases
from signaling.cells.store import LeaseStore
from signaling.cells.watch import CellWatch, OnLost, OnNodes

_RUN_BYTES = 8  # of the random name of one run


@dataclass(frozen=True, slots=True)
class NodeNow:
    """What changes of a node while it runs."""

    load: int = 0  # participants of its live lessons
    draining: bool = False
    lessons: int = 0  # that are live
    pipe_host: str | None = None
    carried: int = 0  # viewers of other cells' lessons
    carried_lessons: int = 0
    regions: tuple[str, ...] = ()


class CellsDesk:
    """One process among others: its presence, leases, places, hints, and the watch."""

    def __init__(
        self,
        config: Config,
        database: Database,
        clock: Clock,
        *,
        role: NodeRole,
        address: str,
        now: Callable[[], NodeNow],
        on_lost: OnLost,
        on_nodes: OnNodes | None = None,
        hints: Sequence[HintKind[Any]] = (),
    ) -> None:
        """Put it together; nothing is opened before `start`.

        Args:
            config: the settings; `redis_url` must be set.
            database: where epochs are.
            clock: the time.
            role: what this process does.
            address: at which the other processes reach it.
            now: its present load, and whether it is draining.
            on_lost: called once for each lesson that another cell has now.
            on_nodes: called with each change of a node's health.
            hints: the events of which the processes tell each other.
        """
        if config.redis_url is None:
            raise ValueError("redis_url is not set")
        times = CellTimes(config.cells_beat_s, config.cells_ttl_s)
        own = Incarnation(config.node_id or socket.gethostname(), token_hex(_RUN_BYTES))
        capacity = config.cell_capacity if role is NodeRole.CELL else 0
        node = Node(own.node_id, role, address, capacity)
        self._link = RedisLink(config.redis_url, times.beat_s)
        board = RedisLeases(self._link, own, times)
        epochs = LeaseStore(database, clock)
        book = NodeBook(times)
        leases = CellLeases(own.node_id, board, epochs, clock, times)
        presence = RedisPresence(self._link, own, book, clock, times)
        self.hints = Hints(self._link, own.run, hints)
        self.limits = SharedLimits(RedisLink(config.redis_url, times.beat_s), clock)
        self.leases: Leases = leases
        self.presence: Presence = presence
        self.holders: Holders = epochs
        self.places: LessonPlaces = Places(board, epochs, book, clock, times)
        self.node_id = own.node_id
        self._book = book
        self._placer = Placer(times)
        self._clock = clock
        self.watch = CellWatch(
            leases=leases,
            presence=presence,
            describe=lambda: _described(node, now(), leases.standings()),
            times=times,
            on_lost=on_lost,
            on_nodes=on_nodes,
        )

    @property
    def nodes(self) -> Sequence[SeenNode]:
        """The nodes as they were read with the last beat."""
        return self._book.nodes

    @property
    def state(self) -> CellsState:
        """How this process stands to the others."""
        return self.watch.state

    def choose(
        self, lesson_id: str, expected: int, without: Collection[str] = ()
    ) -> Node | NoPlace:
        """Choose a cell for a lesson of so many participants; see `Placer`.

        Args:
            lesson_id: the lesson.
            expected: participants that it will have.
            without: cells that were asked in vain.
        """
        expected = min(max(expected, 1), MAX_EXPECTED)
        nodes = [seen for seen in self.nodes if seen.node.node_id not in without]
        return self._placer.place(lesson_id, expected, nodes, self._clock.monotonic())

    async def start(self) -> None:
        """Begin to beat. A Redis that is away does not keep the process from starting."""
        await self.watch.start()
        await self.hints.start()

    async def stop(self) -> None:
        """Leave, and close the connections."""
        await self.hints.stop()
        await self.watch.stop()
        await self.limits.close()
        await self._link.close()


def _described(node: Node, state: NodeNow, leases: Sequence[Standing]) -> Node:
    return msgspec.structs.replace(
        node,
        load=state.load,
        draining=state.draining,
        lessons=state.lessons,
        sure=leases.count(Standing.SURE),
        doubtful=leases.count(Standing.DOUBTFUL),
        pipe_host=state.pipe_host,
        carried=state.carried,
        carried_lessons=state.carried_lessons,
        regions=state.regions,
    )
