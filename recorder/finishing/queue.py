"""The queue of finishing jobs: one at a time, with attempts and rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from recorder.api import LessonLost, RecordingFailure
from recorder.finishing.process import FinishFailedError, FinishProcess
from recorder.storage.api import Storage

ATTEMPTS = 3  # in one round
RETRY_DELAY_S = 5.0  # s between two attempts
BROKEN_OFF_DELAY_S = 60.0  # s until a job that the database, say, broke off is taken up again
FAILED_DELAY_S = 60.0  # s until a failed job is taken up again; doubled each time …
MAX_FAILED_DELAY_S = 3600.0  # s; … up to this
MAX_ROUNDS = 24  # some 18 hours, so that a disk can be cleared; then the next start tries again
MAX_JOB_S = 2 * 3600.0  # s; a day's recording takes minutes, so this only ends a process that hangs

_log = structlog.get_logger(__name__)


class FinishQueue:
    """A queue of recordings to finish.

    The callbacks run on the event loop and are given the recording id. `on_failed` is also given
    the reason, and whether the job will be taken up again. A callback that raises LessonLost ends
    the job: another process has taken the recording.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        on_start: Callable[[str], Awaitable[None]],
        on_progress: Callable[[str, float], Awaitable[None]],
        on_done: Callable[[str], Awaitable[None]],
        on_failed: Callable[[str, RecordingFailure, bool], Awaitable[None]],
        retry_delay_s: float = RETRY_DELAY_S,
        failed_delay_s: float = FAILED_DELAY_S,
        broken_off_delay_s: float = BROKEN_OFF_DELAY_S,
    ) -> None:
        self._on_start = on_start
        self._process = FinishProcess(storage, on_progress)
        self._on_done = on_done
        self._on_failed = on_failed
        self._retry_delay_s = retry_delay_s
        self._broken_off_delay_s = broken_off_delay_s
        self._failed_delay_s = failed_delay_s
        self._rounds: dict[str, int] = {}  # how often each failed
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._waiting: dict[str, None] = {}  # an ordered set
        self._ready = asyncio.Event()
        self._current: str | None = None
        self._job: asyncio.Task[None] | None = None
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take jobs."""
        self._runner = asyncio.create_task(self._run(), name="finish-queue")

    async def stop(self) -> None:
        """End the running job, to be repeated another time, and take no more."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._runner = None
        for recording_id in tuple(self._later):
            self._not_later(recording_id)

    def put(self, recording_id: str) -> None:
        """Queue a recording; once is enough."""
        self._not_later(recording_id)
        self._waiting[recording_id] = None
        self._ready.set()

    def has(self, recording_id: str) -> bool:
        """Tell whether a recording waits, is worked on, or will be taken up again."""
        return (
            recording_id == self._current
            or recording_id in self._waiting
            or recording_id in self._later
        )

    def __len__(self) -> int:
        """The number of recordings that `has` is true of."""
        known = {*self._waiting, *self._later}
        return len(known if self._current is None else known | {self._current})

    async def cancel(self, recording_id: str) -> None:
        """Take a recording out, and wait until no process works on it."""
        self._waiting.pop(recording_id, None)
        self._not_later(recording_id)
        self._rounds.pop(recording_id, None)
        if self._current == recording_id and self._job is not None:
            self._job.cancel()
            await asyncio.gather(self._job, return_exceptions=True)

    def _not_later(self, recording_id: str) -> None:
        timer = self._later.pop(recording_id, None)
        if timer is not None:
            timer.cancel()

    async def _run(self) -> None:
        while True:
            await self._ready.wait()
            while self._waiting:
                self._current = next(iter(self._waiting))
                del self._waiting[self._current]
                self._job = asyncio.create_task(self._work(self._current), name="finish-job")
                try:
                    await asyncio.wait([self._job])
                finally:
                    # Cancelled from without (stop): take the job along.
                    self._job.cancel()
                    await asyncio.gather(self._job, return_exceptions=True)
                    self._current = self._job = None
            self._ready.clear()

    async def _work(self, recording_id: str) -> None:
        log = _log.bind(recording_id=recording_id)
        try:
            await self._on_start(recording_id)
            try:
                await self._try(recording_id)
            except FinishFailedError as error:
                await self._failed(recording_id, error)
            else:
                await self._on_done(recording_id)
                self._rounds.pop(recording_id, None)
                log.info("finishing_done")
        except asyncio.CancelledError:
            raise
        except LessonLost as error:
            self._rounds.pop(recording_id, None)
            log.info("finishing_left_to_others", reason=str(error))
        except Exception:
            # The database was away, say. The next start of the server may be months away.
            log.exception("finishing_broke_off")
            self._put_later(recording_id, self._broken_off_delay_s)

    async def _failed(self, recording_id: str, error: FinishFailedError) -> None:
        """Tell the failure, and try again later if that can help: a full disk may be cleared."""
        rounds = self._rounds.get(recording_id, 0)
        again = not error.lasting and rounds < MAX_ROUNDS
        _log.error(
            "finishing_failed", recording_id=recording_id, reason=str(error), tried_again=again
        )
        await self._on_failed(recording_id, error.failure, again)
        if again:
            self._rounds[recording_id] = rounds + 1
            delay_s = min(self._failed_delay_s * 2**rounds, MAX_FAILED_DELAY_S)
            self._put_later(recording_id, delay_s)
        else:
            self._rounds.pop(recording_id, None)

    def _put_later(self, recording_id: str, delay_s: float) -> None:
        self._not_later(recording_id)
        self._later[recording_id] = asyncio.get_running_loop().call_later(
            delay_s, self.put, recording_id
        )

    async def _try(self, recording_id: str) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(MAX_JOB_S):
                    await self._process.run(recording_id)
            except TimeoutError:
                error = FinishFailedError("timeout")
            except FinishFailedError as failed:
                error = failed
            else:
                return
            if error.lasting:
                raise error
            _log.warning(
                "finishing_attempt_failed",
                recording_id=recording_id,
                attempt=attempt,
                reason=str(error),
            )
            if attempt < ATTEMPTS:
                await asyncio.sleep(self._retry_delay_s)
        raise error
