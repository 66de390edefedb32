"""One run of a child: a process that tells when it is ready, and ends when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

_MAX_LINE = 64 * 1024  # bytes of the line by which a child tells that it is ready

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What a child is.

    Attributes:
        name: for the log, and for errors.
        argv: its command; `--ready-fd N --life-fd N` are added.
        environment: variables beside those of the supervisor.
        fds: open files that it inherits under the same numbers.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()


class ChildProcess:
    """A child that runs, as its supervisor sees it."""

    def __init__(self, process: Process, ready_line: asyncio.StreamReader) -> None:
        self._process = process
        self._ready_line = ready_line

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session and its process group."""
        return self._process.pid

    async def until_ready(self, within_s: float) -> Facts | None:
        """Wait until the child is ready; returns what it tells of itself, or None if it ended.

        Raises:
            TimeoutError: it is neither ready nor ended in time.
        """
        facts = asyncio.create_task(self._facts())
        over = asyncio.create_task(self._process.wait())
        try:
            async with asyncio.timeout(within_s):
                await asyncio.wait((facts, over), return_when=asyncio.FIRST_COMPLETED)
                if facts.done() and (told := facts.result()) is not None:
                    return told
                # The pipe was closed without a word: as a rule the child is about to end.
                await over
                return None
        finally:
            facts.cancel()
            over.cancel()

    async def end(self) -> int:
        """Wait for its end; return its status as `Process.returncode` has it."""
        return await self._process.wait()

    def terminate(self) -> None:
        """Ask it to stop."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def kill(self) -> None:
        """End it at once, with all that it has started in its process group."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _facts(self) -> Facts | None:
        try:
            return msgspec.json.decode(await self._ready_line.readline(), type=Facts)
        except (ValueError, msgspec.MsgspecError):  # too long a line, or nothing of the kind
            return None


@asynccontextmanager
async def child_process(spec: ChildSpec, life_fd: int) -> AsyncIterator[ChildProcess]:
    """Start a child; whoever leaves before its end kills it.

    The child has a session of its own. So Ctrl-C, and the end of the terminal, reach its supervisor
    alone, which then stops the children in order.

    Raises:
        OSError: it cannot be started.
    """
    async with _read_end() as (ready_line, ready_fd):
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.argv,
                *("--ready-fd", str(ready_fd), "--life-fd", str(life_fd)),
                stdin=DEVNULL,
                env={**os.environ, **spec.environment},
                start_new_session=True,
                pass_fds=(ready_fd, life_fd, *spec.fds),
            )
        finally:
            os.close(ready_fd)  # ours: the child's is the only one, so its end is the file's
        child = ChildProcess(process, ready_line)
        try:
            yield child
        finally:
            child.kill()
            await child.end()


@asynccontextmanager
async def _read_end() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """Open a pipe: the reader of one end, and the descriptor of the other, for others to close."""
    reading, writing = os.pipe()  # no child inherits them but the one that is meant
    file = os.fdopen(reading, "rb", buffering=0)
    reader = asyncio.StreamReader(_MAX_LINE)
    try:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), file
        )
    except BaseException:
        file.close()
        os.close(writing)
        raise
    try:
        yield reader, writing
    finally:
        transport.close()
