"""The watch of one process: it beats, renews its leases, reads the nodes, and notices a loss."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog

from signaling.base.turns import end_between_turns
from signaling.cells.api import CellsState, NodeIdTaken, Unreachable
from signaling.cells.boards import RedisPresence
from signaling.cells.core.leasing import Standing
from signaling.cells.core.nodes import Health, HealthChange, Node
from signaling.cells.core.times import CellTimes
from signaling.cells.service import CellLeases

log = structlog.get_logger(__name__)

OnLost = Callable[[str], Awaitable[None]]
OnNodes = Callable[[tuple[HealthChange, ...]], Awaitable[None]]


class CellWatch:
    """Two loops, so that a database that hangs keeps no lease from being renewed.

    One talks with Redis: it renews, beats and reads. The other asks the database about leases in
    doubt. Each turn is bounded by the time-outs of its link.
    """

    def __init__(
        self,
        *,
        leases: CellLeases,
        presence: RedisPresence,
        describe: Callable[[], Node],
        times: CellTimes,
        on_lost: OnLost,
        on_nodes: OnNodes | None = None,
    ) -> None:
        """Make it.

        Args:
            leases: the leases of this process.
            presence: where it beats.
            describe: what this node tells of itself now.
            times: the durations.
            on_lost: called once for each lesson that another cell has now. Should be quick.
            on_nodes: called with each change of a node's health. The next beat waits for it.
        """
        self._leases = leases
        self._presence = presence
        self._describe = describe
        self._times = times
        self._on_lost = on_lost
        self._on_nodes = on_nodes
        self._reachable: bool | None = None  # nobody has tried yet
        self._taken = False
        self._loops: list[tuple[asyncio.Task[None], asyncio.Lock]] = []

    @property
    def state(self) -> CellsState:
        """How this process stands to the others."""
        standings = self._leases.standings()
        return CellsState(
            node_id=self._describe().node_id,
            reachable=self._reachable is True,
            node_id_taken=self._taken,
            sure=standings.count(Standing.SURE),
            doubtful=standings.count(Standing.DOUBTFUL),
        )

    async def start(self) -> None:
        """Beat once, so that others can find this node, and go on by itself."""
        await self._guarded(self.talk)
        for name, turn_of in (("talk", self.talk), ("confirm", self.confirm)):
            turn = asyncio.Lock()
            task = asyncio.create_task(self._again(turn_of, turn), name=f"cells-{name}")
            self._loops.append((task, turn))

    async def stop(self) -> None:
        """End the loops, and leave. Leases are given back by those who hold the lessons."""
        await asyncio.gather(*(end_between_turns(task, turn) for task, turn in self._loops))
        self._loops.clear()
        with contextlib.suppress(Unreachable):
            await self._presence.leave()

    async def talk(self) -> None:
        """Renew, beat and read the nodes."""
        try:
            await self._leases.renew()
            await self._beat()
            await self._presence.nodes()
        except Unreachable as error:
            self._told_reachable(False, str(error))
            return
        self._told_reachable(True)
        if self._presence.changes:
            _log_changes(self._presence.changes)
            if self._on_nodes is not None:
                await self._on_nodes(self._presence.changes)

    async def confirm(self) -> None:
        """Ask the database about leases in doubt, and tell of those that are lost."""
        lost = await self._leases.confirm()
        await asyncio.gather(*(self._tell_lost(lease.lesson_id) for lease in lost))

    async def _beat(self) -> None:
        try:
            await self._presence.beat(self._describe())
        except NodeIdTaken as error:
            if not self._taken:
                log.error("node_id_taken", node_id=str(error))
            self._taken = True
        else:
            self._taken = False

    async def _tell_lost(self, lesson_id: str) -> None:
        log.warning("lease_lost", lesson_id=lesson_id)
        try:
            await self._on_lost(lesson_id)
        except Exception:
            log.exception("loss_not_followed", lesson_id=lesson_id)

    def _told_reachable(self, reachable: bool, why: str = "") -> None:
        if reachable is not self._reachable:
            if reachable:
                log.info("redis_reachable")
            else:
                log.warning("redis_unreachable", why=why)
        self._reachable = reachable

    async def _again(self, turn_of: Callable[[], Awaitable[None]], turn: asyncio.Lock) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + self._times.beat_s, loop.time())
            await asyncio.sleep(due - loop.time())
            async with turn:
                await self._guarded(turn_of)

    async def _guarded(self, turn_of: Callable[[], Awaitable[None]]) -> None:
        try:
            await turn_of()
        except Exception:
            log.exception("cells_turn_failed")  # the next turn may fare better


def _log_changes(changes: Sequence[HealthChange]) -> None:
    """Write which nodes are alive, suspect or gone now, and of how many that is news."""
    now = {health: [one.node_id for one in changes if one.after is health] for health in Health}
    told = {health.value: ids for health, ids in now.items() if ids}
    log.info("nodes_changed", count=len(changes), **told)
