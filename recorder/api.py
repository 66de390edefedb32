"""What other packages may know of the recorder: Protocols and value types, nothing that runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from relay.api import Relay


class RecordingState(StrEnum):
    """recording → finishing → ready, or failed. Review states follow READY in later work."""

    RECORDING = "recording"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"


class RecorderError(Exception):
    """Root of the recorder's errors."""

    code = "recorder_error"


class RecordingNotFound(RecorderError):
    """No such recording, or no such file of it."""

    code = "recording_not_found"


class BadCursor(RecorderError, ValueError):
    """The cursor given to `Recorder.entries` is none of its own."""

    code = "bad_cursor"


class StorageUnavailable(RecorderError):
    """The archive folder cannot be written (missing, read-only, full)."""

    code = "storage_unavailable"


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What the library keeps of the lesson, copied at the start: an entry stands alone.

    Attributes:
        source_names: source id → what to call it, such as ``{"lead.camera": "王老师"}``.
        lead_sources: ids of the lead teacher's sources.
    """

    lesson_id: str
    title: str
    subject: str
    grade: str
    class_kind: str
    lead_teacher_id: str
    lead_teacher: str
    source_names: dict[str, str]
    lead_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A library entry, as listed. `progress` is 0…1 of finishing."""

    recording_id: str
    lesson_id: str
    lead_teacher_id: str
    title: str
    subject: str
    grade: str
    class_kind: str
    lead_teacher: str
    started_at: datetime
    duration_s: float
    state: RecordingState
    progress: float
    failure: str | None
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the recording's start."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One playable file: its media time 0 lies at `offset_s` of the recording."""

    name: str  # within the recording's folder
    mime: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool


@dataclass(frozen=True, slots=True)
class SourceManifest:
    """One source's part of the manifest.

    `failure` is set where its files could not all be made: the rest is in `gaps` and the archive.
    """

    source_id: str
    kind: str
    name: str
    lead: bool
    files: tuple[MediaFile, ...]
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class StageSpan:
    """When a participant was on stage."""

    participant_id: str
    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a recording.

    Attributes:
        cuts: pauses whose true length is not known, because the machine's clock was set in them.
            They are in `gaps`, too, at a length that stands for any.
    """

    entry: Entry
    sources: tuple[SourceManifest, ...]
    stage: tuple[StageSpan, ...]
    cuts: tuple[Span, ...] = ()


class RecorderListener(Protocol):
    """Told about changes, on the event loop; must not block or raise."""

    def on_recording_changed(self, entry: Entry) -> None:
        """State or progress of a recording changed (progress at most twice a second)."""

    def on_recording_trouble(self, lesson_id: str, detail: str) -> None:
        """Writing fails (disk full, I/O error); the lesson goes on, its people must be told.

        Told again every 10 s while it lasts.
        """

    def on_recording_recovered(self, lesson_id: str) -> None:
        """After trouble: everything is kept again."""

    def on_source_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """A source brings more than may be recorded and is left out, or is recorded again."""


class Recorder(Protocol):
    """Keeps lessons. All calls on one event loop."""

    async def start(self) -> None:
        """Open the library and finish what an earlier run left unfinished, in the background."""

    async def stop(self) -> None:
        """Close running archives cleanly; unfinished work is resumed by the next `start`."""

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """Start recording and return the recording id.

        A lesson whose recording was interrupted (the server was restarted) continues it.

        Raises:
            StorageUnavailable: nothing can be written.
        """

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """Tell the name of a source that appeared after `begin`."""

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """Note that a participant came onto or left the stage now."""

    async def end(self, room_id: str) -> None:
        """The lesson ends now: stop recording and queue the finishing. Unknown rooms are ignored.

        Returns when what was captured before this call has arrived too: after a quarter of a second
        (`RecorderConfig.tail_s`), and what a `begin` or `end` under way and the database take on
        top. Until then the publishers must be let send. What was captured later is not kept.
        """

    async def entries(
        self, *, limit: int, before: str | None, query: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """Entries, newest first, from cursor `before`; the second value is the next cursor.

        `query` holds words that must all occur in title, teacher or subject.

        Raises:
            BadCursor: `before` is not a cursor.
        """

    async def manifest(self, recording_id: str) -> Manifest:
        """One recording. Raises RecordingNotFound."""

    async def recording_of(self, lesson_id: str) -> str | None:
        """The recording id of a lesson, if any."""

    async def file_path(self, recording_id: str, name: str) -> Path:
        """Where a file (or ``thumbnail.jpg``) of a recording lies. Raises RecordingNotFound."""

    def add_listener(self, listener: RecorderListener) -> None:
        """Register for events, for the life of the recorder."""
