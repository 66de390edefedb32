"""All open lesson rooms: opens and closes them, and brings them the news of relay and recorder."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence

import structlog

from recorder.api import Entry, LessonFacts, Recorder
from recorder.api import RecordingState as EntryState
from relay.api import CloseReason, Layer, Relay, SlotState, SourceInfo
from signaling.clock import Clock
from signaling.core import messages as m
from signaling.core.lesson_state import OPEN_STATES
from signaling.core.permissions import LEAD_PARTICIPANT, Seat, room_participant
from signaling.core.resources import LessonState, Role
from signaling.core.room_state import (
    LEAD_SOURCES,
    Member,
    RoomLimits,
    RoomState,
    camera_of,
    split_source,
)
from signaling.db.lesson_store import LessonStore
from signaling.errors import Busy, NotFound, WrongLessonState
from signaling.link_history import LinkHistory
from signaling.live_room import LiveRoom
from signaling.media_sessions import MediaSessions
from signaling.records import LessonRecord

log = structlog.get_logger(__name__)

MAX_ROOMS = 1_000
IDLE_ROOM_S = 60.0  # a room that nobody is in and that is not live is closed after so long
KEEP_RETRY_S = 1.0
# Ends that a page is told of: its people can set up the device otherwise.
_REFUSALS = {CloseReason.B_FRAMES: m.RefusalReason.B_FRAMES}


class RoomHub:
    """The open rooms, by lesson. Implements the listeners of relay and recorder."""

    def __init__(
        self,
        *,
        relay: Relay,
        recorder: Recorder,
        lessons: LessonStore,
        sessions: MediaSessions,
        links: LinkHistory,
        clock: Clock,
        limits: RoomLimits,
    ) -> None:
        self.instance = secrets.token_urlsafe(12)
        self.stills_sent = 0
        self.still_bytes_sent = 0
        self._relay = relay
        self._recorder = recorder
        self._lessons = lessons
        self._sessions = sessions
        self._links = links
        self._clock = clock
        self._limits = limits
        self._rooms: dict[str, LiveRoom] = {}
        self._records: dict[str, LessonRecord] = {}
        self._opening = asyncio.Lock()
        # A room opened again in this process goes on counting where none was before, so that a page
        # can never resume into another room's numbers.
        self._next_seq = 0
        self._unkept: set[str] = set()
        self._unrecorded: set[str] = set()  # live lessons whose recording did not begin
        self._keep_wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    # --- life ------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, and take up the lessons that were live when the server stopped."""
        self._relay.add_listener(self)
        self._recorder.add_listener(self)
        self._keeper = asyncio.create_task(self._keep_changes(), name="room-keeper")
        for record in await self._lessons.live():
            room = await self.enter(record.lesson_id)
            log.info("lesson_taken_up", lesson_id=record.lesson_id)
            await self.record(record, room)

    async def stop(self) -> None:
        """Say goodbye everywhere and write what is not written yet."""
        self._stopping = True
        for room in self._rooms.values():
            room.close(m.ByeReason.SHUTDOWN)
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        for lesson_id in tuple(self._unkept):
            await self._keep(lesson_id)

    @property
    def rooms(self) -> Sequence[LiveRoom]:
        """The open rooms."""
        return tuple(self._rooms.values())

    def room(self, lesson_id: str) -> LiveRoom | None:
        """An open room."""
        return self._rooms.get(lesson_id)

    async def enter(self, lesson_id: str) -> LiveRoom:
        """The room of an open lesson; it is opened if need be.

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
            if room is None:
                room = await self._open(record)
            self._records[lesson_id] = record
            return room

    async def _open(self, record: LessonRecord) -> LiveRoom:
        if len(self._rooms) >= MAX_ROOMS or self._stopping:
            raise Busy("too many rooms are open")
        state = RoomState(
            self.instance,
            lesson_now(record),
            members_of(record),
            durable=await self._lessons.durable(record.lesson_id),
            limits=self._limits,
            first_seq=self._next_seq,
            now=self._clock.monotonic(),
        )
        room = LiveRoom(record.lesson_id, state, self._relay, self._clock, self)
        self._rooms[record.lesson_id] = room
        for source in self._relay.sources(record.lesson_id):
            self._put_source(room, source)
        room.flush()
        return room

    def _drop(self, lesson_id: str) -> None:
        room = self._rooms.pop(lesson_id, None)
        self._records.pop(lesson_id, None)
        self._links.close(lesson_id)
        if room is not None:
            self._next_seq = max(self._next_seq, room.state.seq + 1)

    # --- the lesson's life -----------------------------------------------------------------------

    async def follow(self, record: LessonRecord) -> None:
        """Bring a lesson's room to what the database says; may be repeated any number of times."""
        room = self._rooms.get(record.lesson_id)
        if record.state is LessonState.LIVE:
            if room is None or not room.state.is_live:
                await self._started(record)
        elif record.state not in OPEN_STATES:
            await self._ended(record)

    async def _started(self, record: LessonRecord) -> None:
        """The lesson went live."""
        room = await self.enter(record.lesson_id)
        room.state.set_lesson(lesson_now(record))
        room.flush()
        await self.record(record, room)

    async def _ended(self, record: LessonRecord) -> None:
        """The lesson ended or was cancelled: keep the recording, tell everyone, close the media."""
        if record.held_from is not None:
            try:
                # First, and the media go on meanwhile: it waits for the lesson's last moments, and
                # pages cease to send as soon as they are told.
                await self._recorder.end(record.lesson_id)
            except Exception:
                log.exception("recording_end_failed", lesson_id=record.lesson_id)
        async with self._opening:
            room = self._rooms.get(record.lesson_id)
            if room is not None:
                room.state.set_lesson(lesson_now(record))
                room.state.set_recording(m.RecordingState.OFF)
                room.flush()
                room.close(m.ByeReason.LESSON_OVER)
            if record.lesson_id in self._unkept:
                await self._keep(record.lesson_id)  # who attended is asked for after the lesson
            self._drop(record.lesson_id)
        self._relay.close_room(record.lesson_id)

    async def record(self, record: LessonRecord, room: LiveRoom) -> None:
        """Start or continue recording. A failure is told to the room and stops nothing."""
        lesson_id = record.lesson_id
        try:
            recording_id = await self._recorder.begin(self._relay, lesson_id, lesson_facts(record))
            if record.recording_id != recording_id:
                await self._lessons.set_recording(lesson_id, recording_id)
        except Exception:  # whatever disk or database raise: the lesson goes on
            log.exception("recording_failed", lesson_id=lesson_id)
            self._unrecorded.add(lesson_id)
            room.state.set_recording(m.RecordingState.FAILED)
            room.flush()
            return
        self._unrecorded.discard(lesson_id)
        if self._rooms.get(lesson_id) is not room:
            await self._recorder.end(lesson_id)  # the lesson ended while recording began
            return
        room.state.set_recording(m.RecordingState.RECORDING)
        for participant_id in room.state.on_stage:
            self.on_stage_changed(lesson_id, participant_id, True)
        room.flush()

    async def retry_recordings(self) -> None:
        """Try again where recording could not begin (a disk was full, a folder not mounted)."""
        for lesson_id in tuple(self._unrecorded):
            room, record = self._rooms.get(lesson_id), self._records.get(lesson_id)
            if room is None or record is None or not room.state.is_live:
                self._unrecorded.discard(lesson_id)
            else:
                await self.record(record, room)

    # --- upkeep ----------------------------------------------------------------------------------

    def tick(self) -> None:
        """Once a second: silent channels, old hands, idle rooms."""
        now = self._clock.monotonic()
        for lesson_id, room in tuple(self._rooms.items()):
            room.tick()
            idle = room.empty_since is not None and now - room.empty_since > IDLE_ROOM_S
            if idle and not room.state.is_live and not self._opening.locked():
                self._drop(lesson_id)

    def judge_links(self) -> None:
        """Once a second: link states of the open rooms, and their history in live lessons."""
        for lesson_id, room in self._rooms.items():
            room.judge_links()
            if room.state.is_live:
                self._links.note(lesson_id, room.teaching_readings())

    def deliver_stills(self) -> None:
        """A few times a second: parts of stills to those whose links carry no courseware."""
        for room in self._rooms.values():
            room.deliver_stills()

    async def _keep_changes(self) -> None:
        """Write what must survive a restart, coalesced: many changes in a moment are one write."""
        while True:
            await self._keep_wanted.wait()
            self._keep_wanted.clear()
            for lesson_id in tuple(self._unkept):
                if not await self._keep(lesson_id):
                    await asyncio.sleep(KEEP_RETRY_S)
                    self._keep_wanted.set()

    async def _keep(self, lesson_id: str) -> bool:
        self._unkept.discard(lesson_id)
        room = self._rooms.get(lesson_id)
        if room is None:
            return True
        try:
            await self._lessons.keep(lesson_id, room.state.durable)
        except Exception as error:  # whatever the driver raises: retried, never fatal
            log.error("room_state_not_kept", lesson_id=lesson_id, error=repr(error))
            self._unkept.add(lesson_id)
            return False
        return True

    # --- RoomObserver ----------------------------------------------------------------------------

    def on_durable_changed(self, lesson_id: str) -> None:
        """Write the room's state soon."""
        self._unkept.add(lesson_id)
        self._keep_wanted.set()

    def on_stage_changed(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Note it in the recording."""
        room = self._rooms.get(lesson_id)
        person = None if room is None else room.state.participant(participant_id)
        name = participant_id if person is None else _label(person.school, person.name)
        self._recorder.mark_stage(lesson_id, participant_id, name, on_stage)

    def on_still_sent(self, size: int, begins: bool) -> None:
        """Count it."""
        self.stills_sent += begins
        self.still_bytes_sent += size

    # --- RelayListener ---------------------------------------------------------------------------

    def on_session_up(self, session_id: str) -> None:
        """Media may flow; `on_source_changed` and `on_layers_wanted` tell what matters."""

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """Forget the session."""
        session = self._sessions.remove(session_id)
        room = None if session is None else self._rooms.get(session.grant.lesson_id)
        if session is None or room is None:
            return
        room.session_down(session_id)
        refusal = _REFUSALS.get(reason)
        if refusal is not None and session.grant.source_id is not None:
            room.source_refused(session.grant.source_id, refusal)

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        """Tell the room."""
        room = self._rooms.get(room_id)
        if room is not None:
            self._put_source(room, source)
            room.flush()

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        """Tell the room."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.source_removed(source_id)

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Tell the viewer."""
        session = self._sessions.get(session_id)
        room = None if session is None else self._rooms.get(session.grant.lesson_id)
        if session is not None and room is not None and not session.grant.programme:
            room.slots_changed(session.grant.participant_id, session_id, slots)

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell the publisher."""
        session = self._sessions.get(session_id)
        room = None if session is None else self._rooms.get(session.grant.lesson_id)
        if room is not None:
            room.layers_wanted(session_id, layers, sound=sound)

    # --- RecorderListener ------------------------------------------------------------------------

    def on_recording_changed(self, entry: Entry) -> None:
        """A recording that fails while the lesson is live is told to the room."""
        room = self._rooms.get(entry.lesson_id)
        if room is not None and entry.state is EntryState.FAILED:
            room.state.set_recording(m.RecordingState.FAILED)
            room.flush()

    def on_recording_trouble(self, lesson_id: str, detail: str) -> None:
        """Tell the room at once; nobody must find out after the lesson."""
        log.error("recording_trouble", lesson_id=lesson_id, detail=detail)
        room = self._rooms.get(lesson_id)
        if room is not None:
            room.state.set_recording(m.RecordingState.FAILED)
            room.flush()

    def on_recording_recovered(self, lesson_id: str) -> None:
        """Recording goes on: the room that was told of trouble is told of its end."""
        log.info("recording_recovered", lesson_id=lesson_id)
        room = self._rooms.get(lesson_id)
        if room is not None and room.state.is_live and lesson_id not in self._unrecorded:
            room.state.set_recording(m.RecordingState.RECORDING)
            room.flush()

    @staticmethod
    def _put_source(room: LiveRoom, source: SourceInfo) -> None:
        try:
            participant_id, kind = split_source(source.source_id)
        except ValueError:
            return
        room.state.put_source(
            m.Source(
                source_id=source.source_id,
                participant_id=participant_id,
                kind=kind,
                has_audio=source.has_audio,
                has_video=source.has_video,
                layers=tuple(str(layer) for layer in source.layers),
            )
        )
        room.publisher_up(source.source_id, source.session_id)


def _label(school: str | None, name: str) -> str:
    return f"{school or ''}{name}"


def lesson_now(record: LessonRecord) -> m.LessonNow:
    """A lesson as its room shows it."""
    return m.LessonNow(
        lesson_id=record.lesson_id,
        title=record.title,
        state=record.state,
        lead_teacher=record.lead_teacher.name,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        held_from=record.held_from,
        held_to=record.held_to,
    )


def members_of(record: LessonRecord) -> tuple[Member, ...]:
    """Who is listed in a lesson's room from the start: the lead teacher and the invited rooms."""
    lead = Member(LEAD_PARTICIPANT, Role.LEAD_TEACHER, record.lead_teacher.name, record.lead_school)
    rooms = (
        Member(room_participant(room.room_id), Role.RECEIVE_ROOM, room.name, room.school)
        for room in record.receive_rooms
    )
    return (lead, *rooms)


def member_of(seat: Seat, school: str | None) -> Member:
    """A seat as it is listed."""
    return Member(seat.participant_id, seat.role, seat.name, school)


def lesson_facts(record: LessonRecord) -> LessonFacts:
    """What the library keeps of a lesson."""
    names = {LEAD_SOURCES[0]: record.lead_teacher.name, LEAD_SOURCES[1]: "课件"}
    for room in record.receive_rooms:
        names[camera_of(room_participant(room.room_id))] = _label(room.school, room.name)
    return LessonFacts(
        lesson_id=record.lesson_id,
        title=record.title,
        subject=record.subject,
        grade=record.grade,
        class_kind=str(record.class_kind),
        lead_teacher_id=record.lead_teacher.person_id,
        lead_teacher=record.lead_teacher.name,
        source_names=names,
        lead_sources=LEAD_SOURCES,
    )
