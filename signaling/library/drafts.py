"""One draft resource for each recording: made when the recorder tells of it, and at start.

The recorder's events are not durable: the process may die between its row and ours, and the tables
may lie in two databases. So `start` also asks the recorder for every recording it has.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from recorder.api import Entry, Recorder, RecordingState, RecordingTrouble
from signaling.base.clock import Clock
from signaling.base.turns import end_between_turns
from signaling.library.search.core import pinyin
from signaling.library.store import ResourceStore

log = structlog.get_logger(__name__)

SWEEP_PAGE = 100  # recordings asked of the recorder at once
RETRY_S = 1.0  # pause after a write that the database did not take
SETTLE_S = 1.0  # the longest that a reader waits for drafts under way


class Drafts:
    """Makes drafts and brings them to their recordings. Implements `RecorderListener`."""

    def __init__(self, recorder: Recorder, store: ResourceStore, clock: Clock) -> None:
        self._recorder = recorder
        self._store = store
        self._clock = clock
        self._waiting: dict[str, Entry] = {}  # by recording, the newest news only
        self._news = asyncio.Event()
        self._tried = asyncio.Event()  # all that waits was tried at least once
        self._tried.set()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._indexer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen to the recorder, and make the drafts that are missing. The recorder runs."""
        self.listen()
        cursor = None
        while True:
            entries, cursor = await self._recorder.entries(limit=SWEEP_PAGE, before=cursor)
            await self._store.follow(entries, self._clock.now())
            if cursor is None:
                break
        self._indexer = asyncio.create_task(self._index_missing(), name="search index")

    def listen(self) -> None:
        """Listen to the recorder only: another process makes the drafts that are missing."""
        pinyin.load()
        self._recorder.add_listener(self)
        self._writer = asyncio.create_task(self._write_news(), name="drafts")

    async def stop(self) -> None:
        """Write what waits, once, and cease."""
        for task in filter(None, (self._writer, self._indexer)):
            await end_between_turns(task, self._writing)
        await self._write()

    async def settled(self) -> None:
        """Wait until the drafts of all news so far were written, or could not be.

        A reader then finds what it has just been told of. It never waits longer than `SETTLE_S`.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), SETTLE_S)

    # --- RecorderListener ------------------------------------------------------------------------

    def on_recording_changed(self, entry: Entry) -> None:
        """Write the draft soon."""
        if entry.state is RecordingState.FINISHING:
            return  # twice a second, and nothing in it that a draft keeps
        self._waiting[entry.recording_id] = entry
        self._tried.clear()
        self._news.set()

    def on_recording_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        """Leave it to the classroom."""

    def on_recording_recovered(self, lesson_id: str) -> None:
        """Leave it to the classroom."""

    def on_source_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """Leave it to the classroom."""

    # --- inside ----------------------------------------------------------------------------------

    async def _index_missing(self) -> None:
        try:
            await self._store.index_missing(self._writing)
        except Exception as error:  # whatever the driver raises: the next start goes on with it
            log.error("search_index_incomplete", error=repr(error))

    async def _write_news(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._write()
            if self._waiting:
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _write(self) -> None:
        """Try each draft in a transaction of its own: one that fails keeps no other from it."""
        for recording_id, entry in tuple(self._waiting.items()):
            try:
                async with self._writing:
                    await self._store.follow((entry,), self._clock.now())
            except Exception as error:  # whatever the driver raises: tried again
                log.error("draft_not_written", recording_id=recording_id, error=repr(error))
            else:
                if self._waiting.get(recording_id) is entry:
                    del self._waiting[recording_id]
        if not self._news.is_set():
            self._tried.set()
