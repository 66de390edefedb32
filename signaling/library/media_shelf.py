"""The media that resources point at, whoever keeps them: the recorder, and later uploads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from recorder.api import Entry, Manifest, PublishedFile


class MediaShelf(Protocol):
    """Keeps media by id. `recorder.api.Recorder` is one.

    Another one is handed in by wiring, such as one that asks the recorder for recordings and the
    files for uploads. What has no such id raises RecordingNotFound.
    """

    async def entries_of(self, recording_ids: Collection[str]) -> dict[str, Entry]:
        """Return several by id; unknown ids are left out."""

    async def manifest(self, recording_id: str) -> Manifest:
        """Return the contents. Raises RecordingNotFound, StorageUnavailable."""

    async def adopt(self, recording_id: str) -> Entry:
        """List what a worker process has put there. Raises RecordingNotFound."""

    async def seal(self, recording_id: str) -> Entry:
        """Fix it for good. Raises RecordingNotFound, RecordingNotReady."""

    async def file(self, recording_id: str, name: str) -> PublishedFile:
        """Return a file that the manifest names. Raises RecordingNotFound, StorageUnavailable."""
