"""A child that is kept running: one process after another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from signaling.base.clock import Clock
from signaling.children.ending import Ending
from signaling.children.process import ChildProcess, ChildSpec, Facts, child_process
from signaling.children.rules import Restarts

log = structlog.get_logger(__name__)


class ChildFailed(Exception):
    """A child ended, and is not started again.

    Attributes:
        name: of the child.
        how: it ended.
        status: exit status for the supervisor.
    """

    def __init__(self, name: str, ending: Ending, *, was_ready: bool) -> None:
        early = ending.status is not None and not was_ready
        self.name = name
        self.how = f"{ending}{' before it was ready' if early else ''}"
        super().__init__(f"child {name}: {self.how}")
        self.status = ending.exit_status


class Child:
    """Keeps one child running until it is let go.

    Attributes:
        spec: what it is.
        ready: set once it has been ready.
        facts: what it told of itself when it was ready last.
        failure: why it is not started again.
    """

    def __init__(
        self, spec: ChildSpec, clock: Clock, ready_s: float, on_change: Callable[[], None]
    ) -> None:
        """Put it together.

        Args:
            spec: what it is.
            clock: the time.
            ready_s: seconds for it to become ready.
            on_change: called when its process begins, ends, or fails for good.
        """
        self.spec = spec
        self.ready = asyncio.Event()
        self.facts: Facts = {}
        self.failure: ChildFailed | None = None
        self._clock = clock
        self._ready_s = ready_s
        self._on_change = on_change
        self._restarts = Restarts()
        self._let_go = asyncio.Event()
        self._terminated = False
        self._process: ChildProcess | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Id of its present process."""
        return None if self._process is None else self._process.pid

    @property
    def keeping(self) -> asyncio.Task[None] | None:
        """The task that keeps it; done once the child is gone for good."""
        return self._keeping

    def begin(self, life_fd: int) -> None:
        """Start it, and keep it."""
        self._keeping = asyncio.create_task(self._keep(life_fd), name=f"child-{self.spec.name}")

    def let_go(self) -> None:
        """Do not start it again."""
        self._let_go.set()

    def terminate(self) -> None:
        """Ask it to stop."""
        self.let_go()
        self._terminated = True
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End its present process at once."""
        if self._process is not None:
            log.warning("child_killed", child=self.spec.name, pid=self._process.pid)
            self._process.kill()

    async def _keep(self, life_fd: int) -> None:
        while not self._let_go.is_set():
            try:
                ending = await self._run(life_fd)
            except OSError as error:
                ending = Ending(None, f"it cannot be started: {error}")
            except Exception as error:
                log.exception("child_not_kept", child=self.spec.name)
                ending = Ending(None, repr(error))
            if self._let_go.is_set():
                log.info("child_stopped", child=self.spec.name, how=str(ending))
            elif ending.is_final or not self.ready.is_set():
                self._fail(ending)
            else:
                await self._pause(ending)

    def _fail(self, ending: Ending) -> None:
        log.error("child_failed", child=self.spec.name, how=str(ending))
        self.failure = ChildFailed(self.spec.name, ending, was_ready=self.ready.is_set())
        self.let_go()
        self._on_change()

    async def _pause(self, ending: Ending) -> None:
        """Wait until the child may be started again, or is let go."""
        pause_s = self._restarts.ended(self._clock.monotonic())
        log.warning("child_ended", child=self.spec.name, how=str(ending), again_in_s=pause_s)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._let_go.wait(), pause_s)

    async def _run(self, life_fd: int) -> Ending:
        """Run it once, to its end."""
        try:
            async with child_process(self.spec, life_fd) as process:
                self._begun(process)
                try:
                    facts = await process.until_ready(self._ready_s)
                except TimeoutError:
                    return Ending(None, f"not ready within {self._ready_s:g} s")
                if facts is not None:
                    self._is_ready(process, facts)
                return Ending(await process.end())
        finally:
            self._process = None
            self._on_change()

    def _begun(self, process: ChildProcess) -> None:
        log.info("child_started", child=self.spec.name, pid=process.pid)
        self._process = process
        if self._terminated:
            process.terminate()
        self._on_change()

    def _is_ready(self, process: ChildProcess, facts: Facts) -> None:
        log.info("child_ready", child=self.spec.name, pid=process.pid)
        self._restarts.ready(self._clock.monotonic())
        self.facts = facts
        self.ready.set()
