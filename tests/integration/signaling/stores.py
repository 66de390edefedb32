"""What tests of the stores have in common: units of work, and a lesson to create."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from signaling.core.resources import ClassKind, LessonCreate, LessonState
from signaling.db.audit_log import SYSTEM, AuditLog, Work
from signaling.db.engine import Database
from signaling.db.lesson_store import LessonChange, LessonStore

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
