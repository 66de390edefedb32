"""Archives that lie on a machine that only records: shipped to their end, and removed later."""

from __future__ import annotations

import asyncio

import structlog

from recorder.api import RecordingNotFound, RecordingState
from recorder.archive.shipping import Shipping
from recorder.recordings.store import RecordingStore
from recorder.storage.api import Storage

LOOK_EVERY_S = 600.0  # s between two looks at what lies here

_log = structlog.get_logger(__name__)


class LeftHere:
    """Looks after archives of which no lesson runs here."""

    def __init__(self, store: RecordingStore, storage: Storage, shipping: Shipping) -> None:
        self._store = store
        self._storage = storage
        self._shipping = shipping

    async def run(self) -> None:
        """Look again and again, for ever."""
        while True:
            try:
                await self.look()
            except Exception:  # the database is away, say
                _log.exception("archives_here_not_looked_at")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look at each archive once."""
        for recording_id in await asyncio.to_thread(self._storage.archived):
            if not self._shipping.is_busy(recording_id):
                await self._look_at(recording_id)

    async def _look_at(self, recording_id: str) -> None:
        try:
            entry = await self._store.entry(recording_id)
            if self._shipping.is_busy(recording_id):
                return  # its lesson goes on here since
            if entry.state is not RecordingState.READY:
                self._shipping.add(recording_id)
                self._shipping.close(recording_id)
            elif entry.sealed and not await self._storage.drop_copy(recording_id):
                _log.info("archive_kept_here", recording_id=recording_id)
        except RecordingNotFound:
            return  # nobody knows it: it may be that of a lost database
        except OSError as error:
            _log.warning("archive_kept_here", recording_id=recording_id, reason=str(error))
