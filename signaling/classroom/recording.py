"""The recordings of live lessons: begun and ended with them, tried again, and told to the room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from recorder.api import Entry, LessonFacts, Recorder, RecordingTrouble
from recorder.api import RecordingState as EntryState
from relay.api import Relay
from signaling.base.fences import LeaseLost
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.parts.recording import RecordingState
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import room_participant
from signaling.lessons.sources import LEAD_SOURCES, camera_of

log = structlog.get_logger(__name__)


class LessonRecordings:
    """Implements `recorder.api.RecorderListener`."""

    def __init__(
        self,
        recorder: Recorder,
        relay: Relay,
        room: Callable[[str], LiveRoom | None],
        note_recording: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`room` returns an open room; `note_recording` writes which recording a lesson has."""
        self._recorder = recorder
        self._relay = relay
        self._room = room
        self._note_recording = note_recording
        self._not_begun: dict[str, LessonRecord] = {}  # live lessons whose recording did not begin

    async def begin(self, record: LessonRecord, room: LiveRoom) -> None:
        """Start or continue recording. A failure is told to the room and stops nothing."""
        lesson_id = record.lesson_id
        try:
            recording_id = await self._recorder.begin(self._relay, lesson_id, lesson_facts(record))
            if record.recording_id != recording_id:
                await self._note_recording(lesson_id, recording_id)
        except LeaseLost:  # not tried again: the process that has the lesson records it
            log.warning("recording_not_noted", lesson_id=lesson_id)
            self._not_begun.pop(lesson_id, None)
            self._tell(room, RecordingState.FAILED)
            return
        except Exception:  # whatever disk or database raise: the lesson goes on
            log.exception("recording_failed", lesson_id=lesson_id)
            self._not_begun[lesson_id] = record
            self._tell(room, RecordingState.FAILED)
            return
        self._not_begun.pop(lesson_id, None)
        if self._room(lesson_id) is not room:
            await self.end(lesson_id)  # the lesson ended while recording began
            return
        for participant_id in room.state.on_stage:
            self.mark_stage(lesson_id, participant_id, True)
        self._tell(room, RecordingState.RECORDING)

    async def end(self, lesson_id: str) -> None:
        """Finish the recording of a lesson that is over. A failure stops nothing."""
        try:
            await self._recorder.end(lesson_id)
        except Exception:
            log.exception("recording_end_failed", lesson_id=lesson_id)

    async def abandon(self, lesson_id: str) -> None:
        """Leave the recording to the process that has the lesson now. A failure stops nothing."""
        self._not_begun.pop(lesson_id, None)
        try:
            await self._recorder.abandon(lesson_id)
        except Exception:
            log.exception("recording_not_abandoned", lesson_id=lesson_id)

    async def retry(self) -> None:
        """Try again where recording could not begin (a disk was full, a folder not mounted)."""
        for lesson_id, record in tuple(self._not_begun.items()):
            room = self._room(lesson_id)
            if room is None or not room.state.is_live:
                self._not_begun.pop(lesson_id, None)
            else:
                await self.begin(record, room)

    def mark_stage(self, lesson_id: str, participant_id: str, on_stage: bool) -> None:
        """Note in the recording that somebody came onto or left the stage."""
        room = self._room(lesson_id)
        person = None if room is None else room.state.person(participant_id)
        name = participant_id if person is None else _label(person.school, person.name)
        self._recorder.mark_stage(lesson_id, participant_id, name, on_stage)

    # --- RecorderListener ------------------------------------------------------------------------

    def on_recording_changed(self, entry: Entry) -> None:
        """Tell the room of a recording that fails while the lesson is live."""
        room = self._room(entry.lesson_id)
        if room is not None and entry.state is EntryState.FAILED:
            self._tell(room, RecordingState.FAILED)

    def on_recording_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        """Tell the room at once; nobody must find out after the lesson."""
        log.error("recording_trouble", lesson_id=lesson_id, trouble=trouble.value)
        room = self._room(lesson_id)
        if room is not None:
            self._tell(room, RecordingState.FAILED)

    def on_source_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """Let its page and the lead teacher be told with the next look at the links."""
        room = self._room(lesson_id)
        if room is not None:
            room.excess.note_recording(source_id, excess)

    def on_recording_recovered(self, lesson_id: str) -> None:
        """Tell the room that was told of trouble that recording goes on."""
        log.info("recording_recovered", lesson_id=lesson_id)
        room = self._room(lesson_id)
        if room is not None and room.state.is_live and lesson_id not in self._not_begun:
            self._tell(room, RecordingState.RECORDING)

    @staticmethod
    def _tell(room: LiveRoom, recording: RecordingState) -> None:
        room.state.recording.set(recording)
        room.flush()


def lesson_facts(record: LessonRecord) -> LessonFacts:
    """Return what the recorder keeps of a lesson."""
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


def _label(school: str | None, name: str) -> str:
    return f"{school or ''}{name}"
