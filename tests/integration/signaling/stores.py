"""What tests of the stores have in common: units of work, and a lesson to create."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest

from signaling.audit.log import SYSTEM, AuditLog, Work
from signaling.base.database import Database
from signaling.lessons.store import LessonChange, LessonStore
from signaling.lessons.wire import ClassKind, LessonCreate, LessonState

# For tests that take the fixture `store`, which is SQLite without it.
on_both_stores = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def a_lesson(
    minutes: int = 0,
    *,
    teacher: str = "wang",
    rooms: tuple[str, ...] = ("a",),
    lead_room: str | None = None,
) -> LessonCreate:
    """A lesson that begins so many minutes after `AT`."""
    start = AT + timedelta(minutes=minutes)
    return LessonCreate(
        "《小小的船》",
        ClassKind.DEDICATED,
        "语文",
        "一年级",
        start,
        start + timedelta(minutes=40),
        teacher,
        rooms,
        lead_room,
    )


def work_in(database: Database) -> AbstractAsyncContextManager[Work]:
    """A unit of work of the test's own."""
    return AuditLog(database).work(SYSTEM, "test")


async def created(lessons: LessonStore, wish: LessonCreate) -> str:
    """Create a lesson."""
    async with work_in(lessons._database) as work:
        return await lessons.create(work, wish)


async def changed(
    lessons: LessonStore, lesson_id: str, expected: LessonState, change: LessonChange
) -> bool:
    """Write a lesson's transition."""
    async with work_in(lessons._database) as work:
        return await lessons.change(work, lesson_id, expected, change)
