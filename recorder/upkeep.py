"""The recurring work for a running recording: key frames, and a look at the disk."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

from recorder.archive import ArchiveWriter
from recorder.config import RecorderConfig
from recorder.core.archive_format import ClockSet
from recorder.recording_clock import RecordingClock
from recorder.tap import ArchiveTap
from relay.api import Tap

_TICK_S = 0.5
_LOSS_KEY_FRAME_SPACING_S = 2.0
_SPACE_INTERVAL_S = 5.0  # between two looks at what the disk has left


class Upkeep:
    """Looks after the recordings in one folder."""

    def __init__(self, config: RecorderConfig, root: Path) -> None:
        self._config = config
        self._root = root

    async def look_after(
        self, writer: ArchiveWriter, sink: ArchiveTap, tap: Tap, clock: RecordingClock
    ) -> None:
        """Until cancelled: ask for key frames, note whether space is short and clocks were set.

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
            due = since >= self._config.key_frame_interval_s
            if since >= _LOSS_KEY_FRAME_SPACING_S:
                due = sink.lost_pictures(clock.now()) or due
            if due:
                asked = loop.time()
                tap.request_key_frames()

    async def _is_short_of_space(self) -> bool:
        """Whether the disk has less than the reserve; one that does not say has enough."""
        with contextlib.suppress(OSError):
            usage = await asyncio.to_thread(shutil.disk_usage, self._root)
            return usage.free < self._config.reserve_bytes
        return False
