"""One recording while it runs: its archive, its tap of the room, and its upkeep."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from recorder.api import RecordingTrouble, StorageUnavailable
from recorder.archive.recording_clock import RecordingClock, steady
from recorder.archive.tap import ArchiveTap
from recorder.archive.upkeep import Upkeep
from recorder.archive.writer import ArchiveWriter
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin
from recorder.core.source_quota import QuotaRules
from recorder.storage.api import Storage
from relay.api import Relay, Tap


class SessionListener(Protocol):
    """Hears of a running recording's health, on the event loop."""

    def tell_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        """Records are lost."""

    def tell_recovery(self, lesson_id: str) -> None:
        """Everything is kept again."""

    def tell_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        """A source is left out, or recorded again."""


@dataclass(slots=True)
class OpenArchive:
    """An archive that takes records; `run` is unique among all runs of this archive."""

    writer: ArchiveWriter
    run: int
    lesson_id: str

    @classmethod
    async def open(
        cls,
        storage: Storage,
        begin: Begin,
        config: RecorderConfig,
        clock: Callable[[], float],
        listener: SessionListener,
        *,
        on_later_run: Callable[[], None] = lambda: None,
    ) -> OpenArchive:
        """Begin a run.

        Args:
            storage: keeps the archive.
            begin: opens the run; it tells its `take`.
            config: the settings.
            clock: gives Unix seconds.
            listener: told of the archive's health.
            on_later_run: called once if another process goes on with the recording.

        Raises:
            LaterRunError: another process has taken the recording up since.
            StorageUnavailable: nothing can be written.
        """
        loop = asyncio.get_running_loop()
        lesson_id = begin.facts.lesson_id

        def tell(*call: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                loop.call_soon_threadsafe(*call)

        writer = ArchiveWriter(
            storage.archive(begin.recording_id),
            begin,
            lambda trouble: tell(listener.tell_trouble, lesson_id, trouble),
            lambda: tell(listener.tell_recovery, lesson_id),
            on_later_run=lambda: tell(on_later_run),
            clock=steady(clock),
        )

        def open_it() -> int:
            free = storage.free_bytes()
            if free < config.min_free_bytes:
                raise StorageUnavailable(f"only {free} bytes free")
            return writer.open()

        try:
            return cls(writer, await asyncio.to_thread(open_it), lesson_id)
        except OSError as error:
            raise StorageUnavailable(str(error)) from error

    async def close(self, *, ended: bool) -> None:
        """Write what is queued, with an end marker if the lesson `ended`."""
        await asyncio.to_thread(self.writer.close, ended=ended)


class RecordingSession:
    """A recording being made.

    Attributes:
        clock: the recording's time.
    """

    def __init__(
        self,
        recording_id: str,
        archive: OpenArchive,
        relay: Relay,
        room_id: str,
        *,
        storage: Storage,
        config: RecorderConfig,
        wall_clock: Callable[[], float],
        listener: SessionListener,
    ) -> None:
        """Tap the room; `wall_clock` gives Unix seconds."""
        self.recording_id = recording_id
        self._archive = archive
        self._config = config
        self.put = archive.writer.put
        loop = asyncio.get_running_loop()

        def on_excess(source_id: str, excess: bool) -> None:
            loop.call_soon(listener.tell_excess, archive.lesson_id, source_id, excess)

        self._sink = ArchiveTap(
            archive.writer,
            archive.run,
            rules=QuotaRules(config.source_bps, most_bytes=config.source_bytes),
            on_excess=on_excess,
        )
        self._tap: Tap = relay.tap(room_id, self._sink)
        self.clock = RecordingClock(self._tap.now, wall_clock)
        upkeep = Upkeep(config.key_frame_interval_s, config.reserve_bytes, storage)
        self._upkeep = asyncio.create_task(
            upkeep.look_after(archive.writer, self._sink, self._tap, self.clock), name="recording"
        )

    def mark_end(self) -> None:
        """Note that the lesson ends now. Only the first call counts."""
        self._sink.end()

    async def let_tail_arrive(self) -> None:
        """Take what was captured before the end and is still under way, then leave the room."""
        await asyncio.sleep(self._config.tail_s)
        self._tap.close()

    async def close(self, *, ended: bool) -> None:
        """Leave the room and close the archive, with an end marker if the lesson `ended`."""
        self._upkeep.cancel()
        try:
            self._tap.close()
            with contextlib.suppress(asyncio.CancelledError):
                await self._upkeep
        finally:
            await self._archive.close(ended=ended)
