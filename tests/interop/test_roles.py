"""Every role on every page in Chromium: what it is offered, and no device touched unasked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.command import seed
from tests.support.browser import WAIT_MS, browsers
from tests.support.people import POLL_MS
from tests.support.server import DEMO_PASSWORD, TongkeServer
from tests.support.services import running_services

SPY = """() => {
  window.__asked = 0
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = (wish) => { window.__asked += 1; return real(wish) }
}"""
SIGN_IN = """([login, password]) => fetch('/api/login', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ login, password }),
}).then((answer) => answer.status)"""
PLANNED = "nav-today nav-library nav-resources nav-timetable nav-consent"
WATCHES = (
    "nav-today nav-library nav-network nav-resources nav-timetable nav-ledger nav-consent",
    False,
    "watch-waiting",
    "watch-lesson",
)
# role: what the head offers, whether it may create a lesson, and its page of wang's lesson before
# and while it is held
ROLES = {
    "wang": (PLANNED, True, "open-lesson", "open-lesson"),
    "xianguan": (f"{WATCHES[0]} nav-directory nav-system", True, *WATCHES[2:]),
    "jiaoyan": WATCHES,
    "inspector": WATCHES,
    "assistant": (PLANNED, False, "watch-waiting", "watch-lesson"),
    "ziyuan": (PLANNED, False, "lesson-facts", "lesson-facts"),
    "other-teacher": (PLANNED, True, "lesson-fault", "lesson-fault"),
}
STRANGERS = (
    ("inspector", Role.INSPECTOR, None),
    ("assistant", Role.ASSISTANT, "school-shanquan"),
    ("other-teacher", Role.LEAD_TEACHER, seed.CENTER_SCHOOL),
)


async def _more_people(data: Path) -> None:
    async with running_services(data / "data") as services:
        password = await services.passwords.hash(DEMO_PASSWORD)
        async with services.audit.work(SYSTEM, "seed_strangers") as work:
            for login, role, school_id in STRANGERS:
                await services.people.add_person(
                    work,
                    person_id=login,
                    login=login,
                    name=login,
                    password_hash=password,
                    roles=(role,),
                    school_id=school_id,
                )


async def _open(page: Page, url: str, sees: str) -> None:
    await page.goto(url)
    await page.get_by_test_id(sees).first.wait_for(timeout=WAIT_MS)
    await page.wait_for_timeout(150)  # a device would be asked for at once
    assert await page.evaluate("window.__asked") == 0, url


async def _walk(page: Page, server: TongkeServer, lesson: dict[str, Any], login: str) -> None:
    nav, creates, before, _ = ROLES[login]
    address = f"{server.url}/teacher/lessons/{lesson['lesson_id']}"
    await _open(page, f"{server.url}/teacher", "nav-today")
    await expect(page.locator("[data-testid^=nav-]")).to_have_count(len(nav.split()))
    offered = await page.locator("[data-testid^=nav-]").evaluate_all(
        "(all) => all.map((one) => one.dataset.testid).join(' ')"
    )
    assert offered == nav
    await expect(page.get_by_test_id("create-lesson")).to_have_count(int(creates))
    await _open(page, f"{server.url}/library", "nav-library")
    reads_links = "nav-network" in nav
    await _open(page, f"{server.url}/network", "nav-network" if reads_links else "not-allowed")
    await _open(page, address, before)


async def _watches_silently(page: Page) -> None:
    """The watcher hears and sees, says so, publishes nothing, and may command nothing."""
    await page.get_by_test_id("watch-mark").wait_for()
    await expect(page.get_by_test_id("watch-hint")).to_contain_text("没有打开")
    await expect(page.get_by_test_id("watch-stage")).to_contain_text("只有主讲教师")
    for command in ("start-lesson", "mute-all", "share-courseware", "stage-invite-room-shanquan1"):
        await expect(page.get_by_test_id(command)).to_have_count(0)
    assert await page.evaluate("window.__tongke.publisherPc") is None


async def test_each_role_has_its_own_pages_and_no_device_is_touched(tmp_path: Path) -> None:
    await _more_people(tmp_path)
    async with TongkeServer.start(tmp_path) as server, browsers() as open_browsers:
        teacher = await server.sign_in("wang")
        lesson = await teacher.new_lesson()
        address = f"{server.url}/teacher/lessons/{lesson['lesson_id']}"
        seat = await open_browsers.seat()
        await seat.context.add_init_script(f"({SPY})()")
        for live in (False, True):
            if live:
                await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")
            for login, (*_, now) in ROLES.items():
                await seat.context.clear_cookies()
                await seat.page.goto(f"{server.url}/login")
                assert await seat.page.evaluate(SIGN_IN, [login, DEMO_PASSWORD]) == 200
                if not live:
                    await _walk(seat.page, server, lesson, login)
                    continue
                await _open(seat.page, address, now)
                if now == "watch-lesson":
                    await _watches_silently(seat.page)
        await _a_click_is_asked_for(seat.page, server, address)
        assert seat.errors == []


async def _a_click_is_asked_for(page: Page, server: TongkeServer, address: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{server.url}/login")
    assert await page.evaluate(SIGN_IN, ["wang", DEMO_PASSWORD]) == 200
    await _open(page, address, "open-lesson")
    await page.get_by_test_id("open-lesson").click()
    await _until_asked(page)
    # The click counts for this tab: a teacher whose page is reloaded is back at once.
    await page.reload()
    await _until_asked(page)


async def _until_asked(page: Page) -> None:
    async with asyncio.timeout(WAIT_MS / 1000):
        while await page.evaluate("window.__asked") == 0:
            await page.wait_for_timeout(POLL_MS)


async def test_who_watched_sees_what_was_held_when_the_lesson_is_over(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as open_browsers:
        teacher = await server.sign_in("wang")
        lesson = await teacher.live_lesson()
        seat = await open_browsers.seat()
        await seat.page.goto(f"{server.url}/login")
        assert await seat.page.evaluate(SIGN_IN, ["jiaoyan", DEMO_PASSWORD]) == 200
        await seat.page.goto(f"{server.url}/teacher/lessons/{lesson['lesson_id']}")
        await seat.page.get_by_test_id("wall").wait_for(timeout=WAIT_MS)
        await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
        await seat.page.get_by_test_id("summary").wait_for(timeout=WAIT_MS)
        assert seat.errors == []
