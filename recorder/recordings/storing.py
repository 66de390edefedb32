"""Putting finished recordings away: one at a time, again and again until the storage has them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Awaitable, Callable

import structlog

from recorder.api import (
    Entry,
    RecordingNotFound,
    RecordingState,
    StorageFailure,
    StorageState,
)
from recorder.recordings.breaking_off import BreakingOff
from recorder.storage.api import Storage

RETRY_S = 30.0  # s after a failure; doubled each time in a row …
MAX_RETRY_S = 15 * 60.0  # s; … up to this, for as long as it takes
SWEEP_S = 3600.0  # s between two looks at what is still on this machine
_FAILURES = {
    errno.ENOSPC: StorageFailure.FULL,
    errno.EDQUOT: StorageFailure.FULL,
    errno.EACCES: StorageFailure.REFUSED,
    errno.ENODEV: StorageFailure.REFUSED,
    errno.EBADMSG: StorageFailure.DIFFERENT,
    errno.EEXIST: StorageFailure.DIFFERENT,
}
_PASSING = frozenset((errno.EAGAIN,))  # a job works on the recording now: nothing to tell

_log = structlog.get_logger(__name__)


class Storing:
    """Puts recordings away that are READY. All calls on one event loop."""

    def __init__(
        self,
        storage: Storage,
        entry: Callable[[str], Awaitable[Entry]],
        *,
        retry_s: float = RETRY_S,
        sweep_s: float = SWEEP_S,
    ) -> None:
        """Make it; `entry` reads a recording's entry, and raises RecordingNotFound."""
        self._storage = storage
        self._entry = entry
        self._retry_s = retry_s
        self._sweep_s = sweep_s
        self._due: dict[str, float] = {}  # by recording id: when, in the loop's time
        self._missing: set[str] = set()  # those that the storage lacks
        self._failures = 0  # in a row
        self._failure: StorageFailure | None = None
        self._wake = asyncio.Event()
        self._breaking_off = BreakingOff()
        self._runner: asyncio.Task[None] | None = None

    @property
    def state(self) -> StorageState:
        """Number of recordings that the storage lacks, and why, if the last attempt failed."""
        return StorageState(len(self._missing), self._failure)

    def start(self) -> None:
        """Begin to put away, with all that is on this machine."""
        self._runner = asyncio.create_task(self._run(), name="storing")

    def break_off(self) -> None:
        """Begin to stop, without waiting."""
        self._breaking_off.stop()

    async def stop(self) -> None:
        """Break off what is under way; the next start goes on."""
        if self._runner is not None:
            self.break_off()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._runner = None

    def put(self, recording_id: str) -> None:
        """Put a recording away soon; once is enough."""
        self._due[recording_id] = asyncio.get_running_loop().time()
        self._wake.set()

    async def _run(self) -> None:
        now, sweep_at = asyncio.get_running_loop().time, 0.0
        while True:
            self._wake.clear()  # before looking, so that no call of `put` is missed
            if now() >= sweep_at:
                await self._sweep()
                sweep_at = now() + self._sweep_s
            recording_id = min(self._due, key=self._due.__getitem__, default=None)
            until = sweep_at if recording_id is None else min(sweep_at, self._due[recording_id])
            if recording_id is None or until > now():
                await self._breaking_off.part(self._wait(until - now()))
                continue
            del self._due[recording_id]
            await self._put_away(recording_id)

    async def _wait(self, longest_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(longest_s, 0.0)):
                await self._wake.wait()

    async def _sweep(self) -> None:
        """Take up all that is here, and clear away what killed processes left."""
        try:
            for recording_id in await asyncio.to_thread(self._storage.waiting):
                self._due.setdefault(recording_id, 0.0)
            await self._breaking_off.part(self._storage.tidy())
        except OSError as error:
            _log.warning("storage_not_tidied", reason=str(error))

    async def _put_away(self, recording_id: str) -> None:
        try:
            entry = await self._entry(recording_id)
            if entry.state is not RecordingState.READY:
                return  # finishing will come back with it
            self._missing.add(recording_id)
            left_s = await self._breaking_off.part(
                self._storage.put_away(recording_id, sealed=entry.sealed)
            )
        except RecordingNotFound:
            self._missing.discard(recording_id)  # deleted, or never was
        except OSError as error:
            await self._failed(recording_id, error)
        except Exception:  # the database was away, say
            _log.exception("storing_broke_off", recording_id=recording_id)
            self._again(recording_id, MAX_RETRY_S)
        else:
            self._missing.discard(recording_id)
            if self._failures:
                _log.info("storage_works_again", waiting=len(self._due))
            self._failures, self._failure = 0, None
            if left_s is not None:
                self._again(recording_id, left_s)

    async def _failed(self, recording_id: str, error: OSError) -> None:
        if error.errno in _PASSING:
            self._again(recording_id, self._retry_s)
            return
        self._failure = _FAILURES.get(error.errno or 0, StorageFailure.AWAY)
        delay_s = min(self._retry_s * 2.0 ** min(self._failures, 16), MAX_RETRY_S)
        self._failures += 1
        _log.error(
            "recording_not_stored",
            recording_id=recording_id,
            failure=self._failure.value,
            reason=str(error),
            waiting=len(self._missing),
            again_in_s=delay_s,
        )
        self._again(recording_id, delay_s)
        if self._failure is not StorageFailure.DIFFERENT:
            await self._breaking_off.part(asyncio.sleep(delay_s))  # the others would fare no better

    def _again(self, recording_id: str, in_s: float) -> None:
        self._due[recording_id] = asyncio.get_running_loop().time() + in_s
