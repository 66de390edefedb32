"""The day in real Chromium: the operator's board, notices, 到课人数 and its trace, a substitute."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Page, expect

from tests.interop.test_accessibility import Inspector
from tests.support.browser import WAIT_MS, Seat
from tests.support.live_class import LiveClass, live_class
from tests.support.pages import sign_in
from tests.support.planned_county import planned_county
from tests.support.server import Client
from tests.support.timetable_pages import timetable_pages

CAME = "shanquan1"
OPERATOR = "李管理员"


async def _operator(lesson: LiveClass) -> Seat:
    seat = await lesson.seats.seat()
    await sign_in(seat.page, lesson.server.url, "xianguan", "/ledger/today")
    return seat


async def _covers_no_picture(page: Page, strip: str, picture: str) -> None:
    above = await page.get_by_test_id(strip).bounding_box()
    below = await page.get_by_test_id(picture).bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"] + 1


async def test_the_operator_tells_a_room_and_a_room_counts_its_pupils(tmp_path: Path) -> None:
    inspector = Inspector()
    async with live_class(tmp_path) as lesson:
        room = await lesson.enters(CAME)
        kiosk, wall = room.page, lesson.teacher.page
        seat = await _operator(lesson)
        board = seat.page

        # 到课人数: by the stepper, then corrected with one press and the keyboard.
        await expect(kiosk.get_by_test_id("count-strip")).to_be_visible()
        await _covers_no_picture(kiosk, "count-strip", "lead-video")
        await inspector.look("kiosk, counting", kiosk, "count-strip")
        for testid in ("count-step+5", "count-step+5", "count-step+1", "count-step+1"):
            await kiosk.get_by_test_id(testid).click()
        await kiosk.get_by_test_id("count-confirm").click()
        await expect(kiosk.get_by_test_id("own-count")).to_contain_text("12")
        await expect(wall.get_by_test_id(f"pupils-{room.participant_id}")).to_contain_text("12 人")
        await kiosk.get_by_test_id("own-count").click()
        await kiosk.get_by_test_id("count-number").fill("13")
        await kiosk.keyboard.press("Enter")
        await expect(wall.get_by_test_id(f"pupils-{room.participant_id}")).to_contain_text("13 人")
        await expect(wall.get_by_test_id("pupils-together")).to_contain_text("13")
        await expect(kiosk.get_by_test_id("count-strip")).to_have_count(0)

        # The board: the lesson stands first, because a room of it is offline.
        first = board.get_by_test_id("today-group-attention")
        row = first.get_by_test_id(f"today-{lesson.lesson_id}")
        await expect(row).to_contain_text("离线")
        await expect(row).to_contain_text("13 人")
        await inspector.look("board", board, "today-updated")

        # A notice by the keyboard: the room shows it beside the picture, the teacher sees it too.
        await board.get_by_test_id(f"today-notice-{lesson.lesson_id}").focus()
        await board.keyboard.press("Enter")
        await expect(board.get_by_test_id("notice-text")).to_be_focused()
        await board.keyboard.type("请检查网络")
        await inspector.look("notice", board, "notice-box")
        await board.keyboard.press("Enter")
        await expect(board.get_by_test_id("today-told")).to_contain_text("全部教室")
        notices = kiosk.get_by_test_id("notices")
        await expect(notices).to_contain_text("请检查网络")
        await expect(notices).to_contain_text(OPERATOR)
        await _covers_no_picture(kiosk, "notices", "lead-video")
        await inspector.look("kiosk, notice", kiosk, "notice-shown")
        entry = wall.get_by_test_id("notice-entry")
        await expect(entry).to_contain_text(OPERATOR)
        await kiosk.get_by_test_id("notice-close").click()
        await expect(notices).to_have_text("")
        await expect(entry).to_contain_text("1 间已看")
        await wall.get_by_test_id("notice-seen").click()
        await expect(entry).to_have_count(0)

        # The teacher's own, to one room, and taken back.
        await wall.get_by_test_id("notice-write").click()
        await wall.get_by_test_id("notice-to").select_option(room.participant_id)
        await wall.get_by_test_id("notice-text").fill("请打开窗户")
        await wall.get_by_test_id("confirm-yes").click()
        await expect(notices).to_contain_text("请打开窗户")
        await inspector.look("live, notices", wall, "notice-withdraw")
        await wall.get_by_test_id("notice-withdraw").click()
        await expect(notices).to_have_text("")

        await lesson.teacher.end_lesson()
        await _the_ledger_keeps_the_trace(board, lesson, inspector)
        assert inspector.wrong == {}
        assert [*lesson.errors, *seat.errors] == []


async def _point_of_held(admin: Client, lesson_id: str) -> str:
    """Wait until the room's unit counts as held; returns the name of its school."""
    async with asyncio.timeout(WAIT_MS / 1000):
        while True:
            held = (await admin.call("GET", "/api/ledger/units?outcome=held"))["units"]
            for unit in held:
                if (unit["lesson_id"], unit["room_id"]) == (lesson_id, CAME):
                    return str(unit["school"])
            await asyncio.sleep(0.1)


async def _the_ledger_keeps_the_trace(board: Page, lesson: LiveClass, inspector: Inspector) -> None:
    """Both numbers of the lesson are evidence; the operator corrects the last one."""
    await expect(board.get_by_test_id("today-count-ended")).not_to_contain_text("0")
    admin = await lesson.server.sign_in("xianguan")
    point = await _point_of_held(admin, lesson.lesson_id)
    await board.goto(f"{lesson.server.url}/ledger/totals")
    await board.get_by_role("button", name=point).click()
    title = lesson.lesson["title"]
    unit = board.get_by_test_id("ledger-unit").filter(has_text=title).filter(has_text="实开")
    await unit.first.click()
    trace = board.get_by_test_id("count-trace").locator("li")
    await expect(trace).to_have_count(2)
    await expect(trace.nth(0)).to_contain_text("登记 12 人")
    await expect(trace.nth(1)).to_contain_text("12 → 13 人")
    await board.get_by_test_id("amend-count").click()
    await board.get_by_test_id("amend-number").fill("14")
    await board.keyboard.press("Enter")
    await expect(trace).to_have_count(3)
    await expect(trace.nth(2)).to_contain_text(f"{OPERATOR} 13 → 14 人")
    await inspector.look("evidence", board, "count-trace")


async def test_a_lesson_whose_teacher_does_not_come_is_taken_over_from_the_board(
    tmp_path: Path,
) -> None:
    morning = datetime(2026, 9, 16, 1, 20, tzinfo=UTC)  # ten minutes into period 2
    async with (
        planned_county(tmp_path, datetime(2026, 9, 15, 1, 0, tzinfo=UTC)) as county,
        timetable_pages(county) as pages,
    ):
        await county.plan(title="甲")
        lesson = await county.lesson(3)
        county.clock.advance(seconds=(morning - county.clock.now()).total_seconds())
        page = await pages.person("xianguan", "/ledger/today")
        row = page.get_by_test_id(f"today-{lesson['lesson_id']}")
        await expect(row).to_contain_text("晚了 10 分钟")
        await page.get_by_test_id(f"today-substitute-{lesson['lesson_id']}").click()
        await page.get_by_test_id("change-teacher").click()
        await page.get_by_role("option", name="teacher-liu").click()
        await page.get_by_test_id("change-reason").click()
        await page.get_by_role("option", name="教师请假").click()
        inspector = Inspector()
        await inspector.look("substitute", page, "change-confirm")
        await page.get_by_test_id("change-confirm").click()
        await expect(row).to_contain_text("teacher-liu")
        assert (await county.lesson(3, by="room", id_="shanquan1"))["change"] == "substitute"
        assert inspector.wrong == {}
        assert pages.errors == []
