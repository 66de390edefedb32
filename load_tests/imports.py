"""Cost of a timetable from a workbook: the dry run, applying, and the same file once more.

A county of 200 teaching points gets a long table of so many rows, each for 16 weeks. The two jobs
run in this process as a worker runs them. `cpu_s` is of this process, with the threads of SQLite; a
PostgreSQL computes in processes of its own. `writer_held_s` is the longest time for which somebody
else, such as a live lesson, waits for the one writer of SQLite.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, insert, select

from load_tests.databases import empty_database
from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.columns import Base
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.directory.tables import (
    ClassRow,
    CountyRow,
    GrantRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
)
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.writing import Column, Table, write_workbook
from signaling.jobs.limits import collect_seldom
from signaling.lessons.tables import LessonRow
from signaling.timetable.imports.handlers import ImportJobs
from signaling.timetable.imports.kinds import ApplyTask, ReadTask
from signaling.timetable.imports.records import ImportRecord
from signaling.timetable.imports.store import add_import, import_of
from signaling.timetable.imports.wire import ImportCounts, ImportState
from signaling.timetable.tables import BellPeriodRow, BellScheduleRow, PlanRow, TermRow

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 8, 20, 2, 0, tzinfo=UTC)
TERM = "term"
STARTS_ON, WEEKS, TAUGHT = date(2026, 8, 31), 20, "1-16周"
PERIODS = ((8, 20), (9, 10), (10, 10), (11, 0), (14, 0), (14, 50), (15, 40))
SLOTS = 5 * len(PERIODS)
CENTRES, ROOMS_OF_CENTRE, POINTS = 40, 5, 200
GRADE = "三年级"
SUBJECTS = ("音乐", "美术", "英语", "科学", "书法")
HEADER = ("学校", "教室", "班级", "学科", "教师", "星期", "节次", "周次", "听课教室")
PROBE_S = 0.02  # between two tries of somebody else to write
_ADMINS = [Role.COUNTY_ADMIN]
ADMIN = Actor("admin", "县级管理员", frozenset(_ADMINS), grants=held_in(ROOT_PATH, _ADMINS))


class _Clock:
    """A summer's day before the term."""

    def now(self) -> datetime:
        """The time."""
        return NOW

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic()


class _File:
    """The one uploaded file. Implements `JobFiles`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, owner_id: str, file_id: str) -> bytes:
        """See `JobFiles`."""
        return self._data

    async def keep(self, *_: Any) -> Any:
        """See `JobFiles`; imports keep nothing."""
        raise NotImplementedError


class _Run:
    """A run of a job that nobody cancels. Implements `JobContext`."""

    job_id = "job"
    actor = ADMIN
    branch = ROOT_PATH

    def __init__(self, database: Database, data: bytes) -> None:
        self.database = database
        self.files = _File(data)
        self.clock = _Clock()
        self.audit = AuditLog(database, self.clock)

    def progress(self, done: int, total: int) -> None:
        """See `JobContext`."""

    def finish(self, result: msgspec.Struct) -> None:
        """See `JobContext`."""


async def imports(*, rows: int, database: str | None = None) -> dict[str, object]:
    """Import a table twice; returns the JSON line's figures."""
    data = await asyncio.to_thread(workbook, rows)
    collect_seldom()  # as a worker does
    async with AsyncExitStack() as stack:
        made = Database(stack.enter_context(empty_database(database)))
        stack.push_async_callback(made.close)
        await migrate(made)
        await _fill(made)
        first = await _import(made, data, "first")
        plans, lessons = await _count(made, PlanRow), await _count(made, LessonRow)
        again = await _import(made, data, "again")
        grown = [await _count(made, PlanRow) - plans, await _count(made, LessonRow) - lessons]
    return {
        "bench": "imports",
        "rows": rows,
        "lessons": lessons,
        "database": "sqlite" if made.is_sqlite else "postgresql",
        **first,
        "again": again | {"new_plans": grown[0], "new_lessons": grown[1]},
    }


def workbook(rows: int) -> bytes:
    """Make the long table: no two lessons clash."""
    columns = tuple(Column(title) for title in HEADER)
    return write_workbook([Table("课表", columns, map(_row, range(rows)))], NOW)


def _row(number: int) -> list[Cell]:
    """Return a row: the slots of a week, one place after the other."""
    place, slot = divmod(number, SLOTS)
    weekday, period = divmod(slot, len(PERIODS))
    centre, room = divmod(place, ROOMS_OF_CENTRE)
    point = (place + slot) % POINTS
    return [
        f"第{centre}中心校",
        f"录播教室{room}",
        f"三({room + 1})班",
        SUBJECTS[number % len(SUBJECTS)],
        f"老师{place}",
        f"星期{'一二三四五'[weekday]}",
        f"第{period + 1}节",
        TAUGHT,
        f"第{point}教学点/教室({GRADE})",
    ]


async def _import(database: Database, data: bytes, import_id: str) -> dict[str, object]:
    """Make the dry run and apply it; returns figures of both."""
    jobs = ImportJobs(ZONE, timedelta(hours=6), 1_000_000)
    run = _Run(database, data)
    async with AuditLog(database).work(ADMIN, AuditAction.TIMETABLE_IMPORT_CREATE) as work:
        await add_import(work, _record(import_id))
    dry_run = await _measured(database, lambda: jobs.read(run, ReadTask(import_id, 1)))
    async with database.read() as session:
        record = await import_of(session, import_id)
    if record is None or record.state is not ImportState.READY:
        raise ValueError(f"the dry run found something: {record}")
    task = ApplyTask(import_id, record.version, skip_unread=False, waiver=None)
    counts = record.counts
    return {
        "dry_run": dry_run,
        "applying": await _measured(database, lambda: jobs.apply(run, task)),
        "added": counts.added,
        "changed": counts.changed,
        "clashes": counts.hard_clashes,
    }


def _record(import_id: str) -> ImportRecord:
    return ImportRecord(
        import_id=import_id,
        county_id="c",
        term_id=TERM,
        school_id=None,
        owner_id=ADMIN.actor_id,
        owner_name=ADMIN.name,
        file_id="file",
        file_name="课表.xlsx",
        remove_missing=False,
        state=ImportState.READING,
        job_id="job",
        digest="",
        counts=ImportCounts(),
        version=1,
        created_at=NOW,
    )


async def _measured(database: Database, job: Callable[[], Awaitable[object]]) -> dict[str, float]:
    """Carry out a job; return its seconds, and for how long somebody else could not write."""
    done = threading.Event()
    probe = asyncio.create_task(asyncio.to_thread(_write_beside, database.url, done))
    began, computed = time.monotonic(), time.process_time()
    await job()
    took, cpu = time.monotonic() - began, time.process_time() - computed
    done.set()
    return {"s": round(took, 2), "cpu_s": round(cpu, 2), "writer_held_s": round(await probe, 2)}


def _write_beside(url: str, done: threading.Event) -> float:
    """Write again and again, in a loop and thread of its own; return the longest wait."""

    async def write() -> float:
        database, longest = Database(url), 0.0
        while not done.is_set():
            await asyncio.sleep(PROBE_S)
            began = time.monotonic()
            await database.try_writing()
            longest = max(longest, time.monotonic() - began)
        await database.close()
        return longest

    return asyncio.run(write())


async def _count(database: Database, table: type[Base]) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


# --- the county ----------------------------------------------------------------------------------


async def _fill(database: Database) -> None:
    async with database.write() as session:
        for table, rows in _county():
            await session.execute(insert(table), rows)


def _county() -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    schools = [(f"centre-{n}", f"第{n}中心校", "center_school") for n in range(CENTRES)]
    schools += [(f"point-{n}", f"第{n}教学点", "teaching_point") for n in range(POINTS)]
    yield CountyRow, [{"county_id": "c", "name": "青山县"}]
    yield OrgNodeRow, [_node("c", "cn", "county", "/cn/c/")]
    yield OrgNodeRow, [_node(school, "c", "school", f"/cn/c/{school}/") for school, _, _ in schools]
    yield SchoolRow, [
        {"school_id": school, "county_id": "c", "name": name, "kind": kind, "uplink_mbps": 100.0,
         "max_lessons": ROOMS_OF_CENTRE}
        for school, name, kind in schools
    ]  # fmt: skip
    rooms = [(f"centre-{c}", n) for c in range(CENTRES) for n in range(ROOMS_OF_CENTRE)]
    places = [(school, f"{school}-{n}", f"录播教室{n}", f"三({n + 1})班") for school, n in rooms]
    places += [(f"point-{n}", f"point-{n}", "教室", GRADE) for n in range(POINTS)]
    yield RoomRow, [
        {"room_id": f"r-{place}", "school_id": school, "name": room}
        for school, place, room, _ in places
    ]  # fmt: skip
    yield ClassRow, [
        {"class_id": f"k-{place}", "school_id": school, "name": name, "grade": GRADE}
        for school, place, _, name in places
    ]  # fmt: skip
    yield (
        SubjectRow,
        [
            {"subject_id": f"subject-{n}", "county_id": "c", "name": name, "position": n}
            for n, name in enumerate(SUBJECTS)
        ],
    )
    yield PersonRow, [
        {"person_id": f"t{n}", "login": f"t{n}", "name": f"老师{n}", "password_hash": "!",
         "school_id": school, "node_id": school}
        for n, (school, _) in enumerate(rooms)
    ]  # fmt: skip
    yield (
        GrantRow,
        [
            {
                "grant_id": f"g{n}",
                "person_id": f"t{n}",
                "role": Role.LEAD_TEACHER,
                "node_id": school,
            }
            for n, (school, _) in enumerate(rooms)
        ],
    )
    term = {"term_id": TERM, "county_id": "c", "name": "2026秋"}
    yield TermRow, [term | {"starts_on": STARTS_ON, "weeks": WEEKS}]
    yield BellScheduleRow, [{"schedule_id": "bells", "county_id": "c", "name": "作息"}]
    yield BellPeriodRow, [
        {"schedule_id": "bells", "number": number, "name": "", "starts": clock_time(hour, minute),
         "ends": clock_time(hour + (minute + 40) // 60, (minute + 40) % 60)}
        for number, (hour, minute) in enumerate(PERIODS, 1)
    ]  # fmt: skip


def _node(node: str, parent: str, level: str, path: str) -> dict[str, Any]:
    return {"node_id": node, "parent_id": parent, "level": level, "name": node, "path": path}
