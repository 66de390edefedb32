"""No feed holds the loop, which forwards media, for long."""

import asyncio
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.lessons.tables import LessonRow
from tests.integration.signaling.timetable.feeds.test_routes import County, county
from tests.support.loop_time import LoopTime, watched_loop

pytestmark = pytest.mark.bench

STEP_MS = 5.0  # CPU time: no longer step in a process that forwards media
TRIES = 3  # the best counts: the first fills caches, and the machine may be busy


def read_in_thread(url: str, etag: str = "") -> tuple[bytes, str]:
    """Read a feed beside the loop that is measured."""
    request = urllib.request.Request(url, headers={"If-None-Match": etag} if etag else {})
    try:
        with urllib.request.urlopen(request) as response:
            return response.read(), response.headers["ETag"]
    except urllib.error.HTTPError as unchanged:
        with unchanged:
            return unchanged.read(), unchanged.headers["ETag"]


async def test_a_feed_of_2000_lessons_holds_the_loop_for_no_long_step(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        async with made.services.audit.work(SYSTEM, AuditAction.SEED_DEMO) as work:
            row = await work.session.get_one(LessonRow, made.lesson_id)
            facts = {name: value for name, value in vars(row).items() if name[0] != "_"}
            lessons = []
            for number in range(2_000):
                begins = made.clock.now() + timedelta(hours=number)
                lesson = {"lesson_id": f"many{number}", "join_code": f"{number:08}"}
                ends = {"starts_at": begins, "ends_at": begins + timedelta(minutes=40)}
                lessons.append(facts | lesson | ends)
            await work.session.execute(LessonRow.__table__.insert(), lessons)
        url = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        with watched_loop() as seen:
            steps = [await longest_steps(made, url, seen) for _ in range(TRIES)]
    writing, unchanged = (min(each) for each in zip(*steps, strict=True))
    assert writing < STEP_MS
    assert unchanged < STEP_MS


async def longest_steps(made: County, url: str, seen: LoopTime) -> tuple[float, float]:
    """The longest step, ms, while all events are written, and while none is."""
    async with made.services.audit.work(SYSTEM, AuditAction.SEED_DEMO) as work:
        await work.session.execute(update(LessonRow).values(version=LessonRow.version + 1))
    seen.reset()
    text, etag = await asyncio.to_thread(read_in_thread, made.teacher.base + url)
    writing = seen.longest_ms
    assert text.count(b"BEGIN:VEVENT") == 2_001
    seen.reset()
    assert await asyncio.to_thread(read_in_thread, made.teacher.base + url, etag) == (b"", etag)
    return writing, seen.longest_ms
