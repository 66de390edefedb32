"""A county with a term, bells, subjects, classes and a second teacher, served in this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM, Work
from signaling.command.seed import CENTER_SCHOOL, COUNTY, DEMO_PASSWORD, LEAD_ROOM
from signaling.directory.tables import ClassRow, SubjectRow
from signaling.wiring import Services
from tests.support.made_once import CHEAP_HASH
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, running_services, serving

COUNTY_ID = COUNTY[0]
SUMMER = datetime(2026, 8, 20, 2, 0, tzinfo=UTC)  # before the autumn term
TERM = {"county_id": COUNTY_ID, "name": "2026秋", "starts_on": "2026-08-31", "weeks": 20}
PERIODS = [
    {
        "number": number,
        "starts": time(hour, minute).isoformat(),
        "ends": time(hour + (minute + 40) // 60, (minute + 40) % 60).isoformat(),
    }
    for number, (hour, minute) in enumerate(
        [(8, 20), (9, 10), (10, 10), (11, 0), (14, 0), (14, 50), (15, 40)], 1
    )
]
FAR_COUNTY = "county-far"
FAR_SCHOOL = "school-far"
SECOND_TEACHER = "teacher-liu"
SECOND_LEAD_ROOM = "leadroom2"


@dataclass
class PlannedCounty:
    """The county, and who is signed in to it."""

    services: Services
    clock: ManualClock
    url: str
    stack: contextlib.AsyncExitStack
    admin: Client
    term: dict[str, Any]

    async def sign_in(self, login: str) -> Client:
        """A browser of somebody's own."""
        client = await self.browser()
        await client.login(login, DEMO_PASSWORD)
        return client

    async def browser(self) -> Client:
        """A browser in which nobody is signed in."""
        session = await self.stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        )
        return Client(self.url, session)

    def wish(self, **more: Any) -> dict[str, Any]:
        """A weekly plan of the first teacher's: Wednesdays, period 2, for 山泉教学点."""
        return {
            "county_id": COUNTY_ID,
            "term_id": self.term["term_id"],
            "kind": "periodic",
            "class_kind": "dedicated",
            "subject_id": "music",
            "title": "音乐",
            "grade": "一年级",
            "lead_teacher_id": "teacher-wang",
            "lead_room_id": LEAD_ROOM,
            "seats": [{"room_id": "shanquan1", "class_id": "shanquan-1"}],
            "weekday": 3,
            "weeks": "1-16周",
            "period": 2,
        } | more

    def second(self, **more: Any) -> dict[str, Any]:
        """A weekly plan of the second teacher's, which shares nothing with the first."""
        return self.wish(
            lead_teacher_id=SECOND_TEACHER,
            lead_room_id=SECOND_LEAD_ROOM,
            seats=[{"room_id": "yunling1", "class_id": "yunling-1"}],
            **more,
        )

    async def plan(self, **more: Any) -> dict[str, Any]:
        """Create a plan; returns the outcome."""
        return await self.admin.call("POST", "/api/timetable/plans", self.wish(**more))

    async def week(self, week: int, by: str = "teacher", id_: str = "teacher-wang") -> Any:
        """A week page, as the admin sees it."""
        term = self.term["term_id"]
        path = f"/api/timetable/weeks?term={term}&week={week}&by={by}&id={id_}"
        return await self.admin.call("GET", path)

    async def lesson(self, week: int, **more: str) -> dict[str, Any]:
        """The one lesson of a week."""
        (lesson,) = (await self.week(week, **more))["lessons"]
        found: dict[str, Any] = lesson
        return found


async def refused(client: Client, method: str, path: str, body: Any = None) -> ProblemError:
    """Make a call that the server refuses; returns the problem."""
    with pytest.raises(ProblemError) as caught:
        await client.call(method, path, body)
    return caught.value


@asynccontextmanager
async def planned_county(
    data: Path, now: datetime = SUMMER, **settings: Any
) -> AsyncIterator[PlannedCounty]:
    """The county at a time, with the admin signed in."""
    clock = ManualClock(now)
    settings = {
        "http_host": "127.0.0.1",
        "http_port": 0,
        "session_hours": 24 * 365,  # tests turn the clock by months
        **settings,
    }
    async with contextlib.AsyncExitStack() as stack:
        services = await stack.enter_async_context(running_services(data, clock, **settings))
        async with services.audit.work(SYSTEM, "test") as work:  # type: ignore[arg-type]
            await _fill(services, work)
        http = await stack.enter_async_context(serving(services))
        county = PlannedCounty(services, clock, http.url, stack, Client(http.url, None), {})  # type: ignore[arg-type]
        county.admin = await county.sign_in("xianguan")
        county.term = await county.admin.call("POST", "/api/timetable/terms", TERM)
        bells = {"county_id": COUNTY_ID, "name": "作息", "periods": PERIODS}
        await county.admin.call("POST", "/api/timetable/bells", bells)
        yield county


async def _fill(services: Services, work: Work) -> None:
    people = services.people
    password = CHEAP_HASH.hash(DEMO_PASSWORD)
    await people.add_room(work, SECOND_LEAD_ROOM, CENTER_SCHOOL, "第二录播教室")
    await people.add_county(work, FAR_COUNTY, "远山县")
    await people.add_school(work, FAR_SCHOOL, FAR_COUNTY, "远山小学", "center_school")
    await people.add_room(work, "far1", FAR_SCHOOL, "教室")
    for person_id, login, role, school_id, node_id in (
        (SECOND_TEACHER, "liu", Role.LEAD_TEACHER, CENTER_SCHOOL, None),
        ("teacher-far", "yuan", Role.LEAD_TEACHER, FAR_SCHOOL, None),
        ("admin-far", "yuanguan", Role.COUNTY_ADMIN, None, FAR_COUNTY),
        ("assistant-zhu", "zhu", Role.ASSISTANT, "school-shanquan", None),
    ):
        await people.add_person(
            work,
            person_id=person_id,
            login=login,
            name=person_id,
            password_hash=password,
            roles=(role,),
            school_id=school_id,
            node_id=node_id,
        )
    for position, (subject_id, name) in enumerate((("music", "音乐"), ("science", "科学"))):
        work.session.add(
            SubjectRow(subject_id=subject_id, county_id=COUNTY_ID, name=name, position=position)
        )
    for class_id, school_id in (
        ("shanquan-1", "school-shanquan"),
        ("yunling-1", "school-yunling"),
        ("center-1", CENTER_SCHOOL),
    ):
        work.session.add(
            ClassRow(class_id=class_id, school_id=school_id, name="一(1)班", grade="一年级")
        )
    await work.session.flush()
