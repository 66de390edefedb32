"""Reads the sound of recordings for a worker process, which has only the settings."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from recorder.api import (
    SOUND_RATE,
    EditionFailed,
    Manifest,
    RecordingNotFound,
    SoundUnreadable,
    SourceManifest,
)
from recorder.config import RecorderConfig
from recorder.core.manifest import decode_manifest
from recorder.editions.maker import RESERVE_BYTES, bring
from recorder.editions.process import run_worker
from recorder.editions.worker import INPUTS_FOLDER
from recorder.listening.worker import NO_SOUND_NAME, RESULTS_FOLDER, SOUND_NAME, ListenTask
from recorder.storage.api import MANIFEST_NAME, Storage
from recorder.storage.chosen import chosen_storage

_PREFIX = "listening-"


class Listener:
    """Implements `recorder.api.SoundReader`."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        """Make it.

        Args:
            storage: of the recordings.
            folder: where samples lie while they are read; what a run left that was killed goes.
        """
        self._storage = storage
        self._folder = folder

    async def manifest(self, recording_id: str) -> Manifest:
        """See `SoundReader`."""
        file = await self._storage.file(recording_id, MANIFEST_NAME)
        if file is None:
            raise RecordingNotFound(recording_id)
        return decode_manifest(b"".join([piece async for piece in file.read()]))

    @asynccontextmanager
    async def sound(
        self, recording: Manifest, source: SourceManifest, report: Callable[[float], None]
    ) -> AsyncIterator[str | None]:
        """See `SoundReader`."""
        length_s = recording.entry.duration_s
        await asyncio.to_thread(self._prepare, length_s)
        with TemporaryDirectory(prefix=_PREFIX, dir=self._folder) as name:
            place = Path(name)
            (place / RESULTS_FOLDER).mkdir()
            heard = tuple(one for one in source.files if one.has_audio)
            if not heard:
                yield None
                return
            recording_id = recording.entry.recording_id
            await bring(self._storage, place / INPUTS_FOLDER, recording_id, heard)
            task = ListenTask(source.source_id, heard, length_s)
            try:
                await run_worker("recorder.listening.worker", place, task, source.source_id, report)
            except EditionFailed as error:
                raise SoundUnreadable(str(error)) from error
            silent = (place / RESULTS_FOLDER / NO_SOUND_NAME).exists()
            yield None if silent else str(place / RESULTS_FOLDER / SOUND_NAME)

    def _prepare(self, length_s: float) -> None:
        """Clear the folder, and demand room. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if shutil.disk_usage(self._folder).free < length_s * SOUND_RATE * 2 + RESERVE_BYTES:
            raise OSError(errno.ENOSPC, "no space for the sound of a recording")


def open_listener(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None, work: Path
) -> Listener:
    """Open the storage that the server's settings name. Raises BadLocation."""
    config = RecorderConfig(
        data_dir=data_dir, database_url=database_url, storage=storage, storage_keys=storage_keys
    )
    return Listener(chosen_storage(config), work)
