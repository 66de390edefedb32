"""The recorder's seam: Protocols and value types for other packages, nothing that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol

from relay.api import Relay

SOUND_RATE = 16_000  # samples a second of `SoundReader`: what models of speech take


class RecordingState(StrEnum):
    """A recording's life: recording → finishing → ready, or failed."""

    RECORDING = "recording"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"


class RecordingFailure(StrEnum):
    """Reasons why a recording is FAILED. The archive is kept in every case."""

    NOTHING_RECORDED = "nothing_recorded"  # neither sound nor picture came; this is for good
    DISK_FULL = "disk_full"  # the disk has no room for the finished files
    FINISHING_FAILED = "finishing_failed"  # the log says why


class RecordingTrouble(StrEnum):
    """Reasons why a record does not reach the disk."""

    QUEUE_FULL = "queue_full"  # the disk is too slow
    DISK_FULL = "disk_full"
    IO_ERROR = "io_error"
    TOO_MANY_TRACKS = "too_many_tracks"


class StorageFailure(StrEnum):
    """Reasons why a finished recording cannot be brought to its lasting place."""

    FULL = "full"  # the place takes no more
    REFUSED = "refused"  # wrong keys, no right, or no such bucket
    DIFFERENT = "different"  # it has other bytes than were sent
    AWAY = "away"  # it does not answer, or fails


class RecorderError(Exception):
    """Root of the recorder's errors."""

    code = "recorder_error"


class RecordingNotFound(RecorderError):
    """No such recording, or no such file of it."""

    code = "recording_not_found"


class RecordingNotReady(RecorderError):
    """The recording is not finished, so it cannot be sealed."""

    code = "recording_not_ready"


class BadCursor(RecorderError, ValueError):
    """The cursor was not made by `Recorder.entries`."""

    code = "bad_cursor"


class EditionNotFound(RecorderError):
    """No such edition, or no such file of it."""

    code = "recording_not_found"


class NothingLeft(RecorderError, ValueError):
    """An edit leaves nothing of the recording that could be played."""

    code = "nothing_left"


class EditionFailed(RecorderError):
    """The renditions could not be made; the log says why."""

    code = "renditions_failed"


class FilmNotFound(RecorderError):
    """No such film."""

    code = "recording_not_found"


class FilmFailed(RecorderError):
    """The film could not be made; the log says why."""

    code = "film_failed"


class SoundUnreadable(RecorderError):
    """The sound of a source cannot be decoded; the log says why."""

    code = "captions_failed"


class StorageUnavailable(RecorderError):
    """The place of recordings cannot be used now: a disk is missing or full, a bucket is silent.

    It never means that something is not there.
    """

    code = "storage_unavailable"


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """Facts of the lesson, copied at the start, so that a recording stands alone.

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
    """A recording, as listed.

    Attributes:
        progress: 0…1 of finishing.
        failure: set while the state is FAILED.
        retrying: the state is FAILED, and the recorder tries again by itself.
        sealed: the recording never goes on, because its lesson ended or `Recorder.seal` was called.
    """

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
    failure: RecordingFailure | None
    has_thumbnail: bool
    retrying: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class StorageState:
    """Progress of this machine's recordings on the way to their lasting place.

    Attributes:
        waiting: finished recordings that are known to be missing there.
        failure: why the latest attempt failed; None if it did not.
    """

    waiting: int = 0
    failure: StorageFailure | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the recording's start."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One playable file: its media time 0 lies at `offset_s` of the recording."""

    name: str  # unique in the recording
    mime: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool


@dataclass(frozen=True, slots=True)
class Storyboard:
    """Small pictures of a source along its time.

    Attributes:
        vtt: the name of the WebVTT file: a cue for each picture, with the part of a sheet (#xywh).
        sheets: names of the JPEG files that the cues name.
    """

    vtt: str
    sheets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceManifest:
    """One source's part of the manifest.

    Attributes:
        failure: a code, set if not all files could be made; the rest is in `gaps` and the archive.
            Manifests of version 0.1 have FFmpeg's words there.
        storyboard: pictures for a seek bar; None without pictures, and in manifests of version 1.
        waveform: the name of the JSON file with the peaks of the sound; None as above.
    """

    source_id: str
    kind: str
    name: str
    lead: bool
    files: tuple[MediaFile, ...]
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]
    failure: str | None = None
    storyboard: Storyboard | None = None
    waveform: str | None = None


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A participant's time on stage."""

    participant_id: str
    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a recording.

    Attributes:
        cuts: pauses of unknown length, because the machine's clock was set in them. They are in
            `gaps`, too, at a length that stands for any.
        version: of the form. Version 1 did not say so; 2 has storyboards and waveforms.
    """

    entry: Entry
    sources: tuple[SourceManifest, ...]
    stage: tuple[StageSpan, ...]
    cuts: tuple[Span, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class EditionOrder:
    """Contents that a published version of a recording is to hold.

    Attributes:
        keep: the spans of the recording that are kept, laid end to end; empty for all of it.
        hidden_sources: sources of which nothing is shown or heard.
        cover_s: the moment of the recording that the cover shows; None to have one chosen.
        hidden_pictures: sources of which only the sound is kept.
    """

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    cover_s: float | None = None
    hidden_pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditionSource:
    """One source of an edition. All times are those of the edition.

    Attributes:
        playlist: the name of the multivariant HLS playlist; its time 0 lies at `offset_s`.
        width: pixels of the largest rendition, with `height`; None without pictures.
        spans: the times at which the source was there; between them it is black and silent.
    """

    source_id: str
    kind: str
    name: str
    lead: bool
    playlist: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool
    spans: tuple[Span, ...]
    storyboard: Storyboard | None
    waveform: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """Renditions of a recording for many players: HLS with fragmented MP4, made by a job.

    An edition never changes, and its files are named by their content.

    Attributes:
        files: the names of all files that may be served.
        cover: the name of a JPEG picture; None if there is none.
    """

    edition_id: str
    recording_id: str
    duration_s: float
    sources: tuple[EditionSource, ...]
    stage: tuple[StageSpan, ...]
    files: tuple[str, ...]
    cover: str | None
    version: int = 1


@dataclass(frozen=True, slots=True)
class FilmOrder:
    """Contents of a film: one MP4 file, whose picture follows stage and courseware.

    Attributes:
        keep: the spans of the recording that are kept, laid end to end; empty for all of it.
        hidden_sources: sources of which nothing is shown or heard.
        hidden_pictures: sources of which only the sound is kept.
        title: in the file's metadata, with `author`.
        chapters: moments of the recording, and their titles.
    """

    recording_id: str
    keep: tuple[Span, ...] = ()
    hidden_sources: tuple[str, ...] = ()
    hidden_pictures: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    chapters: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was made."""

    film_id: str
    recording_id: str
    duration_s: float
    size: int
    version: int = 1


class PublishedFile(Protocol):
    """One file of a finished recording, to be served to players."""

    @property
    def name(self) -> str:
        """The name, unique in the recording."""

    @property
    def size(self) -> int:
        """The length in bytes."""

    @property
    def modified_ns(self) -> int:
        """The time of the last change, Unix nanoseconds."""

    @property
    def url(self) -> str | None:
        """The address at which the storage serves the file itself; None if it does not."""

    @property
    def local(self) -> str | None:
        """The path on this machine, so that the kernel can send the file; None if elsewhere."""

    @property
    def internal(self) -> str | None:
        """The path, escaped, at which the reverse proxy finds the file; None if it does not."""

    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Read the bytes from `start` up to `stop`, or to the end. Raises OSError."""


class EditionMaker(Protocol):
    """Makes editions. For worker processes: it takes minutes, and starts processes of its own."""

    async def make(self, order: EditionOrder, report: Callable[[int, int], None]) -> Edition:
        """Make the edition of an order; one that is there already is returned.

        A run that was broken off goes on where it was. An error that `report` raises ends it, and
        removes what was made.

        Args:
            order: what is wanted. The recording must be sealed.
            report: told often how much is done of how much.

        Raises:
            RecordingNotFound: no such recording, or it is not finished.
            NothingLeft: the order leaves nothing to play.
            EditionFailed: see there.
            OSError: the storage is full or away.
        """


class Editions(Protocol):
    """Editions for players."""

    def edition_id(self, order: EditionOrder) -> str:
        """Name the edition of an order, made or not: the same order always has the same name."""

    async def edition(self, recording_id: str, edition_id: str) -> Edition:
        """Open one edition. Raises EditionNotFound, StorageUnavailable."""

    async def file(self, recording_id: str, edition_id: str, name: str) -> PublishedFile:
        """Find one file of an edition. Raises EditionNotFound, StorageUnavailable."""

    async def delete(self, recording_id: str, edition_id: str) -> None:
        """Remove an edition, or what a job left of it. Raises OSError."""


class FilmMaker(Protocol):
    """Makes films. For worker processes, as `EditionMaker`."""

    async def make(self, order: FilmOrder, report: Callable[[int, int], None]) -> Film:
        """Make the film of an order; one that is there already is returned.

        An error that `report` raises ends it, and removes what was made.

        Args:
            order: what is wanted. The recording must be sealed.
            report: told often how much is done of how much.

        Raises:
            RecordingNotFound: no such recording, or it is not finished.
            NothingLeft: the order leaves nothing to show or to hear.
            FilmFailed: see there.
            OSError: the storage is full or away.
        """


class Films(Protocol):
    """Films for those who fetch them."""

    def film_id(self, order: FilmOrder) -> str:
        """Name the film of an order, made or not: the same order always has the same name."""

    async def file(self, recording_id: str, film_id: str) -> PublishedFile:
        """Find the file of a film. Raises FilmNotFound, StorageUnavailable."""

    async def delete(self, recording_id: str, film_id: str) -> None:
        """Remove a film, or what a job left of it. Raises OSError."""


class LentSound(Protocol):
    """A file of samples that is there while it is lent (`async with`)."""

    async def __aenter__(self) -> str | None:
        """Return its path; None where there is no sound. Raises as `SoundReader.sound`."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Remove it."""


class SoundReader(Protocol):
    """Reads the sound of recordings. For worker processes: it starts processes of its own."""

    async def manifest(self, recording_id: str) -> Manifest:
        """Return the contents of a finished recording. Raises RecordingNotFound, OSError."""

    def sound(
        self, recording: Manifest, source: SourceManifest, report: Callable[[float], None]
    ) -> LentSound:
        """Lend the file with a source's samples, from the begin to the end of the recording.

        They are signed 16-bit whole numbers of this machine, one channel, `SOUND_RATE` a second.
        None: there is no sound. One file is lent at a time.

        Args:
            recording: the manifest of the recording.
            source: one of its sources.
            report: told the share that is decoded; an error that it raises ends the work.

        Raises:
            RecordingNotFound: a file is gone.
            SoundUnreadable: see there.
            OSError: the disk is full, or the storage is away.
        """


class RecordingRemover(Protocol):
    """Deletes recordings for good. For worker processes: a bucket may take minutes."""

    async def remove(self, recording_id: str) -> None:
        """Remove a recording with its archive, published files, editions, and row.

        Nobody is told of the recording from the first step on. The call may be repeated, also after
        a run that was killed, and for what is no recording. The recording must neither run nor be
        at finishing.

        Raises:
            OSError: the storage does not answer; the rest is removed by another call.
        """

    async def close(self) -> None:
        """Close the connections to the database."""


class RecorderListener(Protocol):
    """Hears about changes, on the event loop. No method may block or raise."""

    def on_recording_changed(self, entry: Entry) -> None:
        """A recording was made, or its state or progress changed.

        Progress is told at most twice a second.
        """

    def on_recording_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        """Records are lost. The lesson goes on, and its people must be told.

        Trouble that lasts is told again every 10 s.
        """

    def on_recording_recovered(self, lesson_id: str) -> None:
        """The trouble is over: everything is kept again."""

    def on_source_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """A source brings more than may be recorded and is left out, or is recorded again."""


class Recorder(Protocol):
    """Keeps lessons. All calls on one event loop."""

    @property
    def editions(self) -> Editions:
        """The editions of the recordings."""

    @property
    def films(self) -> Films:
        """The films that were made of recordings."""

    async def start(self) -> None:
        """Open the store and finish in the background what an earlier run left unfinished."""

    async def stop(self) -> None:
        """Close running archives cleanly; unfinished work is resumed by the next `start`."""

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """Start recording and return the recording id.

        A lesson whose recording was interrupted (the server was restarted) continues it, unless it
        is sealed.

        Raises:
            StorageUnavailable: nothing can be written.
        """

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """Tell the name of a source that appeared after `begin`."""

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """Note that a participant came onto or left the stage now."""

    async def end(self, room_id: str) -> None:
        """Stop recording now and queue the finishing. Unknown rooms are ignored.

        The call returns when what was captured before it has arrived, too: after a quarter of a
        second (`RecorderConfig.tail_s`), a `begin` or `end` under way, and the database. Until then
        the publishers must be let send. What was captured later is not kept.
        """

    async def seal(self, recording_id: str) -> Entry:
        """Fix a recording for good: a lesson that goes on gets a new one.

        Raises:
            RecordingNotFound: no such recording.
            RecordingNotReady: it is not finished.
        """

    async def adopt(self, recording_id: str) -> Entry:
        """List what a worker process has put into the storage; may be repeated.

        Raises:
            RecordingNotFound: nothing finished lies there.
        """

    async def entry(self, recording_id: str) -> Entry:
        """One recording, as listed. Raises RecordingNotFound."""

    async def entries_of(self, recording_ids: Collection[str]) -> dict[str, Entry]:
        """Several recordings by id; unknown ids are left out."""

    async def entries(
        self, *, limit: int, before: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """Entries, newest first, from cursor `before`; the second value is the next cursor.

        Raises:
            BadCursor: `before` is not a cursor.
        """

    async def manifest(self, recording_id: str) -> Manifest:
        """One recording with its contents. Raises RecordingNotFound, StorageUnavailable."""

    async def recording_of(self, lesson_id: str) -> str | None:
        """The recording id of a lesson, if any."""

    async def file(self, recording_id: str, name: str) -> PublishedFile:
        """A file (or ``thumbnail.jpg``) of a finished recording.

        Raises:
            RecordingNotFound: no such recording or file, or it is not finished.
            StorageUnavailable: nobody can tell now.
        """

    def storage_state(self) -> StorageState:
        """The progress of finished recordings on the way to their lasting place."""

    def add_listener(self, listener: RecorderListener) -> None:
        """Register for events, for the life of the recorder."""
