"""Real children under a supervisor in this process: start, death, and stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signaling.base.clock import SystemClock
from signaling.children import supervisor as supervisor_module
from signaling.children.child import ChildFailed
from signaling.children.process import ChildSpec
from signaling.children.supervisor import ChildSupervisor
from tests.integration.signaling.children.diary import Diary, open_diary
from tests.integration.signaling.children.program import child_spec
from tests.support.waiting import until

Groups = list[list[ChildSpec]]


@pytest.fixture
async def diary() -> AsyncIterator[Diary]:
    async with open_diary() as opened:
        yield opened


@asynccontextmanager
async def _supervisor(groups: Groups, **options: object) -> AsyncIterator[ChildSupervisor]:
    """A supervisor, stopped at the end."""
    made = ChildSupervisor(groups, SystemClock(), **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.stop()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _open_files() -> set[str]:
    """The pipes and files that this process has open."""
    return {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.exists()}


async def test_a_group_starts_side_by_side_once_the_one_before_is_ready(diary: Diary) -> None:
    cells = [child_spec(name, diary.writing, "waits") for name in ("cell-1", "cell-2")]
    groups = [cells, [child_spec("web", diary.writing)]]
    before = _open_files()
    async with _supervisor(groups) as supervisor:
        start = asyncio.create_task(supervisor.start())
        born = {await diary.until("cell-1", "born")}
        born |= {line.pid for line in diary.lines if line.who == "cell-2"} or {
            await diary.until("cell-2", "born")
        }
        assert len(born) == 2
        assert not start.done()
        for pid in born:
            os.kill(pid, signal.SIGUSR1)
        web = await diary.until("web", "born")
        await start
        assert supervisor.facts("web") == {"pid": web, "name": "web"}
        assert {supervisor.facts(one)["pid"] for one in ("cell-1", "cell-2")} == born
        # Ctrl-C in our terminal is not for them.
        assert {os.getsid(pid) for pid in (*born, web)} == {*born, web}
    assert _open_files() == before


async def test_the_web_process_stops_before_the_cells(diary: Diary) -> None:
    groups = [[child_spec("cell-1", diary.writing)], [child_spec("web", diary.writing)]]
    async with _supervisor(groups) as supervisor:
        await supervisor.start()
        await diary.until("web", "born")
    assert await diary.rest() == ["web stops", "cell-1 stops"]


async def test_a_child_that_ends_before_it_is_ready_ends_the_start(diary: Diary) -> None:
    groups = [[child_spec("cell-1", diary.writing)], [child_spec("web", diary.writing, "early")]]
    async with _supervisor(groups) as supervisor:
        with pytest.raises(
            ChildFailed, match="child web: exit status 3 before it was ready"
        ) as end:
            await supervisor.start()
        assert end.value.status == 3
        await diary.until("web", "born")
    assert await diary.rest() == ["cell-1 stops"]


async def test_a_child_that_does_not_become_ready_is_killed(diary: Diary) -> None:
    groups = [[child_spec("cell-1", diary.writing, "mute")]]
    async with _supervisor(groups, ready_s=0.05) as supervisor:
        with pytest.raises(ChildFailed, match=r"child cell-1: not ready within 0\.05 s"):
            await supervisor.start()


async def test_a_child_that_cannot_be_started_is_named() -> None:
    async with _supervisor([[ChildSpec("web", ("/nowhere/python",))]]) as supervisor:
        with pytest.raises(ChildFailed, match=r"child web: it cannot be started: .*No such file"):
            await supervisor.start()


@pytest.mark.parametrize("said", ["junk\n", "[1]\n", "x" * 70_000])
async def test_what_is_no_json_object_does_not_make_a_child_ready(said: str) -> None:
    program = (
        "import os, sys\n"
        "fd = int(sys.argv[sys.argv.index('--ready-fd') + 1])\n"
        "with os.fdopen(fd, 'w') as file:\n"
        "    file.write(os.environ['SAID'])\n"
    )
    spec = ChildSpec("web", (sys.executable, "-c", program), {"SAID": said})
    async with _supervisor([[spec]]) as supervisor:
        with pytest.raises(ChildFailed, match=r"child web: exit status \d before it was ready"):
            await supervisor.start()


async def test_a_child_that_dies_is_started_again(diary: Diary) -> None:
    told: list[tuple[int, ...]] = []
    groups = [[child_spec("cell-1", diary.writing)], [child_spec("web", diary.writing)]]
    async with _supervisor(groups, on_pids=told.append) as supervisor:
        await supervisor.start()
        first, web = supervisor.facts("cell-1")["pid"], supervisor.facts("web")["pid"]
        assert told[-1] == (first, web)
        os.kill(first, signal.SIGKILL)
        await diary.until("web", "born")
        second = await diary.until("cell-1", "born")
        await until(lambda: supervisor.facts("cell-1")["pid"] == second)
        assert told[-2:] == [(web,), (second, web)]
        assert _runs(web)
    assert told[-1] == ()


async def test_a_full_disk_under_the_names_of_processes_harms_no_child(diary: Diary) -> None:
    def full(_pids: tuple[int, ...]) -> None:
        raise OSError(28, "no space left on device")

    async with _supervisor([[child_spec("cell-1", diary.writing)]], on_pids=full) as supervisor:
        await supervisor.start()
        assert _runs(supervisor.facts("cell-1")["pid"])


async def test_a_useless_configuration_stops_everything(diary: Diary) -> None:
    useless = child_spec("cell-2", diary.writing, "useless")
    async with _supervisor([[child_spec("cell-1", diary.writing), useless]]) as supervisor:
        await supervisor.start()
        os.kill(supervisor.facts("cell-2")["pid"], signal.SIGUSR1)
        with pytest.raises(ChildFailed, match="child cell-2: exit status 78") as end:
            await supervisor.keep()
        assert end.value.status == 78


async def test_a_child_that_waits_to_be_started_again_is_not_started_in_a_stop(
    diary: Diary,
) -> None:
    changes: asyncio.Queue[tuple[int, ...]] = asyncio.Queue()
    groups = [[child_spec("cell-1", diary.writing)]]
    async with _supervisor(groups, on_pids=changes.put_nowait) as supervisor:
        await supervisor.start()
        for _ in range(2):  # it comes back at once after the first death only
            (pid,) = await changes.get()
            os.kill(pid, signal.SIGKILL)
            assert await changes.get() == ()
    assert changes.empty()


async def test_a_start_is_broken_off(diary: Diary) -> None:
    groups = [[child_spec("cell-1", diary.writing, "mute")], [child_spec("web", diary.writing)]]
    async with _supervisor(groups) as supervisor:
        start = asyncio.create_task(supervisor.start())
        pid = await diary.until("cell-1", "born")
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
    assert not _runs(pid)
    assert await diary.rest() == ["cell-1 stops"]


async def test_a_child_that_does_not_stop_is_killed(diary: Diary) -> None:
    groups = [[child_spec("cell-1", diary.writing, "stubborn"), child_spec("b", diary.writing)]]
    async with _supervisor(groups, stop_s=0.1) as supervisor:
        await supervisor.start()
        pid = supervisor.facts("cell-1")["pid"]
    assert not _runs(pid)


async def test_a_second_signal_shortens_the_stop(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "HURRY_S", 0.05)
    async with _supervisor([[child_spec("cell-1", diary.writing, "stubborn")]]) as supervisor:
        await supervisor.start()
        stop = asyncio.create_task(supervisor.stop())
        pid = await diary.until("cell-1", "refuses")
        supervisor.hurry()
        await stop
        assert not _runs(pid)
