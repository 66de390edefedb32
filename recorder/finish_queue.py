"""Runs finishing jobs, one at a time, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from recorder.finish import LASTING_FAILURE, Line

ATTEMPTS = 3
RETRY_DELAY_S = 5.0
BROKEN_OFF_DELAY_S = 60.0  # until a job is taken up again that the database, say, broke off
FAILED_DELAY_S = 60.0  # until a failed job is taken up again; doubled each time …
MAX_FAILED_DELAY_S = 3600.0  # … up to this
MAX_ROUNDS = 24  # some 18 hours: a disk is cleared by the next day; then the next start tries again
MAX_JOB_S = 2 * 3600.0  # a day's recording takes minutes; this only ends a process that hangs
PROGRESS_INTERVAL_S = 0.5

# What a finisher is told of the server's environment: how to find Python, no passwords.
_TOLD = frozenset(("PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "VIRTUAL_ENV"))
_TOLD_PREFIXES = ("PYTHON", "LC_")

_log = structlog.get_logger(__name__)
_line_decoder = msgspec.json.Decoder(Line)


class FinishFailedError(Exception):
    """All attempts of a job failed; the argument is a stable code, or the process's last words.

    With `lasting`, another time will not help.
    """

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class FinishQueue:
    """A queue of recordings to finish; the service says what to do at each step.

    Args of the callbacks are recording ids; they run on the event loop. `on_failed` is also given
    the reason, and whether the job will be taken up again.
    """

    def __init__(
        self,
        folder_of: Callable[[str], Path],
        *,
        on_start: Callable[[str], Awaitable[None]],
        on_progress: Callable[[str, float], Awaitable[None]],
        on_done: Callable[[str], Awaitable[None]],
        on_failed: Callable[[str, str, bool], Awaitable[None]],
        retry_delay_s: float = RETRY_DELAY_S,
        failed_delay_s: float = FAILED_DELAY_S,
        broken_off_delay_s: float = BROKEN_OFF_DELAY_S,
    ) -> None:
        self._folder_of = folder_of
        self._on_start = on_start
        self._on_progress = on_progress
        self._on_done = on_done
        self._on_failed = on_failed
        self._retry_delay_s = retry_delay_s
        self._broken_off_delay_s = broken_off_delay_s
        self._failed_delay_s = failed_delay_s
        self._told_open = False  # that finishers can read what the server can
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

    async def cancel(self, recording_id: str) -> None:
        """Take a recording out; when this returns, no process works on it."""
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
        except Exception:
            # The database was away, say. A server may run for months, so not left to its next
            # start.
            log.exception("finishing_broke_off")
            self._put_later(recording_id, self._broken_off_delay_s)

    async def _failed(self, recording_id: str, error: FinishFailedError) -> None:
        """Tell, and unless it is hopeless try again later: a full disk may be cleared by then."""
        rounds = self._rounds.get(recording_id, 0)
        again = not error.lasting and rounds < MAX_ROUNDS
        _log.error(
            "finishing_failed", recording_id=recording_id, reason=str(error), tried_again=again
        )
        await self._on_failed(recording_id, str(error), again)
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
                    failure = await self._run_process(recording_id)
            except TimeoutError:
                failure = "timeout"
            if failure is None:
                return
            _log.warning(
                "finishing_attempt_failed",
                recording_id=recording_id,
                attempt=attempt,
                reason=failure,
            )
            if attempt < ATTEMPTS:
                await asyncio.sleep(self._retry_delay_s)
        raise FinishFailedError(failure or "unknown")

    async def _run_process(self, recording_id: str) -> str | None:
        """One attempt; None if it worked, else what went wrong. Raises FinishFailedError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recorder.finish",
            str(self._folder_of(recording_id)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=finisher_environment(os.environ),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(_tail(process.stderr))
        try:
            failure = await self._follow(recording_id, process.stdout)
            code = await process.wait()
            said = await errors
        finally:
            errors.cancel()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if code == LASTING_FAILURE:
            raise FinishFailedError(failure or "lasting", lasting=True)
        return None if code == 0 else failure or said or f"exit code {code}"

    def _note_facts(self, recording_id: str, line: Line) -> None:
        if line.passed_over:
            _log.warning(
                "archive_records_passed_over", recording_id=recording_id, records=line.passed_over
            )
        if line.damaged_source is not None:
            _log.error("source_damaged", recording_id=recording_id, source_id=line.damaged_source)
        if line.shut_off is False and not self._told_open:
            self._told_open = True
            _log.warning("finishing_not_shut_off", reason="no Landlock here")

    async def _follow(self, recording_id: str, output: asyncio.StreamReader) -> str | None:
        loop, last = asyncio.get_running_loop(), float("-inf")
        failure = None
        async for raw in output:
            try:
                line = _line_decoder.decode(raw)
            except msgspec.DecodeError:
                continue  # a library that prints
            failure = line.failure or failure
            self._note_facts(recording_id, line)
            if line.failure is None and line.progress and loop.time() - last >= PROGRESS_INTERVAL_S:
                last = loop.time()
                await self._on_progress(recording_id, line.progress)
        return failure


def finisher_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a finishing process that the server of `environment` starts."""
    told = {
        name: value
        for name, value in environment.items()
        if name in _TOLD or name.startswith(_TOLD_PREFIXES)
    }
    # Few heaps: each reserves 64 MB of the addresses that it may have.
    return told | {"MALLOC_ARENA_MAX": "2"}


async def _tail(stream: asyncio.StreamReader, limit: int = 2000) -> str:
    """The last words of a stream, which is read to its end so that the writer never blocks."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-limit:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
