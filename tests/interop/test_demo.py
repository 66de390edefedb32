"""`tongke demo` as a person runs it: a lesson with a real server and synthetic people, recorded.

What depends on the machine's speed (checks marked `timed`) is not judged here but by the benches.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from load_tests.checks import check_stop
from load_tests.demo import MIN_SECONDS, Demonstration, main
from load_tests.media import write_file
from load_tests.picture import CoursewareScene
from load_tests.server import ServerFailed, ServerProcess
from load_tests.sound import Babble

TIMEOUT_S = 120


async def _hold(tmp_path: Path, media: Path | None, codec: str = "VP8"):
    async with asyncio.timeout(TIMEOUT_S), AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(tmp_path / "data"))
        lesson = Demonstration(server, stack, seconds=MIN_SECONDS, media=media, codec=codec)
        return await lesson.run(), server.log_path.read_text()


async def test_a_lesson_is_held_recorded_and_checked(tmp_path):
    checks, log = await _hold(tmp_path, None)

    broken = [check for check in checks if not check.passed and not check.timed]
    assert not broken
    assert len(checks) >= 25
    assert "Traceback" not in log


async def test_a_media_file_can_be_the_teacher_in_h264(tmp_path):
    media = tmp_path / "lesson.mp4"
    write_file(media, CoursewareScene(640, 480), Babble(), seconds=3, fps=15, video_codec="libx264")
    checks, _log = await _hold(tmp_path, media, "H264")

    assert not [check for check in checks if not check.passed and not check.timed]


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _lives(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


def _hear_interrupts() -> None:
    """A shell's background job, as CI may be, hands SIGINT down as ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def test_an_interrupted_demo_leaves_nothing_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from load_tests.demo import main; raise SystemExit(main())",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment,
        preexec_fn=_hear_interrupts,
    )  # fmt: skip
    assert demo.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while "[" not in (line := (await demo.stdout.readline()).decode()):
                assert line, "the demo ended by itself"
            children = _children(demo.pid)
            assert children
            demo.send_signal(signal.SIGINT)
            await demo.stdout.read()
            assert await demo.wait() == 130
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()
    assert not [pid for pid in children if _lives(pid)]
    assert not list(tmp_path.iterdir())


def test_impossible_wishes_are_refused_before_anything_starts(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no video")
    for wish in (["--seconds", "1"], ["--media", str(tmp_path / "notes.txt")]):
        with pytest.raises(SystemExit) as refusal:
            main(wish)
        assert refusal.value.code == 2
    assert "--media" in capsys.readouterr().err


async def test_a_server_that_has_to_be_killed_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("load_tests.server.STOP_TIMEOUT_S", 0.1)
    async with ServerProcess(tmp_path / "data") as server:
        os.kill(server.pid, signal.SIGSTOP)  # it hears nothing any more
        assert not (await check_stop(server)).passed

    with pytest.raises(ServerFailed):
        async with ServerProcess(tmp_path / "other") as server:
            os.kill(server.pid, signal.SIGSTOP)
