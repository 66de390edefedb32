"""The county of this measurement, and its lessons."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from load_tests.control import ApiClient
from load_tests.server import ServerProcess
from signaling.lessons.wire import Lesson

POINTS = 4  # of each lesson
TEACHER, PASSWORD = "measured", "tongke-load-test"
ROOMS = tuple(f"point-{number}" for number in range(1, POINTS + 1))
LENGTH = timedelta(minutes=40)


def county() -> str:
    """A county file: a school with its teacher, and four points."""
    schools = [_school("center", "中心小学", "center_school", "lead")]
    schools += [_school(f"of-{room}", f"{room} 校", "teaching_point", room) for room in ROOMS]
    people = (
        f'[[people]]\nlogin = "{TEACHER}"\nname = "王老师"\nroles = ["lead_teacher"]\n'
        f'school = "center"\npassword = "{PASSWORD}"\n'
    )
    return "\n".join(['[county]\nname = "青山县"\n', *schools, people])


def _school(school_id: str, name: str, kind: str, room: str) -> str:
    rooms = f'[{{ id = "{room}", name = "教室 {room}" }}]'
    return f'[[schools]]\nid = "{school_id}"\nname = "{name}"\nkind = "{kind}"\nrooms = {rooms}\n'


async def import_county(server: ServerProcess) -> None:
    """`tongke import`, before the server runs. Raises RuntimeError."""
    server.data_dir.mkdir(parents=True, exist_ok=True)
    file = server.data_dir / "county.toml"
    file.write_text(county())
    process = await asyncio.create_subprocess_exec(
        *(*server.command("import"), str(file)),
        cwd=server.checkout,
        env=server.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise RuntimeError("the county could not be imported")


async def start_lessons(client: ApiClient, count: int) -> list[Lesson]:
    """Start lessons of the one teacher, each planned for an hour of its own."""
    await client.login(TEACHER, PASSWORD)
    first = datetime.now(UTC).replace(microsecond=0)
    lessons = []
    for number in range(count):
        begins = first + number * timedelta(hours=1)
        lesson = await client.create_lesson("一节课", ROOMS, begins, begins + LENGTH)
        lessons.append(await client.start_lesson(lesson.lesson_id))
    return lessons
