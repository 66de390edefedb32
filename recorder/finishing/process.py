"""One finishing job: starts the worker, follows what it prints, publishes what it made."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from recorder.api import RecordingFailure
from recorder.finishing.lines import LASTING_FAILURE, Line
from recorder.storage.api import Storage

PROGRESS_INTERVAL_S = 0.5  # s between two reports of progress

# The worker's share of the server's environment: how to find Python, no passwords.
_PASSED_ON = frozenset(("PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "VIRTUAL_ENV"))
_PASSED_ON_PREFIXES = ("PYTHON", "LC_")
_MAX_LAST_WORDS = 2000  # bytes kept of what the worker wrote to its error stream

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
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recorder.finishing.worker",
            str(place),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=worker_environment(os.environ),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(last_words(process.stderr))
        try:
            failure = await self._follow(recording_id, process.stdout)
            code = await process.wait()
            said = await errors
        finally:
            errors.cancel()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
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


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick what a worker may know of the server's `environment`."""
    passed_on = {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # Few heaps: each reserves 64 MB of the addresses that a worker may have.
    return passed_on | {"MALLOC_ARENA_MAX": "2"}


async def last_words(stream: asyncio.StreamReader) -> str:
    """Read a stream to its end, so that the writer never blocks; return its last line."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-_MAX_LAST_WORDS:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
