"""What tests of the stores have in common: a small county and a lesson to create."""

from datetime import UTC, datetime, timedelta

from signaling.core.resources import ClassKind, LessonCreate

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
