"""The storage port: what the recorder asks of the place where the files of recordings lie.

A recording has an archive and published files. The archive grows while the lesson runs. A job in a
process of its own makes the other files from it, in a local working place; publishing makes them
visible. Only an adapter and that job know paths.

An id may also name a place within a recording, such as ``<id>/editions/<edition>``. It has
published files of its own, and is deleted with its recording.

The archive grows on this machine, and finishing works here. Where the lasting place of recordings
is elsewhere, `put_away` brings a finished one there.

A storage that *ships* takes pieces of an archive while it grows. So another machine can go on with
the recording, or finish it, when this one is gone.

Methods that are no coroutines block, unless they say otherwise: they are for threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from recorder.api import PublishedFile
from recorder.storage.pieces import Piece

MANIFEST_NAME = "manifest.json"
THUMBNAIL_NAME = "thumbnail.jpg"

# The layout of a working place, which is a local folder.
ARCHIVE_FOLDER = "archive"  # the job reads it
RESULTS_FOLDER = "finishing"  # the job leaves its files here, the manifest last


class StorageAway(OSError):
    """The place elsewhere did not answer, or refused: nobody knows what it holds. Ask again."""


class GrowingFile(Protocol):
    """A file that is open for appending. All methods block; one thread uses it."""

    def append(self, data: bytes) -> None:
        """Write all of `data`; after an error the file is as long as before.

        Raises:
            OSError: the data could not be written.
        """

    def sync(self) -> None:
        """Bring what was written to the disk's platter. Raises OSError."""

    def close(self) -> None:
        """Close the file. Raises OSError."""


class ArchiveFiles(Protocol):
    """The segments of one recording's archive, numbered from 1. All methods block."""

    def open(self) -> None:
        """Make the place for the segments. Raises OSError."""

    def segments(self) -> Sequence[int]:
        """List the numbers of the segments in order; empty if there is no archive.

        Raises:
            OSError: nobody can tell.
        """

    def size(self, index: int) -> int | None:
        """Tell the bytes of a segment on this machine; None if there is none. Raises OSError."""

    def create(self, index: int) -> GrowingFile:
        """Open a new segment; its name survives a power cut.

        Raises:
            FileExistsError: there is such a segment, whoever made it.
            OSError: it cannot be made.
        """

    def drop(self, index: int) -> None:
        """Remove a segment that holds nothing. Raises OSError."""

    def read(self, index: int, limit: int, start: int = 0) -> bytes:
        """Read a segment from a byte on, at most `limit` bytes.

        Raises:
            StorageAway: it lies elsewhere, and is not to be had now.
            OSError: it cannot be read.
        """

    def pieces(self, *, soon: bool = False) -> Sequence[Piece]:
        """List what was shipped, by whatever machine; empty if the storage ships nothing.

        Args:
            soon: a lesson waits, so ask only for a moment.

        Raises:
            StorageAway: nobody can tell now.
        """

    def ship(self, piece: Piece, data: bytes) -> None:
        """Bring a piece to the lasting place; may be repeated.

        Raises:
            OSError: nobody knows whether it is there.
        """


class Storage(Protocol):
    """The files of all recordings."""

    @property
    def ships(self) -> bool:
        """Whether archives that grow are brought to the lasting place piece by piece."""

    def open(self) -> None:
        """Make the storage ready. Raises OSError."""

    def free_bytes(self) -> int:
        """Tell how much can still be recorded. Raises OSError."""

    def archive(self, recording_id: str) -> ArchiveFiles:
        """Give access to a recording's archive, which need not exist. Does not block."""

    def archived(self) -> Sequence[str]:
        """List the recordings that have an archive on this machine. Raises OSError."""

    async def distant(self) -> Sequence[str]:
        """List the recordings whose archive lies elsewhere only. Raises OSError."""

    async def gather(self, recording_id: str) -> None:
        """Bring here what other machines have shipped of an archive. Raises OSError."""

    def working_place(self, recording_id: str) -> AbstractAsyncContextManager[Path]:
        """Hand a local folder to one job: the archive is in it, and room for results."""

    async def publish(self, recording_id: str) -> None:
        """Make the results of the job visible, inside its working place.

        The manifest comes last: whoever reads it finds the files that it names.

        Raises:
            OSError: there are no results, another job works on them, or they cannot be moved.
        """

    async def published(self, recording_id: str) -> Sequence[PublishedFile]:
        """List the published files, by name. Raises OSError."""

    async def file(self, recording_id: str, name: str) -> PublishedFile | None:
        """Find one published file. Raises OSError."""

    def waiting(self) -> Sequence[str]:
        """List the recordings with files here whose lasting place is elsewhere. Raises OSError."""

    async def put_away(self, recording_id: str, *, sealed: bool) -> float | None:
        """Bring a finished recording to its lasting place, the manifest last; may be repeated.

        No file here is removed before the lasting place has been seen to hold the same bytes.

        Args:
            recording_id: of one that is published.
            sealed: its archive grows no more, so it goes there, too.

        Returns:
            Seconds until the copy here may be removed by another call; None if nothing is to do.

        Raises:
            OSError: the rest is brought there by another call.
        """

    async def drop_copy(self, recording_id: str) -> bool:
        """Remove the archive of a recording from a machine that only recorded it.

        Returns:
            Whether it is gone. It stays if the lasting place lacks any of it.

        Raises:
            OSError: nobody can tell.
        """

    async def tidy(self) -> None:
        """Clear away what a process that was killed left elsewhere. Raises OSError.

        Not while `put_away` runs.
        """

    def close(self) -> None:
        """Break off what is asked of a place elsewhere: whoever waits for it gets OSError.

        Does not block. What was broken off is done by the next server.
        """

    async def delete(self, recording_id: str) -> None:
        """Remove all files of a recording, the manifest first. Raises OSError."""
