"""The recordings as other packages see them: entries, manifests, files, and news about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import msgspec
import structlog

from recorder.api import (
    Entry,
    Manifest,
    PublishedFile,
    RecorderListener,
    RecordingNotFound,
    RecordingNotReady,
    RecordingState,
    RecordingTrouble,
    StorageUnavailable,
)
from recorder.core.manifest import decode_manifest, named_files
from recorder.recordings.store import RecordingStore
from recorder.storage.api import MANIFEST_NAME, THUMBNAIL_NAME, Storage

_log = structlog.get_logger(__name__)


class Recordings:
    """Answers for the recordings and tells listeners of their changes."""

    def __init__(self, store: RecordingStore, storage: Storage, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._store = store
        self._storage = storage
        self._clock = clock
        self._running: dict[str, Callable[[], float]] = {}  # by recording id: its time, Unix s
        self._listeners: list[RecorderListener] = []

    def runs(self, recording_id: str, now: Callable[[], float]) -> None:
        """Take a running recording's duration from its own clock."""
        self._running[recording_id] = now

    def runs_no_more(self, recording_id: str) -> None:
        """Forget the clock of a recording that was closed."""
        self._running.pop(recording_id, None)

    # --- answers ---

    async def entry(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        return self._live(await self._store.entry(recording_id))

    async def entries_of(self, recording_ids: Collection[str]) -> dict[str, Entry]:
        """See `Recorder`."""
        found = await self._store.entries_of(recording_ids)
        return {entry.recording_id: self._live(entry) for entry in found}

    async def entries(
        self, *, limit: int, before: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """See `Recorder`."""
        found, cursor = await self._store.page(limit=limit, before=before)
        return [self._live(entry) for entry in found], cursor

    async def manifest(self, recording_id: str) -> Manifest:
        """See `Recorder`."""
        entry = await self._store.entry(recording_id)
        if entry.state is not RecordingState.READY:
            return Manifest(self._live(entry), (), ())
        return replace(await self.published_manifest(recording_id), entry=entry)

    async def published_manifest(self, recording_id: str) -> Manifest:
        """Read the manifest that finishing left.

        Raises:
            RecordingNotFound: there is none, or none that can be understood.
            StorageUnavailable: nobody can tell now.
        """
        try:
            file = await self._storage.file(recording_id, MANIFEST_NAME)
            if file is None:
                raise RecordingNotFound(recording_id)
            return decode_manifest(b"".join([piece async for piece in file.read()]))
        except OSError as error:
            raise StorageUnavailable(f"{recording_id}: {error}") from error
        except msgspec.DecodeError as error:
            _log.error("manifest_damaged", recording_id=recording_id)
            raise RecordingNotFound(recording_id) from error

    async def file(self, recording_id: str, name: str) -> PublishedFile:
        """See `Recorder`."""
        entry = await self._store.entry(recording_id)
        if entry.state is not RecordingState.READY:
            raise RecordingNotFound(recording_id)
        manifest = await self.published_manifest(recording_id)
        names = named_files(manifest) | ({THUMBNAIL_NAME} if entry.has_thumbnail else set())
        # The manifest's names alone, so that no name can lead out of the recording.
        try:
            file = await self._storage.file(recording_id, name) if name in names else None
        except OSError as error:
            raise StorageUnavailable(f"{recording_id}/{name}: {error}") from error
        if file is None:
            raise RecordingNotFound(f"{recording_id}/{name}")
        return file

    async def seal(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        if not await self._store.seal_ready(recording_id):
            await self._store.entry(recording_id)  # or there is no such recording
            raise RecordingNotReady(recording_id)
        entry = await self._store.entry(recording_id)
        self.tell(entry)
        return entry

    def _live(self, entry: Entry) -> Entry:
        if entry.state is not RecordingState.RECORDING:
            return entry
        now = self._running.get(entry.recording_id, self._clock)()
        return replace(entry, duration_s=max(0.0, now - entry.started_at.timestamp()))

    # --- news ---

    def add_listener(self, listener: RecorderListener) -> None:
        """See `Recorder`."""
        self._listeners.append(listener)

    def tell(self, entry: Entry) -> None:
        """Tell that a recording changed."""
        for listener in self._listeners:
            listener.on_recording_changed(self._live(entry))

    def tell_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        """Tell that records are lost."""
        for listener in self._listeners:
            listener.on_recording_trouble(lesson_id, trouble)

    def tell_recovery(self, lesson_id: str) -> None:
        """Tell that everything is kept again."""
        for listener in self._listeners:
            listener.on_recording_recovered(lesson_id)

    def tell_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """Tell that a source is left out, or recorded again."""
        _log.warning("source_excess", lesson_id=lesson_id, source_id=source_id, excess=excess)
        for listener in self._listeners:
            listener.on_source_excess(lesson_id, source_id, excess)
