"""One finishing job: starts the worker, follows what it prints, publishes what it made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from recorder.api import RecordingFailure
from recorder.finishing.lines import LASTING_FAILURE, Line
from recorder.finishing.media_process import media_process
from recorder.storage.api import Storage

PROGRESS_INTERVAL_S = 0.5  # s between two reports of progress

_log = structlog.get_logger(__name__)
_line_decoder = msgspec.json.Decoder(Line)


class FinishFailedError(Exception):
    """A job failed. The text is for the log.

    Attributes:
        failure: the reason.
        lasting: another attempt will not help.
    """

    def __init__(
        self,
        reason: str,
        failure: RecordingFailure = RecordingFailure.FINISHING_FAILED,
        *,
        lasting: bool = False,
    ) -> None:
        super().__init__(reason)
        self.failure = failure
        self.lasting = lasting


class FinishProcess:
    """Finishes recordings, each in a process of its own."""

    def __init__(
        self, storage: Storage, on_progress: Callable[[str, float], Awaitable[None]]
    ) -> None:
        """`on_progress` is given the recording id and 0…1."""
        self._storage = storage
        self._on_progress = on_progress
        self._told_open = False  # the log has it that workers can read what the server can

    async def run(self, recording_id: str) -> None:
        """Make one attempt. Raises FinishFailedError."""
        async with self._storage.working_place(recording_id) as place:
            await self._work(recording_id, place)
            try:
                await self._storage.publish(recording_id)
            except OSError as error:
                raise FinishFailedError(f"not published: {error}") from error

    async def _work(self, recording_id: str, place: Path) -> None:
        async with media_process("recorder.finishing.worker", str(place)) as process:
            failure = await self._follow(recording_id, process.output)
            code, said = await process.end()
        if code != 0:
            raise FinishFailedError(
                failure or said or f"exit code {code}",
                failure or RecordingFailure.FINISHING_FAILED,
                lasting=code == LASTING_FAILURE,
            )

    async def _follow(
        self, recording_id: str, output: asyncio.StreamReader
    ) -> RecordingFailure | None:
        loop, last = asyncio.get_running_loop(), float("-inf")
        failure = None
        async for raw in output:
            try:
                line = _line_decoder.decode(raw)
            except msgspec.DecodeError:
                continue  # a library that prints
            failure = line.failure or failure
            self.note(recording_id, line)
            if line.failure is None and line.progress and loop.time() - last >= PROGRESS_INTERVAL_S:
                last = loop.time()
                await self._on_progress(recording_id, line.progress)
        return failure

    def note(self, recording_id: str, line: Line) -> None:
        """Log what the worker tells beside its progress."""
        if line.passed_over:
            _log.warning(
                "archive_records_passed_over", recording_id=recording_id, records=line.passed_over
            )
        if line.damaged_source is not None:
            _log.error("source_damaged", recording_id=recording_id, source_id=line.damaged_source)
        if line.shut_off is False and not self._told_open:
            self._told_open = True
            _log.warning("finishing_not_shut_off", reason="no Landlock here")
