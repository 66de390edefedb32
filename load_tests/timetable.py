"""Cost of the timetable: the check of one change, and a week page, over many lessons.

A county of 200 teaching points is filled with lessons that do not clash, years of them. Then
changes are checked and pages are read as the routes do it, in this process, without HTTP. `cpu_p95`
is what it would take on an idle machine; the loop's stretches are what a lesson beside would feel.
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from load_tests.databases import empty_database
from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.base.columns import Base
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.directory.tables import (
    ClassRow,
    CountyRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
)
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.serving import THREAD_TURN_S
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.expansion import Seat
from signaling.timetable.judging import Judge
from signaling.timetable.news import ChangeBoard
from signaling.timetable.tables import PlannedLessonRow, TermRow
from signaling.timetable.weeks import WeekPages, WeekQuestion
from signaling.timetable.wire import ListKind

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_MONDAY = date(2027, 3, 1)
PERIODS = ((0, 20), (1, 10), (2, 10), (3, 0), (6, 0), (6, 50), (7, 40))  # UTC, as in 8:20 …
WEEK_LESSONS = 2_500  # of a county with 200 points: 10^6 in ten years of 40 weeks
CENTRES, POINTS = 40, 200
ROOMS_OF_CENTRE, ROOMS_OF_POINT = 3, 2
TERM_WEEKS = 20
SUBJECTS = 6
PART = 5_000  # rows of one statement
STRETCH_S = 0.001  # the loop is asked so often whether it is free
ADMIN = Actor(
    "admin", "", frozenset({Role.COUNTY_ADMIN}), grants=held_in(ROOT_PATH, [Role.COUNTY_ADMIN])
)


class FixedClock:
    """A time in the middle of the lessons."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time."""
        return self._now

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()


@dataclass(frozen=True)
class Places:
    """Rooms of centres and points, each with its school."""

    leads: tuple[tuple[str, str], ...]
    receives: tuple[tuple[str, str], ...]


async def timetable(*, lessons: int, times: int, database: str | None = None) -> dict[str, object]:
    """Fill a county and measure.

    Args:
        lessons: how many there are.
        times: checks and pages that are measured.
        database: see `empty_database`.
    """
    async with AsyncExitStack() as stack:
        made = Database(stack.enter_context(empty_database(database)))
        stack.push_async_callback(made.close)
        await migrate(made)
        began = time.monotonic()
        places = await _fill(made, lessons)
        filled_s = time.monotonic() - began
        weeks = math.ceil(lessons / WEEK_LESSONS)
        checks = await _checks(made, places, weeks, times)
        pages = await _pages(made, places, weeks, times)
    return {
        "lessons": lessons,
        "database": "sqlite" if made.is_sqlite else "postgresql",
        "filled_s": round(filled_s, 1),
        "check_ms": checks,
        "week_page_ms": pages,
    }


# --- filling -------------------------------------------------------------------------------------


async def _fill(database: Database, lessons: int) -> Places:
    places = Places(
        tuple(
            (f"lead-{c}-{r}", f"centre-{c}") for c in range(CENTRES) for r in range(ROOMS_OF_CENTRE)
        ),
        tuple(
            (f"room-{p}-{r}", f"point-{p}") for p in range(POINTS) for r in range(ROOMS_OF_POINT)
        ),
    )
    weeks = math.ceil(lessons / WEEK_LESSONS)
    async with database.write() as session:
        for table, rows in _directory(places, weeks):
            await session.execute(insert(table), rows)
    batch = _Batch(database)
    for number in range(lessons):
        batch.add(_lesson(number, places))
        if batch.is_full:
            await batch.write()
    await batch.write()
    async with database.write() as session:
        await session.execute(text("ANALYZE"))
    return places


def _directory(places: Places, weeks: int) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    schools = sorted({school for _, school in (*places.leads, *places.receives)})
    yield CountyRow, [{"county_id": "c", "name": "c"}]
    yield OrgNodeRow, [_node("c", "county", "/cn/c/")]
    yield OrgNodeRow, [_node(school, "school", f"/cn/c/{school}/", "c") for school in schools]
    yield (
        SchoolRow,
        [
            {
                "school_id": school,
                "county_id": "c",
                "name": school,
                "kind": "school",
                "uplink_mbps": 100.0,
                "max_lessons": 3,
            }
            for school in schools
        ],
    )
    rooms = (*places.leads, *places.receives)
    yield RoomRow, [{"room_id": r, "school_id": s, "name": r} for r, s in rooms]
    yield (
        ClassRow,
        [
            {"class_id": f"class-{r}", "school_id": s, "name": r, "grade": "1"}
            for r, s in places.receives
        ],
    )
    yield (
        SubjectRow,
        [
            {"subject_id": f"subject-{n}", "county_id": "c", "name": str(n), "position": n}
            for n in range(SUBJECTS)
        ],
    )
    yield (
        PersonRow,
        [
            {
                "person_id": f"teacher-{r}",
                "login": r,
                "name": r,
                "password_hash": "",
                "school_id": s,
                "node_id": s,
            }
            for r, s in places.leads
        ],
    )
    yield (
        TermRow,
        [
            {
                "term_id": f"term-{n}",
                "county_id": "c",
                "name": str(n),
                "starts_on": FIRST_MONDAY + timedelta(weeks=n * TERM_WEEKS),
                "weeks": TERM_WEEKS,
            }
            for n in range(math.ceil(weeks / TERM_WEEKS))
        ],
    )


def _node(node: str, level: str, path: str, parent: str = "cn") -> dict[str, Any]:
    return {"node_id": node, "parent_id": parent, "level": level, "name": node, "path": path}


def _lesson(number: int, places: Places) -> tuple[dict[str, Any], ...]:
    """Return the rows of a lesson: of its own, of its rooms, and of the timetable."""
    week, in_week = divmod(number, WEEK_LESSONS)
    slot, place = in_week % (5 * len(PERIODS)), in_week // (5 * len(PERIODS))
    weekday, period = divmod(slot, len(PERIODS))
    on = FIRST_MONDAY + timedelta(weeks=week, days=weekday)
    starts_at = _start(on, period)
    lead = (place + week) % len(places.leads)
    lesson_id = f"lesson-{number}"
    lesson = {
        "lesson_id": lesson_id,
        "title": "课",
        "class_kind": "dedicated",
        "subject": "音乐",
        "grade": "一年级",
        "state": "scheduled",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=40),
        "lead_teacher_id": f"teacher-{places.leads[lead][0]}",
        "lead_room_id": places.leads[lead][0],
        "join_code": f"{number:08d}",
        "subject_id": f"subject-{place % SUBJECTS}",
    }
    first = 2 * (place + week)
    received = [places.receives[(first + seat) % len(places.receives)][0] for seat in range(2)]
    rooms = tuple(
        {"lesson_id": lesson_id, "room_id": room, "class_id": f"class-{room}", "position": seat}
        for seat, room in enumerate(received)
    )
    planned = {
        "lesson_id": lesson_id,
        "county_id": "c",
        "term_id": f"term-{week // TERM_WEEKS}",
        "source": on,
        "on_date": on,
        "week": week % TERM_WEEKS + 1,
        "period": period + 1,
        "period_count": 1,
        "parts": "",
    }
    return lesson, planned, *rooms


def _start(on: date, period: int) -> datetime:
    hour, minute = PERIODS[period]
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=UTC)


class _Batch:
    """Rows on their way into the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: list[tuple[dict[str, Any], ...]] = []

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= PART

    def add(self, rows: tuple[dict[str, Any], ...]) -> None:
        self._rows.append(rows)

    async def write(self) -> None:
        if not self._rows:
            return
        async with self._database.write() as session:
            await session.execute(insert(LessonRow), [rows[0] for rows in self._rows])
            await session.execute(insert(PlannedLessonRow), [rows[1] for rows in self._rows])
            seats = [seat for rows in self._rows for seat in rows[2:]]
            await session.execute(insert(LessonRoomRow), seats)
        self._rows = []


# --- measuring -----------------------------------------------------------------------------------


async def _checks(database: Database, places: Places, weeks: int, times: int) -> dict[str, float]:
    """Check that a lesson may move to another slot of its week."""
    judge = Judge(ZONE, timedelta(hours=6), 1_000_000)
    chance = random.Random(1)

    async def check() -> None:
        on = FIRST_MONDAY + timedelta(weeks=chance.randrange(weeks), days=chance.randrange(5))
        period = chance.randrange(len(PERIODS))
        (lead, centre), (room, point) = chance.choice(places.leads), chance.choice(places.receives)
        starts_at = _start(on, period)
        wish = Booking(
            "wish",
            on,
            starts_at,
            starts_at + timedelta(minutes=40),
            f"teacher-{lead}",
            lead,
            centre,
            None,
            (Seat(room, point),),
            "subject-1",
            (period + 1,),
        )
        async with database.read() as session:
            await judge.clashes(session, "c", [wish])

    return await _measured(check, times)


async def _pages(database: Database, places: Places, weeks: int, times: int) -> dict[str, float]:
    """Read weeks by all kinds, in turn."""
    now = datetime.combine(FIRST_MONDAY, datetime.min.time(), UTC) + timedelta(weeks=weeks // 2)
    pages = WeekPages(database, FixedClock(now), ChangeBoard(), ZONE)
    chance = random.Random(2)
    ids = {
        ListKind.TEACHER: [f"teacher-{lead}" for lead, _ in places.leads],
        ListKind.SCHOOL: [school for _, school in (*places.leads, *places.receives)],
        ListKind.ROOM: [room for room, _ in places.receives],
        ListKind.SUBJECT: [f"subject-{n}" for n in range(SUBJECTS)],
        ListKind.CLASS: [f"class-{room}" for room, _ in places.receives],
    }
    kinds = list(ids)
    turn = iter(range(10**9))

    async def page() -> None:
        by = kinds[next(turn) % len(kinds)]
        week = chance.randrange(weeks)
        question = WeekQuestion(
            by, chance.choice(ids[by]), f"term-{week // TERM_WEEKS}", week % TERM_WEEKS + 1
        )
        await pages.page(ADMIN, question)

    return await _measured(page, times)


async def _measured(work: Callable[[], Awaitable[None]], times: int) -> dict[str, float]:
    """Return how long an action took, ms, and the loop's longest stretch meanwhile."""
    await work()  # statements are compiled once
    gc.collect()
    gc.freeze()  # as the server does
    sys.setswitchinterval(THREAD_TURN_S)
    took: list[float] = []
    cpu: list[float] = []
    stretches: list[float] = []
    watch = asyncio.create_task(_watch_loop(stretches))
    for _ in range(times):
        begin, worked = time.perf_counter(), time.process_time()
        await work()
        took.append((time.perf_counter() - begin) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    watch.cancel()
    took.sort()
    cpu.sort()
    return {
        "p50": round(took[len(took) // 2], 1),
        "p95": round(took[math.ceil(len(took) * 0.95) - 1], 1),
        "max": round(took[-1], 1),
        "cpu_p95": round(cpu[math.ceil(len(cpu) * 0.95) - 1], 1),
        "loop_p99": round(sorted(stretches)[int(len(stretches) * 0.99)], 1),
    }


async def _watch_loop(stretches: list[float]) -> None:
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(STRETCH_S)
        stretches.append((time.perf_counter() - begin - STRETCH_S) * 1000)
