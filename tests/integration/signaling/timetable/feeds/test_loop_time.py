"""No feed holds the loop, which forwards media, for long."""

import asyncio
import contextlib
import sqlite3
import urllib.error
import urllib.request
from datetime import timedelta
from functools import partial
from pathlib import Path

from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.lessons.tables import LessonRow
from tests.integration.signaling.timetable.feeds.test_routes import county
from tests.support.loop_time import watched_loop

STEP_MS = 5.0  # no longer step in a process that forwards media


def read(url: str, etag: str = "") -> tuple[bytes, str]:
    """Read a feed."""
    request = urllib.request.Request(url, headers={"If-None-Match": etag} if etag else {})
    try:
        with urllib.request.urlopen(request) as response:
            return response.read(), response.headers["ETag"]
    except urllib.error.HTTPError as unchanged:
        with unchanged:
            return unchanged.read(), unchanged.headers["ETag"]


def read_changed(data: Path, url: str) -> None:
    """Read a feed of which each event has to be written."""
    with contextlib.closing(sqlite3.connect(data / "tongke.db")) as db, db:
        db.execute("UPDATE lessons SET version = version + 1")
    text, _ = read(url)
    assert text.count(b"BEGIN:VEVENT") == 2_001


def read_unchanged(url: str, etag: str) -> None:
    """Read a feed of which no event has to be written."""
    assert read(url, etag) == (b"", etag)


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
        url = made.teacher.base + url
        with watched_loop() as seen:
            writing = await seen.longest(partial(read_changed, tmp_path, url), STEP_MS)
            _, etag = await asyncio.to_thread(read, url)
            unchanged = await seen.longest(partial(read_unchanged, url, etag), STEP_MS)
    assert writing.ms < STEP_MS, writing
    assert unchanged.ms < STEP_MS, unchanged
