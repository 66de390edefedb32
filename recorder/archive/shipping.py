"""Shipping: archives of running lessons go to the storage's lasting place, piece by piece.

The disk here comes first. A piece is read from the segment's file, so a place that is away costs no
memory and no lesson: what it lacks waits in the file. Nothing is noted here; after a restart the
lasting place tells what it has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from recorder.archive.reader import read_opening
from recorder.storage.api import ArchiveFiles, Storage
from recorder.storage.pieces import MAX_PIECE_BYTES, covered, piece_of

# s from the beginning of one round to that of the next. Bytes wait 0.25 s for the disk and 1 s for
# their round, so 0.75 s of the 2 s are left for the request.
ROUND_S = 1.0
AT_ONCE = 4  # pieces of all lessons under way, each of at most 2 MiB in memory
RETRY_S = 1.0  # s after a failure; doubled each time in a row …
MAX_RETRY_S = 15.0  # s; … up to this, for as long as it takes
STOP_S = 5.0  # s that a stop waits for the last pieces

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Shipping:
    """Ships the archives that it is told of. All calls on one event loop."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._loads: dict[str, _Load] = {}
        self._stopped = False
        # Threads of its own: a silent place must not take those that lessons need.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="shipping")

    def add(self, recording_id: str, *, fresh: bool = False) -> None:
        """Ship an archive from now on; `fresh`: nothing of it was ever shipped."""
        if self._stopped:
            return
        load = self._loads.get(recording_id)
        if load is None:
            load = _Load(recording_id, self._storage.archive(recording_id), fresh=fresh)
            self._loads[recording_id] = load
            load.task = asyncio.create_task(self._run(load), name="shipping")
        load.closed.clear()

    def close(self, recording_id: str) -> None:
        """Note that an archive grows no more: its rest goes at once."""
        if (load := self._loads.get(recording_id)) is not None:
            load.closed.set()

    def is_busy(self, recording_id: str) -> bool:
        """Tell whether an archive is being shipped."""
        return recording_id in self._loads

    async def shipped(self, recording_id: str, longest_s: float) -> bool:
        """Wait until all of a closed archive is shipped; return whether it is."""
        if (load := self._loads.get(recording_id)) is None:
            return True
        assert load.task is not None
        await asyncio.wait([load.task], timeout=longest_s)
        return load.whole

    async def stop(self, longest_s: float = STOP_S) -> None:
        """Ship the rest of all archives, but not for long."""
        self._stopped = True
        tasks = [load.task for load in self._loads.values() if load.task is not None]
        for recording_id in self._loads:
            self.close(recording_id)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=longest_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- inside ---

    async def _run(self, load: _Load) -> None:
        now = asyncio.get_running_loop().time
        failures = 0
        try:
            while not load.whole:
                began, closed = now(), load.closed.is_set()
                try:
                    await self._round(load)
                except OSError as error:
                    failures += 1
                    await self._failed(load, failures, error)
                    continue
                if failures:
                    _log.info("archive_shipped_again", recording_id=load.recording_id)
                failures = 0
                if closed and load.closed.is_set():
                    load.whole = True
                elif not closed:
                    await _wait(load.closed, began + ROUND_S - now())
        finally:
            del self._loads[load.recording_id]

    async def _round(self, load: _Load) -> None:
        """Ship all that is on the disk. Raises OSError."""
        if not load.known:
            await self._in_thread(load.learn)
        while await self._in_thread(load.ship_one):
            pass

    async def _failed(self, load: _Load, failures: int, error: OSError) -> None:
        delay_s = min(RETRY_S * 2.0 ** min(failures - 1, 10), MAX_RETRY_S)
        if failures in (1, 10, 100):
            _log.warning(
                "archive_not_shipped",
                recording_id=load.recording_id,
                reason=str(error),
                failures=failures,
            )
        await asyncio.sleep(delay_s)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class _Load:
    """One archive on its way; the methods are for one thread at a time.

    Attributes:
        closed: the archive grows no more.
        known: what the lasting place had before is known.
        whole: all of a closed archive is there.
    """

    def __init__(self, recording_id: str, archive: ArchiveFiles, *, fresh: bool) -> None:
        self.recording_id = recording_id
        self.closed = asyncio.Event()
        self.known = fresh
        self.whole = False
        self.task: asyncio.Task[None] | None = None
        self._archive = archive
        self._takes: dict[int, int] = {}  # by segment
        self._sent: dict[int, int] = {}  # bytes of each segment
        self._done = 0  # all segments up to this one have been shipped, and grow no more

    def learn(self) -> None:
        """Ask what was shipped before. Blocks. Raises OSError."""
        pieces = self._archive.pieces()
        for index in self._archive.segments():
            take = self._take(index)
            some = [one for one in pieces if (one.take, one.segment) == (take, index)]
            self._sent[index] = covered(some)
        self.known = True

    def ship_one(self) -> bool:
        """Ship the next piece; return False if there is none yet. Blocks. Raises OSError."""
        present = [index for index in self._archive.segments() if index > self._done]
        for index in present:
            start = self._sent.get(index, 0)
            size, take = self._archive.size(index) or 0, self._take(index)
            if take and size > start:
                data = self._archive.read(index, min(size - start, MAX_PIECE_BYTES), start)
                self._archive.ship(piece_of(take, index, start, data), data)
                self._sent[index] = start + len(data)
                return bool(data)
            if index != present[-1]:
                self._done = index
        return False

    def _take(self, index: int) -> int:
        """Read which taking up made a segment; 0 if that cannot be told."""
        if index not in self._takes:
            begin = read_opening(self._archive, index)
            if begin is None:
                return 0
            self._takes[index] = begin.take
        return self._takes[index]


async def _wait(event: asyncio.Event, longest_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(longest_s, 0.0)):
            await event.wait()
