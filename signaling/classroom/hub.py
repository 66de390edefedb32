"""All open lesson rooms: opens and closes them, and lets them follow the lessons."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence

import structlog

from recorder.api import Recorder
from relay.api import Relay
from signaling.base.clock import Clock
from signaling.base.errors import Busy, NotFound, WrongLessonState
from signaling.classroom.fact_keeping import FactKeeper
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.parts.part import LessonNow, Opening, RoomLimits, SavedRoom
from signaling.classroom.parts.recording import RecordingState
from signaling.classroom.recording import LessonRecordings
from signaling.classroom.relay_news import RelayNews, put_source
from signaling.classroom.saving import RoomSaver
from signaling.classroom.state import RoomState
from signaling.classroom.store import RoomStore
from signaling.classroom.tenure import Tenure
from signaling.classroom.wire import ByeReason
from signaling.lessons.members import members_of
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.store import LessonStore
from signaling.lessons.wire import Headcount, LessonState
from signaling.links.service import LinkHistory
from signaling.media.sessions import MediaSessions

log = structlog.get_logger(__name__)

MAX_ROOMS = 1_000
WRITTEN_S = 0.5  # between two looks whether a database that was away has taken the last writes
IDLE_ROOM_S = 60.0  # a room that nobody is in and that is not live is closed after so long


class RoomHub:
    """The open rooms, by lesson.

    Attributes:
        relay_news: what the relay tells, brought to the rooms.
        recordings: the recordings of the live lessons.
        saver: the writer of what survives a restart.
        turn: grows whenever seats or logins are ended. Whoever was judged in an earlier turn is
            judged again once in the room: the end could not reach who was still on the way.
    """

    def __init__(
        self,
        *,
        relay: Relay,
        recorder: Recorder,
        lessons: LessonStore,
        store: RoomStore,
        sessions: MediaSessions,
        links: LinkHistory,
        facts: FactKeeper,
        clock: Clock,
        limits: RoomLimits,
        tenure: Tenure,
    ) -> None:
        self.instance = secrets.token_urlsafe(12)
        self.stills_sent = 0
        self.still_bytes_sent = 0
        self.turn = 0
        self.relay_news = RelayNews(self.room, sessions)
        self.recordings = LessonRecordings(recorder, relay, self.room, lessons.set_recording)
        self.saver = RoomSaver(store, self._saved)
        self._relay = relay
        self._recorder = recorder
        self._lessons = lessons
        self._store = store
        self._links = links
        self._facts = facts
        self._clock = clock
        self._limits = limits
        self._tenure = tenure
        self._rooms: dict[str, LiveRoom] = {}
        self._opening = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()  # lessons that are given back
        # A room opened again in this process goes on counting where none was before, so that a page
        # can never resume into another room's numbers.
        self._next_seq = 0
        self._stopping = asyncio.Event()

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen to relay and recorder, and begin to write."""
        self._relay.add_listener(self.relay_news)
        self._recorder.add_listener(self.recordings)
        self.saver.start()
        self._facts.start()

    async def take_up_live(self) -> None:
        """Take up the lessons that were live when the server stopped."""
        for record in await self._lessons.live():
            await self.follow(record)
            log.info("lesson_taken_up", lesson_id=record.lesson_id)

    async def stop(self) -> None:
        """Say goodbye everywhere and write what is not written yet, then give all lessons back."""
        self._stopping.set()
        for room in self._rooms.values():
            room.close(ByeReason.SHUTDOWN)
        await self._facts.stop()
        await self.saver.stop()
        for lesson_id in tuple(self._rooms):
            self._drop(lesson_id)
        await asyncio.gather(*self._leaving, return_exceptions=True)  # `_left` has told of errors

    @property
    def rooms(self) -> Sequence[LiveRoom]:
        """The open rooms."""
        return tuple(self._rooms.values())

    def room(self, lesson_id: str) -> LiveRoom | None:
        """Return an open room."""
        return self._rooms.get(lesson_id)

    async def enter(self, lesson_id: str) -> LiveRoom:
        """Return the room of an open lesson; it is opened if need be.

        Raises:
            NotFound: no such lesson.
            WrongLessonState: the lesson is over or cancelled.
            Busy: too many rooms are open.
        """
        async with self._opening:
            # Read inside the lock: a lesson that ended meanwhile must not get a new room.
            record = await self._lessons.lesson(lesson_id)
            if record is None:
                raise NotFound("no such lesson")
            if record.state not in OPEN_STATES:
                raise WrongLessonState(f"the lesson is {record.state}")
            room = self._rooms.get(lesson_id)
            return room or await self._open(record)

    async def _open(self, record: LessonRecord) -> LiveRoom:
        if len(self._rooms) >= MAX_ROOMS or self._stopping.is_set():
            raise Busy("too many rooms are open")
        await self._tenure.take(record.lesson_id)
        try:
            room = await self._opened(record)
        except BaseException:
            self._leave(record.lesson_id)
            raise
        self._rooms[record.lesson_id] = room
        for source in self._relay.sources(record.lesson_id):
            put_source(room, source)
        room.flush()
        return room

    async def _opened(self, record: LessonRecord) -> LiveRoom:
        saved = await self._store.saved(record.lesson_id)
        facts = await self._facts.open(record.lesson_id)
        now = self._clock.monotonic()
        opening = Opening(lesson_now(record), members_of(record), saved, facts, now)
        state = RoomState(self.instance, opening, limits=self._limits, first_seq=self._next_seq)
        return LiveRoom(record.lesson_id, state, self._relay, self._clock, self)

    def _drop(self, lesson_id: str) -> None:
        room = self._rooms.pop(lesson_id, None)
        self._links.close(lesson_id)
        self._facts.drop(lesson_id)
        if room is not None:
            self._next_seq = max(self._next_seq, room.state.seq + 1)
            self._leave(lesson_id)

    def give_back_unopened(self, lesson_id: str) -> None:
        """Give a lesson back that was taken and got no room, unless it has one by then."""
        self._leave(lesson_id)

    def _leave(self, lesson_id: str) -> None:
        task = asyncio.create_task(self._give_back(lesson_id), name="give-back")
        self._leaving.add(task)
        task.add_done_callback(self._left)

    async def _give_back(self, lesson_id: str) -> None:
        """Give a lesson back after its last write, unless its room is open again."""
        while not self._stopping.is_set() and self._is_unwritten(lesson_id):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), WRITTEN_S)
        await self._links.write()
        async with self._opening:
            if lesson_id not in self._rooms:
                await self._tenure.give_back(lesson_id)

    # --- moving to another process ---------------------------------------------------------------

    async def give_up(self, lesson_id: str) -> LiveRoom | None:
        """Write what a lesson has to write, and give it back. Its media flow on until `let_go`.

        Returns the room, whose pages the caller sends on once another process has the lesson. None:
        the room is closed already, or the database takes nothing now, and the lesson stays.
        """
        async with self._opening:
            room = self._rooms.get(lesson_id)
            if room is None:
                return None
            room.is_held = True
            if not await self._write_last(room):
                room.is_held = False
                return None
            await self.recordings.abandon(lesson_id)
            if self._rooms.get(lesson_id) is not room:
                return None  # lost meanwhile, and closed: another process has it already
            del self._rooms[lesson_id]
            self._next_seq = max(self._next_seq, room.state.seq + 1)
            self._links.close(lesson_id)
            await self._links.write()
            try:
                await self._tenure.give_back(lesson_id)
            except Exception:
                log.exception("lesson_not_given_back")  # its lease runs out by itself
        return room

    async def _write_last(self, room: LiveRoom) -> bool:
        """Write a room's state and facts; returns False if the database does not take them."""
        lesson_id = room.lesson_id
        if await self.saver.settle(lesson_id) and await self._facts.leave(lesson_id):
            return True
        if room.state.is_live:
            for participant_id in room.state.present:
                self._facts.presence(lesson_id, participant_id, True)
        return False

    def let_go(self, lesson_id: str) -> None:
        """End the media of a lesson that has left, unless it is back."""
        if lesson_id not in self._rooms:
            self._relay.close_room(lesson_id)

    def _is_unwritten(self, lesson_id: str) -> bool:
        return self.saver.waits(lesson_id) or self._facts.waits(lesson_id)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("lesson_not_given_back", error=repr(error))  # its lease runs out by itself

    # --- the lesson's life -----------------------------------------------------------------------

    async def follow(self, record: LessonRecord) -> None:
        """Bring a lesson's room to what the database says; may be repeated any number of times."""
        room = self._rooms.get(record.lesson_id)
        if record.state is LessonState.LIVE:
            # A page may have opened the room after the commit: it is live, and nothing records it.
            if room is None or not room.state.is_live or room.state.recording.is_off:
                await self._started(record)
        elif record.state not in OPEN_STATES:
            await self._ended(record)

    async def _started(self, record: LessonRecord) -> None:
        room = await self.enter(record.lesson_id)
        self._facts.begin(record)
        room.state.lesson.set(lesson_now(record))
        room.flush()
        await self.recordings.begin(record, room)

    async def _ended(self, record: LessonRecord) -> None:
        """Keep the recording of a lesson that is over, tell everyone, close the media."""
        if record.held_from is not None:
            # First, and the media go on meanwhile: it waits for the lesson's last moments, and
            # pages cease to send as soon as they are told.
            await self.recordings.end(record.lesson_id)
        async with self._opening:
            room = self._rooms.get(record.lesson_id)
            if room is not None:
                room.state.lesson.set(lesson_now(record))
                room.state.recording.set(RecordingState.OFF)
                room.flush()
                room.close(ByeReason.LESSON_OVER)
            await self.saver.save_noted(record.lesson_id)
            await self._facts.end(record)  # who attended is asked for afterwards
            self._drop(record.lesson_id)
        self._relay.close_room(record.lesson_id)

    async def lose(self, lesson_id: str) -> None:
        """Close the room of a lesson that another process has now. Nothing of it is written."""
        self.saver.forget(lesson_id)
        self._facts.forget(lesson_id)
        room = self._rooms.get(lesson_id)
        self._drop(lesson_id)
        if room is not None:
            room.close(ByeReason.SHUTDOWN)  # pages come back, and find the other process
        self._relay.close_room(lesson_id)
        await self.recordings.abandon(lesson_id)

    async def retry_recordings(self) -> None:
        """Try again where recording could not begin."""
        await self.recordings.retry()

    # --- upkeep ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second, look for silent channels, old hands, idle rooms."""
        now = self._clock.monotonic()
        for lesson_id, room in tuple(self._rooms.items()):
            room.tick()
            idle = room.empty_since is not None and now - room.empty_since > IDLE_ROOM_S
            if idle and not room.state.is_live and not self._opening.locked():
                self._drop(lesson_id)

    def judge_links(self) -> None:
        """Once a second, judge the links in the open rooms; those of live lessons are kept."""
        for lesson_id, room in self._rooms.items():
            room.judge_links()
            if room.state.is_live:
                readings = tuple(room.teaching_readings())
                self._links.note(lesson_id, readings)
                self._facts.readings(lesson_id, readings)

    def deliver_stills(self) -> None:
        """A few times a second, send parts of stills to those whose links carry no courseware."""
        for room in self._rooms.values():
            room.deliver_stills()

    # --- RoomObserver ----------------------------------------------------------------------------

    def on_unsaved(self, lesson_id: str) -> None:
        """Write the room's state soon."""
        self.saver.note(lesson_id)

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Note it in the recording."""
        self.recordings.mark_stage(lesson_id, participant_id, on_stage)

    def on_still_sent(self, size: int, begins: bool) -> None:
        """Count it."""
        self.stills_sent += begins
        self.still_bytes_sent += size

    def on_presence_changed(self, lesson_id: str, participant_id: str, here: bool) -> None:
        """Write it soon."""
        self._facts.presence(lesson_id, participant_id, here)

    def on_headcount_changed(self, lesson_id: str, headcount: Headcount) -> None:
        """Write it soon."""
        self._facts.headcount(lesson_id, headcount)

    def _saved(self, lesson_id: str) -> SavedRoom | None:
        room = self._rooms.get(lesson_id)
        return None if room is None else room.state.saved


def lesson_now(record: LessonRecord) -> LessonNow:
    """Return a lesson as its room shows it."""
    return LessonNow(
        lesson_id=record.lesson_id,
        title=record.title,
        state=record.state,
        lead_teacher=record.lead_teacher.name,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        held_from=record.held_from,
        held_to=record.held_to,
    )
