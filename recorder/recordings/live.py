"""The recordings that this process makes: begun, continued, ended, or left to another process."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import IntegrityError

from recorder.api import (
    Entry,
    LessonFacts,
    LessonGuard,
    LessonLost,
    RecordingState,
    StorageUnavailable,
)
from recorder.archive.segment import LaterRunError
from recorder.archive.session import OpenArchive, RecordingSession
from recorder.archive.shipping import Shipping
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin, SourceName, Stage
from recorder.recordings.rows import Turn
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.storage.api import Storage
from relay.api import Relay

HAND_OVER_AGAIN_S = 5.0  # s until a database that was away is told again that a lesson ended
END_NOTED_S = 5.0  # s until an end is marked in the archive though the database does not answer
SHIPPED_WITHIN_S = 600.0  # s that a closed archive waits for its last pieces to be shipped
SHOWN_EVERY_S = 5.0  # s between two signs of life meanwhile; who finishes waits 15 s for one
_TAKE_ATTEMPTS = 3  # each fails only if the database is older than the archive

_log = structlog.get_logger(__name__)


class Finishing(Protocol):
    """Hands a closed recording on to whoever finishes it."""

    async def release(self, recording_id: str) -> None:
        """Finish it no more, for it goes on; return when no process of ours works on it."""

    def take(self, recording_id: str) -> None:
        """Finish it soon."""


@dataclass(slots=True)
class _Live:
    """A recording that runs here.

    Attributes:
        lost: another process goes on with it.
        asked: its end was noted in the database, or could not be.
    """

    session: RecordingSession
    turn: Turn
    lost: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)


class LiveRecordings:
    """Records the lessons of this process. All calls on one event loop.

    Attributes:
        lock: held while a recording begins, ends or is sealed.
    """

    def __init__(
        self,
        config: RecorderConfig,
        store: RecordingStore,
        storage: Storage,
        recordings: Recordings,
        *,
        clock: Callable[[], float],
        guard: LessonGuard | None,
        finishing: Finishing | None,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        shipping: Shipping | None = None,
    ) -> None:
        """Make it.

        Args:
            config: the settings.
            store: keeps the rows.
            storage: keeps the archives.
            recordings: hears of changes and of the archives' health.
            clock: gives Unix seconds.
            guard: asked at each write about a lesson.
            finishing: of this process; None if another process finishes.
            spawn: starts a task, which the owner waits for after `stop`.
            shipping: of archives that run; None if they stay here.
        """
        self._config = config
        self._store = store
        self._storage = storage
        self._recordings = recordings
        self._clock = clock
        self._guard = guard
        self._finishing = finishing
        self._spawn = spawn
        self._shipping = shipping
        self._live: dict[str, _Live] = {}  # by room
        self._tails: dict[str, asyncio.Event] = {}  # rooms whose lesson's last moments still arrive
        self._stopping = asyncio.Event()
        self.lock = asyncio.Lock()

    def session(self, room_id: str) -> RecordingSession | None:
        """Find the running recording of a room."""
        live = self._live.get(room_id)
        return None if live is None else live.session

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """See `Recorder`."""
        if (session := self.session(room_id)) is not None:
            session.put(SourceName(source_id, name))

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """See `Recorder`."""
        if (session := self.session(room_id)) is not None:
            session.put(Stage(participant_id, name, on_stage, session.clock.now()))

    # --- beginning ---

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """See `Recorder`."""
        async with self.lock:
            if (present := self._live.get(room_id)) is not None:
                return present.session.recording_id
            recording_id = await self._store.unended_recording_of(facts.lesson_id)
            if recording_id is None:
                live, entry = await self._begin_new(relay, room_id, facts)
            else:
                live, entry = await self._go_on(relay, room_id, facts, recording_id)
            session = live.session
            self._live[room_id] = live
            if self._shipping is not None:
                self._shipping.add(session.recording_id, fresh=recording_id is None)
            self._recordings.runs(session.recording_id, session.clock.wall_now)
        _log.info("recording_began", recording_id=session.recording_id, room_id=room_id)
        self._recordings.tell(entry)
        return session.recording_id

    async def _begin_new(
        self, relay: Relay, room_id: str, facts: LessonFacts
    ) -> tuple[_Live, Entry]:
        turn = Turn(secrets.token_hex(8), facts.lesson_id, take=1, guard=self._guard)
        started_at = self._clock()
        archive = await self._open(turn, room_id, facts, started_at)
        try:
            turn, entry = await self._add(turn, facts, started_at)
            return self._tapped(turn, archive, relay, room_id), entry
        except BaseException as error:
            await archive.close(ended=False)
            if isinstance(error, LessonLost):  # or it would be adopted one day
                files = self._storage.archive(turn.recording_id)
                await asyncio.to_thread(files.drop, archive.run)
            raise

    async def _add(self, turn: Turn, facts: LessonFacts, started_at: float) -> tuple[Turn, Entry]:
        recording_id = turn.recording_id
        try:
            entry = await self._store.add(
                recording_id, facts, started_at, takes=1, guard=self._guard
            )
        except IntegrityError:  # who finishes has just adopted the archive, as one without a row
            take = await self._store.take_up(recording_id, facts.lesson_id, self._guard)
            return replace(turn, take=take), await self._store.entry(recording_id)
        return turn, entry

    async def _go_on(
        self, relay: Relay, room_id: str, facts: LessonFacts, recording_id: str
    ) -> tuple[_Live, Entry]:
        """Continue a recording whose end was never marked, with a gap.

        The row comes first: of several processes one has it, and its archive tells that.
        """
        if self._finishing is not None:
            await self._finishing.release(recording_id)
        former = await self._store.entry(recording_id)
        take = await self._store.take_up(recording_id, facts.lesson_id, self._guard)
        turn = Turn(recording_id, facts.lesson_id, take=take, guard=self._guard)
        archive: OpenArchive | None = None
        try:
            turn, archive = await self._open_later(turn, room_id, facts, former)
            entry = await self._store.entry(recording_id)
            return self._tapped(turn, archive, relay, room_id), entry
        except BaseException:
            if archive is not None:
                await archive.close(ended=False)
            await self._give_back(turn, former)
            raise

    async def _open_later(
        self, turn: Turn, room_id: str, facts: LessonFacts, former: Entry
    ) -> tuple[Turn, OpenArchive]:
        """Open a run that is later than all in the archive."""
        for _ in range(_TAKE_ATTEMPTS):
            try:
                started_at = former.started_at.timestamp()
                return turn, await self._open(turn, room_id, facts, started_at)
            except LaterRunError as later:
                # Either the turn is over, or the database is that of a backup.
                take = await self._store.raise_take(turn, later.take)
                turn = replace(turn, take=take)
        raise StorageUnavailable(f"{turn.recording_id}: the archive has later and later runs")

    async def _open(
        self, turn: Turn, room_id: str, facts: LessonFacts, started_at: float
    ) -> OpenArchive:
        def leave() -> None:
            self._spawn(self._leave(room_id, turn.recording_id))

        assert turn.take is not None
        return await OpenArchive.open(
            self._storage,
            Begin(turn.recording_id, started_at, facts, take=turn.take),
            self._config,
            self._clock,
            self._recordings,
            on_later_run=leave,
        )

    def _tapped(self, turn: Turn, archive: OpenArchive, relay: Relay, room_id: str) -> _Live:
        session = RecordingSession(
            turn.recording_id,
            archive,
            relay,
            room_id,
            storage=self._storage,
            config=self._config,
            wall_clock=self._clock,
            listener=self._recordings,
        )
        return _Live(session, turn)

    async def _give_back(self, turn: Turn, former: Entry) -> None:
        """Leave the row as it was: nothing could be recorded."""
        try:
            await self._store.give_back(turn, former)
        except LessonLost:
            return
        except Exception:  # whoever finishes will find it
            _log.exception("recording_not_given_back", recording_id=turn.recording_id)
        if self._finishing is not None and former.state is RecordingState.FINISHING:
            self._finishing.take(turn.recording_id)

    # --- ending ---

    async def end(self, room_id: str) -> None:
        """See `Recorder`."""
        if (present := self._live.get(room_id)) is not None:
            present.session.mark_end()  # now, however long the lock takes
        try:
            async with self.lock:
                live = self._live.pop(room_id, None)
                if live is not None:
                    live.session.mark_end()
                    tail = self._tails[room_id] = asyncio.Event()
                    # Also if the database is away: the archive knows.
                    self._spawn(self._end(live, room_id, tail))
                    # Before the lock is given up: from here on, begin() makes a new recording.
                    await self._note_end(live)
        finally:
            if (under_way := self._tails.get(room_id)) is not None:
                await under_way.wait()

    async def _note_end(self, live: _Live) -> None:
        try:
            await self._store.set_ended(live.turn.recording_id, turn=live.turn)
        except LessonLost:
            live.lost = True  # another process goes on: no end marker, no row
            raise
        finally:
            live.asked.set()

    async def _end(self, live: _Live, room_id: str, tail: asyncio.Event) -> None:
        recording_id = live.turn.recording_id
        try:
            try:
                await self._let_tail_arrive(live.session, room_id, tail)
                if self._guard is not None:  # a cell that lost the lesson must not mark its end
                    await _wait(live.asked, END_NOTED_S)
            finally:
                await self._close(live.session, ended=not live.lost)
            if self._finishing is not None and not live.lost:
                state = RecordingState.FINISHING
                entry = await self._store.set_state(recording_id, state, turn=live.turn)
                self._recordings.tell(entry)
        finally:
            if live.lost:
                pass
            elif self._finishing is not None:
                self._finishing.take(recording_id)  # sets the state, too, and patiently
            else:
                self._spawn(self._hand_over(live.turn))

    async def _hand_over(self, turn: Turn) -> None:
        """Leave a closed archive to who finishes, however long the database is away."""
        if not await self._is_shipped(turn):
            return
        while True:
            try:
                self._recordings.tell(await self._store.hand_over(turn))
            except LessonLost as error:
                _log.warning("recording_lost", recording_id=turn.recording_id, reason=str(error))
            except Exception:
                _log.exception("recording_not_handed_over", recording_id=turn.recording_id)
                if not self._stopping.is_set():  # else who finishes will find it
                    await _wait(self._stopping, HAND_OVER_AGAIN_S)
                    continue
            return

    async def _is_shipped(self, turn: Turn) -> bool:
        """Wait until who finishes finds all of a closed archive, or the patience is over.

        Returns:
            False if this process stops before that. The next start ships the rest.
        """
        if self._shipping is None:
            return True
        for _ in range(round(SHIPPED_WITHIN_S / SHOWN_EVERY_S)):
            if await self._shipping.shipped(turn.recording_id, SHOWN_EVERY_S):
                return True
            if self._stopping.is_set():
                return False
            try:
                await self._store.show_life(turn)
            except LessonLost:
                return True  # to be told when it is handed over
            except Exception:  # the database is away for who finishes, too
                _log.exception("shipping_not_shown", recording_id=turn.recording_id)
        _log.error("archive_handed_over_in_part", recording_id=turn.recording_id)
        return True

    async def _let_tail_arrive(
        self, session: RecordingSession, room_id: str, tail: asyncio.Event
    ) -> None:
        try:
            await session.let_tail_arrive()
        finally:  # or every later end() would wait for ever
            tail.set()
            if self._tails.get(room_id) is tail:  # else the lesson was begun and ended once more
                del self._tails[room_id]

    async def abandon(self, room_id: str) -> None:
        """See `Recorder`."""
        async with self.lock:
            live = self._live.pop(room_id, None)
        if live is not None:
            live.lost = True
            _log.info("recording_abandoned", recording_id=live.turn.recording_id)
            await self._close(live.session, ended=False)

    async def _leave(self, room_id: str, recording_id: str) -> None:
        """Abandon a recording with which another process goes on."""
        if (session := self.session(room_id)) is not None and session.recording_id == recording_id:
            await self.abandon(room_id)

    async def stop(self) -> None:
        """Close all archives without an end marker, so that the lessons may go on."""
        self._stopping.set()
        async with self.lock:
            running, self._live = [live.session for live in self._live.values()], {}
        closings = (self._close(session, ended=False) for session in running)
        outcomes = await asyncio.gather(*closings, return_exceptions=True)
        for session, outcome in zip(running, outcomes, strict=True):
            if isinstance(outcome, BaseException):  # the others, and the rest, are closed anyway
                _log.error(
                    "recording_not_closed", recording_id=session.recording_id, exc_info=outcome
                )

    async def _close(self, session: RecordingSession, *, ended: bool) -> None:
        try:
            await session.close(ended=ended)
        finally:
            if self._shipping is not None:
                self._shipping.close(session.recording_id)
            self._recordings.runs_no_more(session.recording_id)


async def _wait(event: asyncio.Event, longest_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            await event.wait()
