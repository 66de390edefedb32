"""The supervisor of children: starts them in order, keeps them running, stops them in order.

It knows nothing of what they do. It ends the children that hang, and the children end by themselves
when it is gone (`life.py`).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence

import structlog

from signaling.base.clock import Clock
from signaling.children.child import Child
from signaling.children.process import ChildSpec, Facts
from signaling.children.rules import STOP_S

log = structlog.get_logger(__name__)

# For a child to become ready. 44 s were seen with ten processes on two cores; a demo county or an
# upgrade of a large database takes minutes there. A start that is broken off begins anew.
READY_S = 600.0
HURRY_S = 2.0  # for children to stop after a second signal
KILL_S = 5.0  # for a killed child to be gone; longer only if the kernel holds it
SIGNALS = (signal.SIGINT, signal.SIGTERM)

OnPids = Callable[[tuple[int, ...]], None]


class ChildSupervisor:
    """Children in groups: a group is started once those before it are ready."""

    def __init__(
        self,
        groups: Sequence[Sequence[ChildSpec]],
        clock: Clock,
        *,
        ready_s: float = READY_S,
        stop_s: float = STOP_S,
        on_pids: OnPids | None = None,
    ) -> None:
        """Put it together.

        Args:
            groups: the children, in the order of their start.
            clock: the time.
            ready_s: seconds for a child to become ready.
            stop_s: seconds for a group to stop, before what is left of it is killed.
            on_pids: told the processes that run, whenever they change.
        """
        self._groups = [
            [Child(spec, clock, ready_s, self._changed) for spec in group] for group in groups
        ]
        self._stop_s = stop_s
        self._on_pids = on_pids
        self._failed = asyncio.Event()
        self._hurried = asyncio.Event()
        self._life: tuple[int, int] | None = None  # read and write end of the pipe

    def facts(self, name: str) -> Facts:
        """Return what a child told of itself when it was ready. Raises KeyError."""
        return {child.spec.name: child.facts for child in self._children}[name]

    async def start(self) -> None:
        """Start all children; returns once all are ready. After a failure, too, call `stop`.

        Raises:
            ChildFailed: one of them ended instead.
        """
        self._life = os.pipe()
        for group in self._groups:
            for child in group:
                child.begin(self._life[0])
            ready = asyncio.create_task(_all_ready(group))
            failed = asyncio.create_task(self._failed.wait())
            try:
                await asyncio.wait((ready, failed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                ready.cancel()
                failed.cancel()
            self._raise_failure()

    async def keep(self) -> None:
        """Wait until a child cannot be kept running. Raises ChildFailed."""
        await self._failed.wait()
        self._raise_failure()

    async def stop(self) -> None:
        """Stop all children, the last group first; none of them runs afterwards.

        The last group is what the world sees: it takes nothing new, ends what it has begun, and the
        groups before it are still there for that.
        """
        for child in self._children:
            child.let_go()
        try:
            for group in reversed(self._groups):
                await self._stop_group(group)
        finally:
            if self._life is not None:
                for fd in self._life:
                    os.close(fd)
                self._life = None

    def hurry(self) -> None:
        """Give the children that are still to be stopped little time."""
        self._hurried.set()

    # --- inside ----------------------------------------------------------------------------------

    @property
    def _children(self) -> list[Child]:
        return [child for group in self._groups for child in group]

    def _changed(self) -> None:
        if self._on_pids is not None:
            pids = (child.pid for child in self._children)
            try:
                self._on_pids(tuple(pid for pid in pids if pid is not None))
            except OSError as error:  # a full disk, say: no reason to end a child
                log.warning("pids_not_told", error=repr(error))
        if any(child.failure is not None for child in self._children):
            self._failed.set()

    def _raise_failure(self) -> None:
        for child in self._children:
            if child.failure is not None:
                raise child.failure

    async def _stop_group(self, group: Sequence[Child]) -> None:
        begun = {child.keeping: child for child in group if child.keeping is not None}
        if not begun:
            return
        for child in begun.values():
            child.terminate()
        if await self._gone(begun):
            return
        for task, child in begun.items():
            if not task.done():
                child.kill()
        _, left = await asyncio.wait(begun, timeout=KILL_S)
        for task in left:
            log.error("child_left", child=begun[task].spec.name, pid=begun[task].pid)
            task.cancel()

    async def _gone(self, begun: dict[asyncio.Task[None], Child]) -> bool:
        """Wait for children to be gone, less long after a second signal; whether they are."""
        gone = asyncio.create_task(asyncio.wait(begun))
        hurried = asyncio.create_task(self._hurried.wait())
        try:
            await asyncio.wait(
                (gone, hurried), timeout=self._stop_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not gone.done() and hurried.done():
                await asyncio.wait((gone,), timeout=HURRY_S)
            return gone.done()
        finally:
            gone.cancel()
            hurried.cancel()


async def supervise(supervisor: ChildSupervisor, on_ready: Callable[[], None]) -> None:
    """Run the children until SIGINT or SIGTERM, and stop them. A second signal hurries.

    Args:
        supervisor: of the children; nothing runs yet.
        on_ready: called once all of them are ready.

    Raises:
        ChildFailed: one of them could not be kept; all are stopped.
    """
    asked = asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            supervisor.hurry()
        asked.set()

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    running = asyncio.create_task(_started_and_kept(supervisor, on_ready))
    waiting = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        log.info("children_stopping", asked=asked.is_set())
    finally:
        running.cancel()
        waiting.cancel()
        (ended, _) = await asyncio.gather(running, waiting, return_exceptions=True)
        await supervisor.stop()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
    if isinstance(ended, Exception):
        raise ended


async def _started_and_kept(supervisor: ChildSupervisor, on_ready: Callable[[], None]) -> None:
    await supervisor.start()
    on_ready()
    await supervisor.keep()


async def _all_ready(group: Sequence[Child]) -> None:
    for child in group:
        await child.ready.wait()
