"""Finding what is to be finished, where other processes record, and claiming it among finishers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence

import structlog

from recorder.api import Entry, GoesOn, LessonLost
from recorder.archive.reader import has_ended
from recorder.core.unfinished import Patience, Unfinished
from recorder.recordings.rows import Turn
from recorder.recordings.store import RecordingStore
from recorder.storage.api import Storage

LOOK_EVERY_S = 3.0  # s between two looks at the database
LAST_LOOK_S = 2.0  # for a look that is under way when the process stops
BEAT_EVERY_S = 5.0  # s between two signs of life
PAGE = 200  # rows in one query

_log = structlog.get_logger(__name__)


class Claims:
    """The recordings that this process finishes; another process takes none of them."""

    def __init__(
        self, store: RecordingStore, storage: Storage, on_lost: Callable[[str], Awaitable[None]]
    ) -> None:
        """`on_lost` is told of a recording that another process has taken."""
        self._store = store
        self._storage = storage
        self._on_lost = on_lost
        self.finisher = secrets.token_hex(8)
        self._seen: dict[str, Unfinished] = {}  # to be claimed when their turn comes
        self._held: dict[str, Unfinished] = {}

    def note(self, row: Unfinished) -> None:
        """Note how a row was when it was found due."""
        self._seen[row.recording_id] = row

    def turn(self, recording_id: str) -> Turn:
        """Return the right to write the row. Raises LessonLost."""
        held = self._held.get(recording_id)
        if held is None:
            raise LessonLost(f"{recording_id} is finished by another process")
        return Turn(recording_id, held.lesson_id, finisher=self.finisher)

    async def take(self, recording_id: str) -> Entry | None:
        """Claim a recording; None if it is held already. Raises LessonLost."""
        if recording_id in self._held:
            return None
        row = self._seen.pop(recording_id, None)
        if row is None:
            raise LessonLost(f"{recording_id} is finished by another process")
        entry = await self._store.claim(row, self.finisher, ended=await self._has_ended(row))
        self._held[recording_id] = row
        return entry

    def drop(self, recording_id: str) -> None:
        """Note that a recording is finished, or given up."""
        self._held.pop(recording_id, None)

    async def beat(self) -> None:
        """Show that this process lives, for ever."""
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                await self.beat_once()
            except Exception:  # the database is away, for the others, too
                _log.exception("finisher_not_shown_alive")

    async def beat_once(self) -> None:
        """Show once that this process lives, and leave what others have taken."""
        if not (held := set(self._held)):
            return
        for recording_id in held - await self._store.beat(self.finisher, held):
            if self._held.pop(recording_id, None) is not None:
                _log.info("finishing_left_to_others", recording_id=recording_id)
                await self._on_lost(recording_id)

    async def release(self) -> None:
        """Leave all to the others."""
        self._held.clear()
        try:
            await self._store.release(self.finisher)
        except Exception:  # the others will see that it shows no life
            _log.exception("finisher_not_released")

    async def _has_ended(self, row: Unfinished) -> bool:
        """Look for an end that a process marked before it died."""
        if row.ended:
            return True
        archive = self._storage.archive(row.recording_id)
        try:
            await self._storage.gather(row.recording_id)
            return await asyncio.to_thread(has_ended, archive)
        except OSError as error:  # finishing will see whether it can be read
            _log.warning("archive_not_read", recording_id=row.recording_id, reason=str(error))
            return False


class Search:
    """Looks for recordings that nobody else will finish."""

    def __init__(
        self,
        store: RecordingStore,
        claims: Claims,
        *,
        goes_on: GoesOn | None,
        continue_within_s: float,
        put: Callable[[str], None],
        is_queued: Callable[[str], bool],
    ) -> None:
        """Make it.

        Args:
            store: has the rows.
            claims: told how a row was when it was found.
            goes_on: see there; None: what is not finished at the start was left behind, unless it
                changes.
            continue_within_s: s that a lesson which does not go on is waited for.
            put: queues a recording.
            is_queued: tells whether a recording is in the queue.
        """
        self._store = store
        self._claims = claims
        self._goes_on = goes_on
        self._put = put
        self._is_queued = is_queued
        self._patience = Patience(continue_within_s)
        self._left: dict[str, Unfinished] | None = None  # by id: at the start
        self._turn = asyncio.Lock()  # held by a look
        self._stopped = False

    async def run(self) -> None:
        """Look again and again, until `stop`."""
        while not self._stopped:
            async with self._turn:
                await self._try_to_look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def stop(self) -> None:
        """Look no more. A look that is under way comes to its end, if it does so in time."""
        self._stopped = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_LOOK_S), self._turn:
                pass

    async def _try_to_look(self) -> None:
        if self._stopped:
            return
        try:
            await self.look()
        except Exception:  # the database is away, say
            _log.exception("unfinished_not_looked_for")

    async def look(self) -> None:
        """Look at all rows once, page by page."""
        first, seen = self._left is None, set[str]()
        left = dict[str, Unfinished]() if self._left is None else self._left
        after: tuple[int, str] | None = None
        while True:
            rows = await self._store.unfinished_page(after=after, limit=PAGE, failed=first)
            if first:
                left |= {row.recording_id: row for row in rows if row.may_go_on}
            seen |= {row.recording_id for row in rows}
            await self._judge(rows, left)
            if len(rows) < PAGE:
                break
            after = rows[-1].started_at_ms, rows[-1].recording_id
        self._left = left
        self._patience.keep_only(seen)

    async def _judge(self, rows: Sequence[Unfinished], left: dict[str, Unfinished]) -> None:
        live = await self._live([row for row in rows if row.may_go_on], left)
        now = asyncio.get_running_loop().time()
        for row in rows:
            due = self._patience.is_due(row, now, goes_on=row.lesson_id in live)
            if due and not self._is_queued(row.recording_id):
                self._claims.note(row)
                self._put(row.recording_id)

    async def _live(self, rows: list[Unfinished], left: dict[str, Unfinished]) -> set[str]:
        """Pick the lessons that are live or may be continued."""
        if self._goes_on is None:
            return {row.lesson_id for row in rows if left.get(row.recording_id) != row}
        if not rows:
            return set()
        try:
            return set(await self._goes_on({row.lesson_id for row in rows}))
        except Exception:
            _log.exception("lessons_not_asked_for")
            return {row.lesson_id for row in rows}
