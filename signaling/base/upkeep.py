"""Work that recurs while the server runs: each round in a period of its own."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence

import structlog

from signaling.base.turns import end_between_turns

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None] | None]


class Upkeep:
    """Runs jobs again and again. One that fails is logged, and keeps no other from its turn."""

    def __init__(self) -> None:
        self._rounds: list[tuple[asyncio.Task[None], asyncio.Lock]] = []

    def every(self, period_s: float, name: str, jobs: Sequence[Job]) -> None:
        """Run the jobs, one after the other, once in each period; a list may grow meanwhile."""
        turn = asyncio.Lock()
        work = _periodically(period_s, jobs, turn)
        self._rounds.append((asyncio.create_task(work, name=f"upkeep-{name}"), turn))

    async def stop(self) -> None:
        """End all rounds, each between two jobs if they do not take too long."""
        await asyncio.gather(*(end_between_turns(task, turn) for task, turn in self._rounds))
        self._rounds.clear()


async def _periodically(period_s: float, jobs: Sequence[Job], turn: asyncio.Lock) -> None:
    while True:
        await asyncio.sleep(period_s)
        for job in tuple(jobs):
            try:
                async with turn:
                    under_way = job()
                    if inspect.isawaitable(under_way):
                        await under_way
            except Exception:
                log.exception("upkeep_failed")  # the next round may fare better
