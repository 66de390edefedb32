"""补看 in real Chromium: a screen plays its own lesson, and the next one calls it back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signaling.command.seed import LEAD_TEACHER
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import LessonRow, PresenceSpellRow
from signaling.wiring import Services
from tests.interop.test_accessibility import Inspector
from tests.interop.test_resource_push import LENGTH_S, RunningClock, _plays
from tests.support import resources
from tests.support.browser import browsers
from tests.support.server import Client
from tests.support.services import served
from tests.support.videos import video

ROOM, TITLE = "shanquan1", "木块的实验"
SHOTS = os.environ.get("TONGKE_SHOTS")  # a folder for pictures of the pages, for people


@asynccontextmanager
async def _school(data: Path) -> AsyncIterator[tuple[Client, RunningClock, str]]:
    """A finished recording of the room's, one of another room's, and the next lesson's code."""
    clock = RunningClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    async with served(data, clock) as (services, api, other):
        await api.call("POST", f"/api/lessons/{other}/cancel", {"reason": "停电"})
        sounded = await asyncio.to_thread(video, seconds=LENGTH_S)
        for recording, room in (("film-a", ROOM), ("far-b", "leadroom1")):
            await resources.shelve(
                services, recording, teacher=LEAD_TEACHER, room=room, title=TITLE
            )
            folder = services.config.data / "recordings" / recording
            for name in (*resources.LEAD_FILES.values(), resources.ROOM_FILE):
                (folder / name).write_bytes(sounded)
        await _attended(services, clock)
        lesson = await api.new_lesson(
            rooms=(ROOM,), title="科学课", starts_at=clock.now() + timedelta(minutes=40)
        )
        yield api, clock, lesson["join_code"]


async def _attended(services: Services, clock: RunningClock) -> None:
    """The lesson lasted 40 minutes, and its room came 12 minutes late."""
    began = clock.now() - timedelta(hours=2)
    ended = began + timedelta(minutes=40)
    lesson_id = "lesson-of-film-a"
    async with services.database.write() as session:
        lesson = await session.get_one(LessonRow, lesson_id)
        lesson.held_from, lesson.held_to = began, ended
        session.add(
            PresenceSpellRow(
                lesson_id=lesson_id,
                participant_id=room_participant(ROOM),
                joined_at=began + timedelta(minutes=12),
                left_at=ended,
                seen_at=ended,
            )
        )
    services.ledger.counter.note([lesson_id])
    await services.ledger.counter.settle()


async def _shot(page: Page, name: str) -> None:
    for width, height in ((1366, 768), (1920, 1080)) if SHOTS else ():
        await page.set_viewport_size({"width": width, "height": height})
        await page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


async def test_a_room_watches_its_own_lesson_and_is_called_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "DURATION_S", float(LENGTH_S))
    async with _school(tmp_path) as (api, clock, code), browsers() as opening:
        seat = await opening.seat()
        page = seat.page
        await page.goto(f"{api.base}/classroom")
        await page.get_by_test_id("join-code").fill(code)
        await page.get_by_test_id("join-code-next").click()
        await page.get_by_test_id(f"choose-room-{ROOM}").click()

        # One line: what was this room's own. Nothing there leads out of this screen.
        listed = page.get_by_test_id("rewatch")
        await expect(listed.get_by_test_id("rewatch-film-a")).to_contain_text("可以看了")
        await expect(listed.get_by_test_id("rewatch-film-a")).to_contain_text("本教室缺 12 分钟")
        await expect(listed.locator("li")).to_have_count(1)
        await expect(page.locator("a[href], a[download]")).to_have_count(0)
        inspector = Inspector()
        await inspector.look("list", page, "rewatch-film-a")
        await _shot(page, "rewatch-1")

        # By the keyboard alone: opened, played to its end, played again, and left.
        await page.get_by_test_id("rewatch-open-film-a").focus()
        await page.keyboard.press("Enter")
        await _plays(page, "push-camera")
        await _plays(page, "push-courseware")
        await expect(page.get_by_test_id("push-toggle")).to_be_focused()
        await expect(page.locator("a[href], a[download], video[controls]")).to_have_count(0)
        await page.keyboard.press(" ")
        await expect(page.get_by_test_id("push-toggle")).to_contain_text("播放")
        await inspector.look("player", page, "push-time")
        await _shot(page, "rewatch-player")
        await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_test_id("push-time")).to_contain_text("0:00 /")
        await page.get_by_test_id("push-forward").click()
        await expect(page.get_by_test_id("rewatch-over")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.get_by_test_id("rewatch-open-film-a").click()
        await _plays(page, "push-camera")
        await expect(page.get_by_test_id("rewatch-call")).to_have_count(0)

        # The next lesson is near: words call back, and nothing is left by itself.
        clock.advance(minutes=32)
        call = page.get_by_test_id("rewatch-call")
        await expect(call).to_contain_text("《科学课》还有 8 分钟上课")
        await inspector.look("call", page, "rewatch-call")
        await _shot(page, "rewatch-call")
        await expect(page.get_by_test_id("rewatch-room")).to_be_visible()
        await page.get_by_test_id("rewatch-go").click()
        await expect(page.get_by_test_id("rewatch-room")).to_have_count(0)
        await expect(page.get_by_test_id("live-room")).to_be_visible()
        assert not seat.errors
        assert not inspector.wrong
