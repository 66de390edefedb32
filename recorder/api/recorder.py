"""The recorder itself, what it tells, and what deletes for good."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

from recorder.api.editions import Editions
from recorder.api.films import Films
from recorder.api.recordings import Entry, LessonFacts, Manifest
from recorder.api.storage import PublishedFile, StorageState
from relay.api import Relay


class RecordingTrouble(StrEnum):
    """Reasons why a record does not reach the disk."""

    QUEUE_FULL = "queue_full"  # the disk is too slow
    DISK_FULL = "disk_full"
    IO_ERROR = "io_error"
    TOO_MANY_TRACKS = "too_many_tracks"


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
    """Hears about changes, on the event loop. No method may block or raise.

    It hears what its own recorder does, and nothing of other processes. Among several, one of a
    recorder that records hears of RECORDING, of FINISHING when the lesson ended, and of trouble and
    excess. One of a recorder that finishes hears of FINISHING, progress, READY and FAILED, and of
    what it adopts. A recorder that is told to seal or adopt tells its own listeners.
    """

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
        """Open the store and finish in the background what an earlier run left unfinished.

        A recorder that does not finish only opens the store.
        """

    async def stop(self) -> None:
        """Close running archives cleanly; unfinished work is resumed by the next `start`."""

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """Start recording and return the recording id.

        A lesson whose recording was interrupted (the server was restarted) continues it, unless it
        is sealed.

        Raises:
            StorageUnavailable: nothing can be written.
            LessonLost: another process has the lesson now.
            NotOnDuty: this recorder records no lessons.
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

        Raises:
            LessonLost: another process has the lesson, and its recording goes on there. The
                recording here is abandoned.
        """

    async def abandon(self, room_id: str) -> None:
        """Leave a room's recording to the process that has the lesson now.

        The archive is closed without an end, and no row is written. Unknown rooms are ignored.
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
        """The progress of finished recordings on the way to their lasting place.

        Only a recorder that finishes knows it.
        """

    def unfinished(self) -> int:
        """Return how many recordings this process has to finish, those that failed included."""

    def add_listener(self, listener: RecorderListener) -> None:
        """Register for events, for the life of the recorder."""
