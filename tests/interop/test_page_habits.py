"""What pages ask, count down and remember for people: real Chromium, real server."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Route, expect

from tests.support.browser import browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

REFUSAL = '{"status": 429, "code": "too_many_requests", "title": "too many"}'
VOLUMES = "() => [...document.querySelectorAll('audio')].map((one) => one.volume)"


async def _refuse(route: Route) -> None:
    headers = {"Retry-After": "75", "Content-Type": "application/problem+json"}
    await route.fulfill(status=429, headers=headers, body=REFUSAL)


async def test_too_many_tries_are_counted_down(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        page = (await opened.seat()).page
        await page.goto(f"{server.url}/login")
        await page.route("**/api/login", _refuse)
        await page.route("**/api/terminal/lookup", _refuse)
        await page.get_by_test_id("login-account").fill("wang")
        await page.get_by_test_id("login-password").fill("wrong")
        await page.get_by_test_id("login-submit").click()
        hold = page.get_by_test_id("login-hold")
        await expect(hold).to_contain_text("1分")
        await expect(page.get_by_test_id("login-submit")).to_be_disabled()
        first = await hold.inner_text()
        await page.wait_for_function(
            "(then) => document.querySelector('[data-testid=login-hold]').innerText !== then",
            arg=first,
        )
        await page.get_by_test_id("tab-terminal").click()
        await page.get_by_test_id("join-code").fill("00000000")
        await page.get_by_test_id("join-code-next").click()
        await expect(page.get_by_test_id("terminal-hold")).to_contain_text("请等")
        await expect(page.get_by_test_id("join-code-next")).to_be_disabled()


async def test_a_lesson_is_started_hours_early_only_on_purpose(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        api = await server.sign_in("wang")
        lesson = await api.new_lesson()  # two hours ahead at least
        teacher = await TeacherSeat.arrive(server, opened)
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.click("start-lesson")
        await teacher.click("confirm-no")
        kept = await api.call("GET", f"/api/lessons/{lesson['lesson_id']}")
        assert kept["state"] == "scheduled"
        await teacher.click("start-lesson")
        await teacher.click("confirm-yes")
        await teacher.click("end-lesson")
        dialog = teacher.page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("离计划下课还有")


async def test_the_kiosk_remembers_how_loud_it_is(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        lesson = await lesson_open_now(await server.sign_in("wang"))
        room = await ClassroomSeat.arrive(server, opened, lesson, "shanquan1")
        await expect(room.page.get_by_test_id("clock")).to_contain_text(":")
        await room.click("volume-open")
        await room.page.get_by_test_id("volume").fill("40")
        await room.page.reload()
        await room.click("volume-open")
        await expect(room.page.get_by_test_id("volume")).to_have_value("40")
        teacher = await TeacherSeat.arrive(server, opened)
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.start_lesson()
        await room.enter()
        await room.until(f"() => ({VOLUMES})().join() === '0.4,0.4,0.4,0.4'")
