"""A feed with whatever a feed can hold; node-ical reads it in the web client's tests.

`python -m tests.unit.signaling.timetable.feeds.sample_feed` writes the file anew.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from signaling.lessons.wire import ClassKind
from signaling.timetable.feeds.entries import Entry
from signaling.timetable.feeds.writing import CalendarWriter

SAMPLE = Path(__file__).parents[5] / "web_client/tests/calendar_feed.ics"
WRITER = CalendarWriter("Asia/Shanghai", "tongke.example.cn")
FIRST = datetime(2026, 9, 7, 0, 20, tzinfo=UTC)  # 08:20 in Shanghai, a Monday
CHANGED = datetime(2026, 8, 20, 3, 4, 5, 678, tzinfo=UTC)


def entry(number: int = 0, **more: object) -> Entry:
    """One lesson of a weekly row."""
    starts_at = FIRST + timedelta(weeks=number)
    facts: dict[str, object] = {
        "lesson_id": f"lesson{number}",
        "version": 0,
        "changed_at": CHANGED,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=40),
        "title": "声音的产生",
        "subject": "科学",
        "grade": "三年级",
        "class_kind": ClassKind.DEDICATED,
        "teacher": "王老师",
        "rooms": ("青山中心校 主讲教室", "石桥教学点 一教室"),
        "week": number + 2,
        "cancelled": False,
        "reason": None,
    }
    return Entry(**(facts | more))  # type: ignore[arg-type]


ENTRIES = (
    entry(0),
    entry(1, version=1, teacher="李老师", changed_at=CHANGED + timedelta(days=1)),
    entry(2, version=2, cancelled=True, reason="教师请假; 下周补课, 见通知"),
    entry(3, title="一个很长的题目," * 12, rooms=(), week=None, class_kind=ClassKind.MASTER),
)


def sample() -> bytes:
    """The whole calendar."""
    head, end = WRITER.frame("王老师 课表")
    return head + b"".join(map(WRITER.event, ENTRIES)) + end


if __name__ == "__main__":
    SAMPLE.write_bytes(sample())
