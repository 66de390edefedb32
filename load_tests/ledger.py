"""Time of a ledger month: one month's lessons are really counted, beside the sums of others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from load_tests.databases import empty_database
from signaling.base.clock import SystemClock
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.directory.tables import ClassRow, PersonRow, RoomRow
from signaling.directory.tree import add_county, add_school
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.counter import LedgerCounter
from signaling.ledger.counting import Counting
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.overview import Overview
from signaling.ledger.plans import NoPlans
from signaling.ledger.plays import NothingPlayed
from signaling.ledger.reports import report_facts
from signaling.ledger.tables import LedgerDayRow, LedgerDutyRow, RequirementRow
from signaling.ledger.totals import Scope
from signaling.ledger.wire import LedgerGrouping
from signaling.lessons.tables import LessonRoomRow, LessonRow, PresenceSpellRow, ReceptionRow
from signaling.lessons.wire import ClassKind, LessonState

ZONE = ZoneInfo("Asia/Shanghai")
COUNTY, PATH = "c1", "/cn/c1/"
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
SUBJECTS = ("音乐", "美术", "英语", "科学", "书法")
GRADE = "三年级"
ROOMS_OF_A_LESSON = 3
TIMES = 15  # measurements of each question
_ROWS = 500


@dataclass(frozen=True)
class Bench:
    """A county in a database of its own."""

    database: Database
    counter: LedgerCounter
    overview: Overview


async def ledger(*, points: int, months: int, database: str | None = None) -> dict[str, Any]:
    """Fill a month by counting, copy it into other months, ask; returns the JSON line's figures."""
    with empty_database(database) as url:
        bench = await _open(url)
        try:
            lessons = await _teach(bench.database, points)
            began = time.perf_counter()
            start = datetime(2026, 8, 31, tzinfo=UTC)
            await bench.counter.complete(start, start + timedelta(days=31))
            counted_s = time.perf_counter() - began
            await _copy(bench.database, months)
            figures = await _ask(bench)
        finally:
            await bench.database.close()
    return {
        "bench": "ledger",
        "database": "sqlite" if bench.database.is_sqlite else "postgresql",
        "points": points,
        "other_months": months,
        "lessons": lessons,
        "units": lessons * ROOMS_OF_A_LESSON,
        "units_counted_per_s": round(lessons * ROOMS_OF_A_LESSON / counted_s),
        **figures,
    }


async def _open(url: str) -> Bench:
    database = Database(url)
    await migrate(database)
    plans = NoPlans()
    counting = Counting(database, plans, NothingPlayed(), FormulaSettings(), ZONE)
    duties = DutyKeeper(database, plans)
    counter = LedgerCounter(database, counting, duties, SystemClock())
    return Bench(database, counter, Overview(database, plans))


async def _teach(database: Database, points: int) -> int:
    """A county with a class at each point, and a month in which each class has five lessons a day.

    Returns:
        The number of lessons, each for three points.
    """
    async with database.write() as session:
        await _places(session, points)
    lessons = 0
    groups = points // ROOMS_OF_A_LESSON
    day = FIRST
    while day <= LAST:
        if day.isoweekday() <= 5:
            async with database.write() as session:
                await _day(session, day, groups)
            lessons += groups * len(SUBJECTS)
        day += timedelta(days=1)
    return lessons


async def _places(session: AsyncSession, points: int) -> None:
    await add_county(session, COUNTY, "青山县")
    await add_school(session, "s0", COUNTY, "中心校", "center_school")
    session.add(PersonRow(person_id="wang", login="wang", name="王老师", password_hash="x"))
    session.add(RoomRow(room_id="lead", school_id="s0", name="录播教室"))
    for number in range(points):
        school = f"p{number:04}"
        await add_school(session, school, COUNTY, f"教学点{number:04}", "teaching_point")
        session.add(RoomRow(room_id=f"r{number:04}", school_id=school, name="教室"))
        session.add(ClassRow(class_id=f"k{number:04}", school_id=school, name="三班", grade=GRADE))
    for subject in SUBJECTS[:3]:
        session.add(
            RequirementRow(
                requirement_id=f"q-{subject}",
                node_id=COUNTY,
                grade=GRADE,
                subject=subject,
                periods=5,
                first=FIRST,
                last=LAST,
            )
        )


async def _day(session: AsyncSession, day: date, groups: int) -> None:
    """Five lessons of each group of points; every twentieth room is offline."""
    rows: dict[Any, list[dict[str, Any]]] = {
        LessonRow: [], LessonRoomRow: [], PresenceSpellRow: [], ReceptionRow: []
    }  # fmt: skip
    for group in range(groups):
        for place, subject in enumerate(SUBJECTS):
            for table, row in _lesson(day, group, place, subject):
                rows[table].append(row)
    for table, some in rows.items():
        for first in range(0, len(some), _ROWS):
            await session.execute(insert(table), some[first : first + _ROWS])


def _lesson(
    day: date, group: int, place: int, subject: str
) -> Iterator[tuple[Any, dict[str, Any]]]:
    lesson_id = f"{day:%m%d}-{group:04}-{place}"
    start = datetime(day.year, day.month, day.day, 1 + place, tzinfo=UTC)
    end = start + timedelta(minutes=40)
    yield LessonRow, {
        "lesson_id": lesson_id, "title": subject, "class_kind": ClassKind.DEDICATED,
        "subject": subject, "grade": GRADE, "state": LessonState.ENDED, "starts_at": start,
        "ends_at": end, "held_from": start, "held_to": end, "lead_teacher_id": "wang",
        "lead_room_id": "lead", "join_code": "0",
    }  # fmt: skip
    for position in range(ROOMS_OF_A_LESSON):
        number = group * ROOMS_OF_A_LESSON + position
        yield LessonRoomRow, {
            "lesson_id": lesson_id, "room_id": f"r{number:04}", "position": position,
            "class_id": f"k{number:04}",
        }  # fmt: skip
        if (number + day.day + place) % 20:
            who = {"lesson_id": lesson_id, "participant_id": f"room-r{number:04}", "exact": True}
            yield PresenceSpellRow, {**who, "joined_at": start, "left_at": end, "seen_at": end}
            yield ReceptionRow, {**who, "seen_s": 2300.0}


async def _copy(database: Database, months: int) -> None:
    """Put the sums and duties of the month into other months, too, so that tables are large."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    for table in (LedgerDayRow.__table__, LedgerDutyRow.__table__):
        others = [column for column in table.columns if column.name != "day"]
        names = ["day", *(column.name for column in others)]
        for number in range(1, months + 1):
            async with database.write() as session:
                for day in days:
                    other = literal(day - timedelta(days=31 * number), Date)
                    rows = select(other, *others).where(table.columns.day == day)
                    await session.execute(insert(table).from_select(names, rows))
    async with database.write() as session:
        await session.execute(text("ANALYZE"))


async def _ask(bench: Bench) -> dict[str, Any]:
    scope = Scope(FIRST, LAST, frozenset({PATH}), county_id=COUNTY)

    def by(grouping: LedgerGrouping) -> Callable[[], Awaitable[object]]:
        return lambda: bench.overview.totals(scope, grouping, None)

    async def report() -> object:
        async with bench.database.read() as session:
            return await report_facts(session, scope)

    questions = {
        "by_point": by(LedgerGrouping.POINT),
        "by_class": by(LedgerGrouping.CLASS),
        "by_week": by(LedgerGrouping.WEEK),
        "heat": lambda: bench.overview.heat(scope, None),
        "report": report,
    }
    figures = {}
    for name, question in questions.items():
        times, cpu = [], []
        for _ in range(TIMES):
            began, computed = time.perf_counter(), time.process_time()
            await question()
            times.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - computed) * 1000)
        figures[f"{name}_ms"] = round(statistics.median(times))
        figures[f"{name}_max_ms"] = round(max(times))
        figures[f"{name}_cpu_ms"] = round(statistics.median(cpu))
    return figures
