"""A county's day in real Chromium: planned by drag, moved, held, missed, and found in the ledger.

The server's clock is turned by the test: a lesson of 35 minutes takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.integration.signaling.timetable.feeds.test_changes import events
from tests.interop.test_accessibility import Inspector
from tests.support.browser import Seat
from tests.support.people import ClassroomSeat, TeacherSeat
from tests.support.planned_county import SECOND_TEACHER, PlannedCounty, planned_county
from tests.support.timetable_pages import TimetablePages, WeekSeat, lesson_of, timetable_pages

MORNING = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)  # Monday, 08:00 in the county
WEEK = 2
MONDAY, TUESDAY, FRIDAY = "2026-09-07", "2026-09-08", "2026-09-11"
HELD, MISSED, LATER = "大家来唱歌", "认识节拍", "听听是谁"
POINTS = ("shanquan1", "yunling1")
STEP_S = 3  # between two looks at the links; one look stands for no longer
HELD_S = 35 * 60


@dataclass
class Day:
    """The county, its pages, and the lessons of its week by their titles."""

    county: PlannedCounty
    pages: TimetablePages
    teachers: dict[str, str]

    async def lesson(self, title: str) -> dict[str, Any]:
        """A lesson of the week as it stands now."""
        return lesson_of(await self.county.week(WEEK, "teacher", self.teachers[title]), title)

    async def until(self, hour: int, minute: int) -> None:
        """Turn the clock to a time of this Monday."""
        wanted = MORNING.replace(hour=hour - 8, minute=minute)
        step = wanted - self.county.clock.now()
        self.county.clock.advance(seconds=step.total_seconds())

    async def teach(self, seconds: int) -> None:
        """Let a lesson go on, and look at its links as the upkeep would."""
        for _ in range(0, seconds, STEP_S):
            self.county.clock.advance(seconds=STEP_S)
            self.county.services.hub.judge_links()
            await asyncio.sleep(0)  # media and pages go on meanwhile

    async def count(self) -> None:
        """Count what is over, as the upkeep would."""
        counter = self.county.services.ledger.counter
        await counter.catch_up()
        await counter.settle()

    def seat(self, page: Page) -> Seat:
        """A page as a seat of a lesson."""
        return Seat(self.pages.browser, page.context, page, self.pages.errors)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with planned_county(tmp_path, MORNING) as county, timetable_pages(county) as pages:
        third = await _third_teacher(county)
        both = [{"room_id": room_id, "class_id": f"{room_id[:-1]}-1"} for room_id in POINTS]
        await county.plan(title=HELD, weekday=1, period=1, seats=both)
        other = {"weekday": 1, "seats": [{"room_id": "shiqiao1"}]}
        for wish in (
            county.second(title=MISSED, period=3) | other,
            county.second(title=LATER, period=5) | other | third,
        ):
            await county.admin.call("POST", "/api/timetable/plans", wish)
        teachers = {
            HELD: "teacher-wang",
            MISSED: SECOND_TEACHER,
            LATER: third["lead_teacher_id"],
        }
        yield Day(county, pages, teachers)


async def _third_teacher(county: PlannedCounty) -> dict[str, Any]:
    room = {"school_id": "school-center", "name": "第三录播教室"}
    room_id = (await county.admin.call("POST", "/api/directory/rooms", room))["room_id"]
    person = {"name": "李晓梅", "school_id": "school-center", "staff_no": "T3", "login": "limei"}
    teacher = await county.admin.call("POST", "/api/directory/teachers", person)
    return {"lead_teacher_id": teacher["person_id"], "lead_room_id": room_id}


async def _build(day: Day) -> WeekSeat:
    """The operator puts each teacher's lesson where it belongs: by mouse, then by the keyboard."""
    operator = await day.pages.week("teacher-wang", WEEK)
    first = await day.lesson(HELD)
    await operator.drag(first["lesson_id"], TUESDAY, 2)
    await operator.confirm(onward=True)
    await operator.shows(first["lesson_id"], TUESDAY, 2)
    for title, keys, date, period in (
        (MISSED, ("ArrowDown",), MONDAY, 4),
        (LATER, ("ArrowRight",) * 4 + ("ArrowDown",), FRIDAY, 6),
    ):
        lesson = await day.lesson(title)
        path = day.pages.address(day.teachers[title], WEEK)
        await operator.page.goto(day.county.url + path)
        await operator.is_there()
        await operator.carry(lesson["lesson_id"], *keys)
        await operator.confirm_by_keyboard(onward=True)
        await operator.shows(lesson["lesson_id"], date, period)
        await expect(operator.chip(lesson["lesson_id"])).to_be_focused()
    return operator


async def _move(day: Day, operator: WeekSeat) -> None:
    """调课 to this morning with a reason, in the lesson's drawer and by the keyboard alone."""
    page, lesson = operator.page, await day.lesson(HELD)
    await page.goto(day.county.url + day.pages.address("teacher-wang", WEEK))
    await operator.is_there()
    await operator.chip(lesson["lesson_id"]).press("Enter")
    await page.get_by_test_id("do-move").press("Enter")
    form = page.get_by_test_id("change-move")
    date = form.get_by_label("日期")
    await date.fill(MONDAY)
    await date.press("Enter")
    await form.get_by_test_id("change-reason").get_by_role("combobox").press("Enter")
    await page.get_by_role("option").filter(visible=True).first.wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await form.get_by_test_id("change-note").fill("明天去县里开会")
    await form.get_by_test_id("change-confirm").press("Enter")
    await operator.shows(lesson["lesson_id"], MONDAY, 2)


async def _hold(day: Day, teacher_page: Page, kiosks: dict[str, Page]) -> None:
    """The teacher and two points hold the lesson that was moved."""
    lesson = await day.lesson(HELD)
    await day.until(9, 10)
    teacher = TeacherSeat(day.county, day.seat(teacher_page))
    await teacher_page.get_by_test_id(f"mine-{lesson['lesson_id']}").click()
    await teacher.click("open-lesson")
    await teacher.picture("camera-preview")
    await teacher.click("device-ok")
    await teacher.start_lesson()
    for room_id, page in kiosks.items():
        room = ClassroomSeat(day.county, day.seat(page), room_id)
        await room.enter()
        await teacher.picture(f"video-{room.participant_id}")
    await day.teach(HELD_S)
    await teacher.end_lesson()
    for page in kiosks.values():
        await page.get_by_test_id("lesson-over").wait_for()


async def _explain(day: Day) -> None:
    """The teacher says why the other lesson was missed, and the county confirms it."""
    await day.until(12, 0)
    await day.count()
    liu = await day.county.sign_in("liu")
    (asked,) = (await liu.call("GET", "/api/ledger/missed"))["units"]
    unit = asked["unit"]
    assert unit["title"] == MISSED
    path = f"/api/ledger/units/{unit['lesson_id']}/{unit['room_id']}"
    why = {"version": unit["version"], "reason": "power_fault", "note": "雷雨,全村停电"}
    given = await liu.call("POST", f"{path}/reason", why)
    await day.county.admin.call("POST", f"{path}/confirm", {"version": given["version"]})


async def _pupils(day: Day, pupils: int) -> None:
    """The teacher enters 到课人数 of the first point."""
    lesson, wang = await day.lesson(HELD), await day.county.sign_in("wang")
    path = f"/api/ledger/units/{lesson['lesson_id']}/{POINTS[0]}"
    version = (await wang.call("GET", path))["unit"]["version"]
    await wang.call("POST", f"{path}/headcount", {"version": version, "pupils": pupils})


async def _has_figures(page: Page, point: str, *figures: int) -> None:
    """Wait for 计划 应开 实开 有效 因故 无故 待说明 of a point's row."""
    cells = page.get_by_test_id("ledger-rows").get_by_role("row").filter(has_text=point)
    for n, figure in enumerate(figures):
        await expect(cells.get_by_role("cell").nth(n)).to_have_text(str(figure))


async def _evidence(page: Page, point: str, inspector: Inspector | None = None) -> str:
    """Open the one lesson behind a point's numbers, by the keyboard; returns what is told of it."""
    row = page.get_by_test_id("ledger-rows").get_by_role("row").filter(has_text=point)
    await row.get_by_role("button").press("Enter")
    await page.get_by_test_id("ledger-unit").press("Enter")
    shown = page.get_by_test_id("ledger-evidence")
    await shown.wait_for()
    if inspector is not None:
        await inspector.look("evidence", page, "ledger-evidence")
    text = await shown.inner_text()
    await page.keyboard.press("Escape")
    await page.get_by_test_id("ledger-units").wait_for(state="hidden")
    return text


async def test_a_county_plans_moves_holds_and_misses_lessons_and_the_ledger_knows(
    day: Day,
) -> None:
    county, pages = day.county, day.pages
    teacher = await pages.person("wang", "/timetable/my")
    await teacher.get_by_test_id("my-week").wait_for()
    kiosks = {room_id: await pages.kiosk(room_id) for room_id in POINTS}
    wang = await county.sign_in("wang")
    feed = (await wang.call("POST", "/api/calendar-feed"))["url"]

    # A week is built; the teacher's page and the points' screens follow without a reload.
    operator = await _build(day)
    lesson_id = (await day.lesson(HELD))["lesson_id"]
    await expect(teacher.get_by_test_id("my-news")).to_contain_text("9月8日")
    for kiosk in kiosks.values():
        await expect(kiosk.get_by_test_id(f"next-{lesson_id}")).to_contain_text("09:10")
    before = (await events(wang, feed))[lesson_id]

    # One lesson is moved to this morning.
    county.clock.advance(minutes=1)
    await _move(day, operator)
    await expect(teacher.get_by_test_id("my-news")).to_contain_text("9月7日")
    for kiosk in kiosks.values():
        await expect(kiosk.get_by_test_id("today-card")).to_contain_text(HELD)
    after = (await events(wang, feed))[lesson_id]
    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) == int(before.sequence.value) + 1
    assert after.dtstart.value.isoformat() == "2026-09-07T09:10:00+08:00"

    # It is held; another one is missed and explained.
    await _hold(day, teacher, kiosks)
    await _explain(day)
    await _pupils(day, 11)

    # The ledger shows exactly that, down to who was there from when to when.
    page = operator.page
    await page.goto(f"{county.url}/ledger/totals")
    await page.get_by_test_id("ledger-rows").wait_for()
    await _has_figures(page, "山泉", 1, 1, 1, 1, 0, 0, 0)
    await _has_figures(page, "云岭", 1, 1, 1, 1, 0, 0, 0)
    await _has_figures(page, "石桥", 1, 1, 0, 0, 1, 0, 0)
    inspector = Inspector()
    await inspector.look("ledger", page, "ledger-rows")
    held = await _evidence(page, "山泉")
    for words in ("主讲教师 09:10–09:45", "听课教室 09:10–09:45", "到课人数\n11", "35 分钟"):
        assert words in held
    missed = await _evidence(page, "石桥", inspector)
    for words in ("结果\n未开", "因故 · 电力故障 · 县级已确认", "雷雨,全村停电"):
        assert words in missed
    assert inspector.wrong == {}
    assert pages.errors == []
