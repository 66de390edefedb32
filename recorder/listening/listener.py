"""Reads the sound of recordings for a worker process, which has only the settings."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from recorder.api import (
    SOUND_RATE,
    Manifest,
    SoundUnreadable,
    SourceManifest,
)
from recorder.config import RecorderConfig
from recorder.editions.process import ProcessFailed, run_process
from recorder.editions.staging import RESERVE_BYTES, read_manifest, stage_files
from recorder.listening.worker import NO_SOUND_NAME, SOUND_NAME, ListenTask
from recorder.storage.api import RESULTS_FOLDER, Storage
from recorder.storage.chosen import chosen_storage
from recorder.storage.folder import locked

_PREFIX = "listening-"
_PLACE = "place"  # within: the process locks it for itself


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
        return await read_manifest(self._storage, recording_id)

    @asynccontextmanager
    async def sound(
        self, recording: Manifest, source: SourceManifest, report: Callable[[float], None]
    ) -> AsyncIterator[str | None]:
        """See `SoundReader`."""
        length_s = recording.entry.duration_s
        with ExitStack() as stack:
            place = await asyncio.to_thread(self._open, stack, length_s)
            heard = tuple(one for one in source.files if one.has_audio)
            if not heard:
                yield None
                return
            recording_id = recording.entry.recording_id
            names = [file.name for file in heard]
            await stage_files(self._storage, recording_id, names, place)
            task = ListenTask(source.source_id, heard, length_s)
            try:
                await run_process("recorder.listening.worker", place, task, report)
            except ProcessFailed as error:
                raise SoundUnreadable(f"{source.source_id}: {error}") from error
            silent = (place / RESULTS_FOLDER / NO_SOUND_NAME).exists()
            yield None if silent else str(place / RESULTS_FOLDER / SOUND_NAME)

    def _open(self, stack: ExitStack, length_s: float) -> Path:
        """Make a working place that goes with the stack. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with locked(self._folder):
            self._clear()
            if shutil.disk_usage(self._folder).free < length_s * SOUND_RATE * 2 + RESERVE_BYTES:
                raise OSError(errno.ENOSPC, "no space for the sound of a recording")
            kept = Path(stack.enter_context(TemporaryDirectory(prefix=_PREFIX, dir=self._folder)))
            stack.enter_context(locked(kept))
        place = kept / _PLACE
        (place / RESULTS_FOLDER).mkdir(parents=True)
        return place

    def _clear(self) -> None:
        """Remove what killed runs left; runs that go on hold a lock."""
        for left in self._folder.glob(f"{_PREFIX}*"):
            with suppress(OSError), locked(left, wait=False):
                shutil.rmtree(left, ignore_errors=True)


def open_listener(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None, work: Path
) -> Listener:
    """Open the storage that the server's settings name. Raises BadLocation."""
    config = RecorderConfig(
        data_dir=data_dir, database_url=database_url, storage=storage, storage_keys=storage_keys
    )
    return Listener(chosen_storage(config), work)
