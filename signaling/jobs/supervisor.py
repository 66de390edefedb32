"""The supervisor: has jobs carried out, some at once, and settles how they ended.

It stands in the serving process and never computes. Its runs bear its name, so that those of a
former life are found at the next start. Runs of another supervisor that nobody has seen alive for
`STALE_S` are taken over.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from signaling.base.clock import Clock
from signaling.base.events import Events
from signaling.jobs.events import JobEnded, JobSubmitted
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending, RunEnd, verdict
from signaling.jobs.service import ended
from signaling.jobs.store import JobStore
from signaling.tracing.api import ENDING, JOB, NO_TRACING, TRIES, Facts, Span, Tracing

log = structlog.get_logger(__name__)

POLL_S = 2.0  # between two looks for jobs that were submitted elsewhere, or are due again
BEAT_S = 2.0  # between two notes that a worker lives, with its progress
STALE_S = 60.0  # without a note; longer than any writer may keep the database
STOP_S = 10.0  # until runs that are ended are settled, or left
SETTLE_RETRY_S = 1.0  # pause after a write that the database did not take


class Workers(Protocol):
    """Carries out runs somewhere."""

    async def work(self, run: Run, on_progress: Callable[[int, int], None]) -> RunEnd:
        """Carry out a run; returns how it ended. A cancelled call leaves no worker behind."""


class _Progress:
    """Progress of a run, as its worker told last."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0

    def note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Supervisor:
    """Has jobs carried out."""

    def __init__(
        self,
        store: JobStore,
        workers: Workers,
        events: Events,
        clock: Clock,
        *,
        at_once: int = 1,
        name: str = "main",
        tracing: Tracing = NO_TRACING,
    ) -> None:
        """Put it together.

        Args:
            store: the jobs.
            workers: carry them out.
            events: tell what was submitted and cancelled, and are told what ended.
            clock: the time.
            at_once: how many jobs run at the same time.
            name: of this serving process among those that share a database.
            tracing: makes a span of each run.
        """
        self._store = store
        self._workers = workers
        self._events = events
        self._clock = clock
        self._at_once = at_once
        self._name = name
        self._tracing = tracing
        self._runs: dict[str, asyncio.Task[None]] = {}  # by job
        self._news = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        events.subscribe(JobSubmitted, self.on_submitted)
        events.subscribe(JobEnded, self.on_ended)

    # --- life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what a former life left, and begin."""
        await self._take_over(self._name)
        self._loop = asyncio.create_task(self._look_for_jobs(), name="jobs")

    async def stop(self) -> None:
        """End the runs; their jobs are queued again, to be run after the next start."""
        tasks = [task for task in (self._loop, *self._runs.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)
        for task in tasks:  # what the database did not take until now, the next start settles
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop = None

    async def take_over_stale(self) -> None:
        """Queue the jobs again whose supervisor is gone."""
        await self._take_over(None)

    async def carry_next(self) -> bool:
        """Carry out the job that waits longest, to its end; whether there was one."""
        run = await self._store.claim(self._name, self._clock.now())
        if run is not None:
            await self._carry(run)
        return run is not None

    # --- events ----------------------------------------------------------------------------------

    async def on_submitted(self, _event: JobSubmitted) -> None:
        """Look for jobs at once."""
        self._news.set()

    async def on_ended(self, event: JobEnded) -> None:
        """End the worker of a job that was cancelled."""
        task = self._runs.get(event.job_id)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    # --- inside ----------------------------------------------------------------------------------

    async def _look_for_jobs(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._fill()
            except Exception:
                log.exception("jobs_not_looked_for")  # the database is away, say
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL_S)

    async def _fill(self) -> None:
        while len(self._runs) < self._at_once:
            run = await self._store.claim(self._name, self._clock.now())
            if run is None:
                return
            task = asyncio.create_task(self._carry(run), name=f"job-{run.job_id}")
            self._runs[run.job_id] = task
            task.add_done_callback(partial(self._over, run.job_id))

    def _over(self, job_id: str, task: asyncio.Task[None]) -> None:
        if self._runs.get(job_id) is task:
            del self._runs[job_id]
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_not_carried", job_id=job_id, exc_info=error)

    async def _carry(self, run: Run) -> None:
        facts: Facts = {JOB: run.job_id, TRIES: run.tries}
        with self._tracing.span("job", facts=facts, alone=True) as span:
            end = await self._worked(run)
            span.tell({ENDING: end.ending.value}, failed=end.ending is Ending.DIED)
            await self._settle(run, end, span)

    async def _worked(self, run: Run) -> RunEnd:
        progress = _Progress()
        worker = asyncio.create_task(self._workers.work(run, progress.note))
        beats = asyncio.create_task(self._beat(run, progress, worker))
        try:
            end = await worker
        except asyncio.CancelledError:
            await _ended(worker)
            end = RunEnd(Ending.STOPPED)
        except Exception:
            log.exception("job_worker_not_started", job_id=run.job_id)
            end = RunEnd(Ending.DIED)
        finally:
            await _ended(beats)
        return end

    async def _beat(self, run: Run, progress: _Progress, worker: asyncio.Task[RunEnd]) -> None:
        """Note that the worker lives; end it once nobody wants its run any more."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                now = self._clock.now()
                wanted = await self._store.beat(run, now, progress.done, progress.total)
            except Exception as error:  # whatever the driver raises: the next beat may fare better
                log.warning("job_beat_not_written", job_id=run.job_id, error=repr(error))
            else:
                if not wanted and not worker.done():
                    worker.cancel()
                    return

    async def _settle(self, run: Run, end: RunEnd, span: Span | None = None) -> None:
        """Write what follows from the end of a run, however long the database is away."""
        following = verdict(end, run.tries)
        while True:
            try:
                record = await self._store.settle(run, following, self._clock.now())
            except Exception as error:
                log.warning("job_not_settled", job_id=run.job_id, error=repr(error))
                await asyncio.sleep(SETTLE_RETRY_S)
            else:
                break
        log.info("job_run_ended", job_id=run.job_id, ending=end.ending, action=following.action)
        if record is not None:
            if span is not None:
                span.rename(f"job {record.kind}")
            await self._events.publish((ended(record, record.state),))

    async def _take_over(self, name: str | None) -> None:
        before = self._clock.now() - timedelta(seconds=STALE_S)
        for run in await self._store.abandoned(name, before):
            if run.job_id not in self._runs:
                log.warning("job_abandoned", job_id=run.job_id, tries=run.tries)
                await self._settle(run, RunEnd(Ending.DIED))


async def _ended(task: asyncio.Task[object]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
