"""An installation is upgraded during a lesson: one process after the other, over one schema."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from signaling.classroom.parts.headcount import SetHeadcount
from signaling.command.seed import RECEIVE_ROOMS
from tests.support.by_hand import Installation, installation
from tests.support.later_version import FORMER, LATER, REVISION, later_version
from tests.support.lesson_archive import LessonArchive, camera_archive
from tests.support.steady import SteadyLesson, steady_lesson
from tests.support.waiting import until

ROOM = RECEIVE_ROOMS[0]
TAUGHT_S = 1.0  # after a move
LOST_S = 2.0  # of the recording at a move, besides what the room did not see


class _Upgrade:
    """The steps of an operator, and what the people of a lesson do meanwhile."""

    def __init__(self, inst: Installation, people: SteadyLesson, later: Path) -> None:
        self.inst = inst
        self.people = people
        self.later = later
        self.pupils = 10
        self.dark_s = 0.0  # the longest time without a picture in the room, in all moves together
        self.moves = 0

    async def migrate(self) -> None:
        """`tongke migrate` of the later version, beside all processes of the former one."""
        command = (sys.executable, "-m", "signaling", "migrate", "--data", str(self.inst.web.data))
        environment = {**os.environ, "PYTHONPATH": str(self.later)}
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.later,
            env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await process.communicate()
        assert process.returncode == 0, told.decode()
        version = self.inst.rows("SELECT version_num FROM signaling_alembic_version")
        assert version == [(REVISION,)]

    async def crash(self, name: str) -> None:
        """A process dies and is started again, with the code that it had."""
        cell = self.inst.cells[name]
        cell.kill()
        await cell.wait()
        await cell.start()
        assert "schema_is_newer" in cell.log

    async def drain(self, former: str) -> None:
        """SIGTERM for a cell whose successor is there."""
        holds = self.inst.holder(self.people.lesson_id) == former
        instance, at = self.people.teacher.instance, asyncio.get_running_loop().time()
        self.inst.cells[former].terminate()
        if holds:
            self.moves += 1
            await self.people.moved(instance)
            await self.people.back()
            now = asyncio.get_running_loop().time()
            self.dark_s += self.people.rooms[0].longest_dark_s(at, now)
        assert await self.inst.cells[former].wait() == 0
        assert self.inst.holder(self.people.lesson_id) not in {former, ""}

    async def replace_web(self) -> None:
        """Stop the web process and start a later one; media go on without it."""
        sessions, channels = self.people.media[0], [one.channels for one in self.people.people]
        await self.inst.replace_web(self.later)
        await until(
            lambda: all(
                one.is_in and one.channels > before
                for one, before in zip(self.people.people, channels, strict=True)
            )
        )
        await self.people.back()
        assert self.people.media[0] == sessions

    async def count(self) -> None:
        """到课人数: a command that is answered, and a row that the lesson's cell writes of it."""
        self.pupils += 1
        room = self.people.rooms[0]
        await until(lambda: room.is_in)
        assert room.control is not None
        await room.control.command(lambda n: SetHeadcount(id=n, pupils=self.pupils))
        await until(lambda: self.pupils in [pupils for pupils, _ in self.headcounts()])

    def headcounts(self) -> list[tuple[int, str]]:
        """Each one of the lesson, and the version that wrote it."""
        query = "SELECT pupils, written_by FROM headcounts WHERE lesson_id = ? ORDER BY number"
        return [(pupils, by) for pupils, by in self.inst.rows(query, self.people.lesson_id)]


async def test_an_upgrade_during_a_lesson_keeps_lesson_and_recording(
    folder: Path, redis_url: str
) -> None:
    later = later_version(folder / "later")
    async with installation(folder, redis_url, cells=2) as inst:
        teacher = await inst.web.sign_in("wang")
        lesson = await teacher.live_lesson(rooms=[ROOM])
        lesson_id = lesson["lesson_id"]
        async with steady_lesson(inst.web.url, lesson, ROOM) as people:
            await people.back()
            epoch, holder = inst.lease(lesson_id)
            [idle] = inst.cells.keys() - {holder}
            upgrade = _Upgrade(inst, people, later)
            await upgrade.migrate()
            await inst.web.sign_in("wang")
            await upgrade.count()
            successors = [
                asyncio.create_task(inst.start_cell(name, later)) for name in ("cell-3", "cell-4")
            ]
            await upgrade.crash(idle)
            await successors[0]
            await upgrade.drain(holder)
            await asyncio.sleep(TAUGHT_S)
            await successors[1]
            await upgrade.drain(idle)
            await upgrade.count()
            await upgrade.replace_web()
            await upgrade.count()
            await inst.web.sign_in("wang")
            await asyncio.sleep(TAUGHT_S)
            assert inst.lease(lesson_id)[0] == epoch + upgrade.moves
            await people.end()
        _whole(await camera_archive(teacher, lesson_id, folder), upgrade)
        states = inst.rows("SELECT state FROM recorder_recordings WHERE lesson_id = ?", lesson_id)
        assert states == [("ready",)]
        assert upgrade.headcounts() == [(11, FORMER), (12, LATER), (13, LATER)]
        _audited(inst)


def _whole(archive: LessonArchive, upgrade: _Upgrade) -> None:
    """Assert that one recording has the whole lesson, but for the moves."""
    assert archive.decode_errors == 0
    assert archive.repeated == 0
    assert archive.readable >= 0.99
    assert len(archive.holes) <= upgrade.moves
    assert archive.hole_s <= upgrade.dark_s + upgrade.moves * LOST_S


def _audited(inst: Installation) -> None:
    """Assert that both versions wrote the audit log, and the new table has the later one's rows."""
    logins = inst.rows("SELECT written_by FROM audit_log WHERE action = 'login' ORDER BY at")
    assert logins[0] == (FORMER,)
    assert logins[-1] == (LATER,)
    noted = inst.rows("SELECT audit_id FROM audit_notes ORDER BY audit_id")
    later = "SELECT audit_id FROM audit_log WHERE written_by = ? ORDER BY audit_id"
    assert noted == inst.rows(later, LATER)
