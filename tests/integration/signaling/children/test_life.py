"""A supervisor as a process of its own: what signals and its death mean for its children."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.signaling.children.diary import Diary, open_diary
from tests.integration.signaling.children.program import MODULE
from tests.support.server import REPOSITORY
from tests.support.waiting import PATIENCE_S

TWO_CELLS = ("cell-1:steady,cell-2:steady", "web:steady")


@pytest.fixture
async def diary() -> AsyncIterator[Diary]:
    async with open_diary() as opened:
        yield opened


@asynccontextmanager
async def _supervisor(diary: Diary, *groups: str, **options: Any) -> AsyncIterator[Process]:
    """A supervisor of these children; it is killed at the end, and they follow."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", MODULE, "supervise", str(diary.writing), *groups),
        pass_fds=(diary.writing,),
        cwd=REPOSITORY,
        **{"stderr": PIPE, **options},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        async with asyncio.timeout(PATIENCE_S):
            left = asyncio.create_task(process.communicate())
            try:
                await asyncio.wait((left,), timeout=5.0)
            finally:
                _end_left(diary)  # children that should have followed, and hold the log open
            await left


def _end_left(diary: Diary) -> None:
    for pid in {line.pid for line in diary.lines}:
        with contextlib.suppress(OSError):
            if MODULE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


async def _end(process: Process) -> tuple[int, list[dict[str, Any] | str]]:
    """The exit status, and the lines of the log."""
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    lines = said.decode().splitlines()
    assert process.returncode is not None
    return process.returncode, [
        json.loads(line) if line.startswith("{") else line for line in lines
    ]


async def test_sigterm_stops_the_children_in_order(diary: Diary) -> None:
    async with _supervisor(diary, *TWO_CELLS) as supervisor:
        await diary.until("main", "ready")
        supervisor.terminate()
        status, lines = await _end(supervisor)
        rest = await diary.rest()
    assert status == 0
    assert (rest[0], set(rest[1:3]), rest[3:]) == (
        "web stops",
        {"cell-1 stops", "cell-2 stops"},
        ["main ended"],
    )
    assert all(line["node"] == "main" for line in lines if isinstance(line, dict))


async def test_children_of_a_killed_supervisor_stop_by_themselves(diary: Diary) -> None:
    async with _supervisor(diary, *TWO_CELLS) as supervisor:
        await diary.until("main", "ready")
        supervisor.kill()
        assert sorted(await diary.rest()) == ["cell-1 stops", "cell-2 stops", "web stops"]


async def test_a_child_that_was_started_again_stops_by_itself_too(diary: Diary) -> None:
    async with _supervisor(diary, *TWO_CELLS) as supervisor:
        await diary.until("main", "ready")
        (first,) = (line.pid for line in diary.lines if (line.who, line.what) == ("web", "born"))
        os.kill(first, signal.SIGKILL)
        await diary.until("web", "born")
        supervisor.kill()
        assert sorted(await diary.rest()) == ["cell-1 stops", "cell-2 stops", "web stops"]


async def test_a_hung_child_of_a_killed_supervisor_ends_hard(diary: Diary) -> None:
    async with _supervisor(diary, "cell-1:hangs") as supervisor:
        await diary.until("cell-1", "hangs")
        supervisor.kill()
        assert "cell-1 stops" not in await diary.rest()


async def test_a_signal_breaks_the_start_off(diary: Diary) -> None:
    async with _supervisor(diary, "cell-1:mute", "web:steady") as supervisor:
        await diary.until("cell-1", "born")
        supervisor.terminate()
        status, _ = await _end(supervisor)
        assert (status, await diary.rest()) == (0, ["cell-1 stops", "main ended"])


async def test_a_second_signal_does_not_wait_for_a_stubborn_child(diary: Diary) -> None:
    async with _supervisor(diary, "cell-1:stubborn") as supervisor:
        await diary.until("main", "ready")
        supervisor.terminate()
        await diary.until("cell-1", "refuses")
        supervisor.send_signal(signal.SIGINT)
        status, lines = await _end(supervisor)
        assert status == 0
        events = [line["event"] for line in lines if isinstance(line, dict)]
        assert events[-2:] == ["child_killed", "child_stopped"]


@pytest.mark.parametrize(
    ("habit", "status", "words"),
    [("early", 3, "exit status 3 before it was ready"), ("useless", 78, "exit status 78")],
)
async def test_a_failed_child_ends_the_supervisor_with_its_status(
    diary: Diary, habit: str, status: int, words: str
) -> None:
    async with _supervisor(diary, "cell-1:steady", f"web:{habit}") as supervisor:
        web = await diary.until("web", "born")
        if habit == "useless":
            await diary.until("main", "ready")
            os.kill(web, signal.SIGUSR1)
        ended, lines = await _end(supervisor)
        assert (ended, lines[-1]) == (status, f"child web: {words}")
        assert await diary.rest() == ["cell-1 stops"]


async def test_ctrl_c_in_a_terminal_reaches_the_supervisor_alone(diary: Diary) -> None:
    ours, theirs = pty.openpty()
    try:
        terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}
        async with _supervisor(diary, *TWO_CELLS, **terminal) as supervisor:
            await diary.until("main", "ready")
            os.write(ours, b"\x03")
            assert await supervisor.wait() == 0
            rest = await diary.rest()
    finally:
        os.close(ours)
        os.close(theirs)
    assert sorted(rest) == ["cell-1 stops", "cell-2 stops", "main ended", "web stops"]
