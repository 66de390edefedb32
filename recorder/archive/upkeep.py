"""The recurring work for a running recording: key frames, and looks at the disk and the clock."""

from __future__ import annotations

import asyncio
import contextlib

from recorder.archive.recording_clock import RecordingClock
from recorder.archive.tap import ArchiveTap
from recorder.archive.writer import ArchiveWriter
from recorder.core.archive_format import ClockSet
from recorder.storage.api import Storage
from relay.api import Tap

_TICK_S = 0.5  # s between two rounds
_LOSS_KEY_FRAME_SPACING_S = 2.0  # s between two requests; each costs an uplink 50 to 150 kB
_SPACE_INTERVAL_S = 5.0  # s between two looks at what the disk has left


class Upkeep:
    """Looks after running recordings."""

    def __init__(self, key_frame_interval_s: float, reserve_bytes: int, storage: Storage) -> None:
        """Space counts as short with less than `reserve_bytes` free."""
        self._key_frame_interval_s = key_frame_interval_s
        self._reserve_bytes = reserve_bytes
        self._storage = storage

    async def look_after(
        self, writer: ArchiveWriter, sink: ArchiveTap, tap: Tap, clock: RecordingClock
    ) -> None:
        """Ask for key frames, note short space and clocks that were set, until cancelled.

        Key frames at even distances make a recording seekable; after a loss they end the gap.
        """
        loop = asyncio.get_running_loop()
        asked = loop.time()
        looked = asked - _SPACE_INTERVAL_S
        while True:
            await asyncio.sleep(_TICK_S)
            if loop.time() - looked >= _SPACE_INTERVAL_S:
                looked = loop.time()
                sink.short_of_space = await self._is_short_of_space()
            if (ahead := clock.take_step()) is not None:
                writer.put(ClockSet(clock.now(), ahead))
            since = loop.time() - asked
            due = since >= self._key_frame_interval_s
            if since >= _LOSS_KEY_FRAME_SPACING_S:
                due = sink.lost_pictures(clock.now()) or due
            if due:
                asked = loop.time()
                tap.request_key_frames()

    async def _is_short_of_space(self) -> bool:
        """Compare the free space with the reserve; a disk that does not tell has enough."""
        with contextlib.suppress(OSError):
            return await asyncio.to_thread(self._storage.free_bytes) < self._reserve_bytes
        return False
