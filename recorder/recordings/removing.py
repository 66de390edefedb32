"""Deleting recordings for good, by a process that has only the settings."""

from __future__ import annotations

import re
from pathlib import Path

import structlog

from recorder.config import RecorderConfig
from recorder.recordings.store import RecordingStore
from recorder.storage.api import Storage
from recorder.storage.chosen import chosen_storage

_RECORDING_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what cannot lead out of the storage

_log = structlog.get_logger(__name__)


class Remover:
    """Implements `recorder.api.RecordingRemover`.

    The row is hidden first and removed last. Between the two it keeps the server from adopting an
    archive of which a part is left.
    """

    def __init__(self, store: RecordingStore, storage: Storage) -> None:
        self._store = store
        self._storage = storage

    async def remove(self, recording_id: str) -> None:
        """See `RecordingRemover`."""
        if not _RECORDING_ID.fullmatch(recording_id):
            return  # no recording has such an id
        await self._store.hide(recording_id)
        await self._storage.delete(recording_id)
        await self._store.remove(recording_id)
        _log.info("recording_removed", recording_id=recording_id)

    async def close(self) -> None:
        """See `RecordingRemover`."""
        await self._store.close()


def open_remover(
    data_dir: Path, database_url: str, storage: str | None, storage_keys: Path | None
) -> Remover:
    """Open the storage and the database that the server's settings name. Raises BadLocation."""
    config = RecorderConfig(
        data_dir=data_dir, database_url=database_url, storage=storage, storage_keys=storage_keys
    )
    return Remover(RecordingStore(config.database_url), chosen_storage(config))
