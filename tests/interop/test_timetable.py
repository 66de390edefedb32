"""The timetable in real Chromium: weeks built by drag, seen by those concerned, changed by many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.interop.test_accessibility import Inspector
from tests.support.planned_county import SECOND_TEACHER, PlannedCounty, planned_county
from tests.support.timetable_pages import TimetablePages, WeekSeat, lesson_of, timetable_pages

MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)  # 08:00 in the county, before the first period
WEEK = 2
DAYS = [f"2026-09-{day:02}" for day in range(7, 12)]
OPERATORS = 5


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[PlannedCounty]:
    async with planned_county(tmp_path, MONDAY) as opened:
        yield opened


@pytest.fixture
async def pages(county: PlannedCounty) -> AsyncIterator[TimetablePages]:
    async with timetable_pages(county) as opened:
        yield opened


async def _third_teacher(county: PlannedCounty) -> dict[str, Any]:
    """A teacher with a lead room and a point of her own: what a plan of hers needs."""
    room = {"school_id": "school-center", "name": "第三录播教室"}
    room_id = (await county.admin.call("POST", "/api/directory/rooms", room))["room_id"]
    person = {"name": "李晓梅", "school_id": "school-center", "staff_no": "T3", "login": "limei"}
    teacher = await county.admin.call("POST", "/api/directory/teachers", person)
    return {
        "lead_teacher_id": teacher["person_id"],
        "lead_room_id": room_id,
        "seats": [{"room_id": "shiqiao1"}],
    }


async def _lesson(county: PlannedCounty, teacher_id: str, title: str) -> dict[str, Any]:
    return lesson_of(await county.week(WEEK, "teacher", teacher_id), title)


async def test_a_week_is_built_by_drag_and_everybody_sees_it(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    third = await _third_teacher(county)
    await county.plan(title="甲", weekday=1, period=1)
    await county.admin.call(
        "POST", "/api/timetable/plans", county.second(title="乙", weekday=1, period=1)
    )
    await county.plan(title="丙", weekday=1, period=1, **third)
    wanted = {
        ("teacher-wang", "甲"): (DAYS[2], 2),
        (SECOND_TEACHER, "乙"): (DAYS[1], 3),
        (third["lead_teacher_id"], "丙"): (DAYS[4], 5),
    }
    teacher = await pages.person("wang", "/timetable/my")
    await teacher.get_by_test_id("my-week").wait_for()
    kiosk = await pages.kiosk("shanquan1")
    operator: WeekSeat | None = None
    for (teacher_id, title), (date, period) in wanted.items():
        lesson = await _lesson(county, teacher_id, title)
        if operator is None:
            operator = await pages.week(teacher_id, WEEK)
        else:
            await operator.page.goto(county.url + pages.address(teacher_id, WEEK))
            await operator.is_there()
        await operator.drag(lesson["lesson_id"], date, period)
        await operator.confirm(onward=True)
        await operator.shows(lesson["lesson_id"], date, period)
    assert operator is not None

    # Those concerned see it without a reload: the teacher's page, and the next days of the room.
    lesson = await _lesson(county, "teacher-wang", "甲")
    assert (lesson["date"], lesson["period"]) == (DAYS[2], 2)
    await expect(teacher.get_by_test_id("my-news")).to_contain_text("9月9日")
    await expect(kiosk.get_by_test_id(f"next-{lesson['lesson_id']}")).to_contain_text("09:10")

    # One lesson is moved to this morning, by the keyboard: the room's card shows it.
    await operator.page.goto(county.url + pages.address("teacher-wang", WEEK))
    await operator.is_there()
    chip = operator.chip(lesson["lesson_id"])
    await chip.focus()
    for key in ("Space", "ArrowLeft", "ArrowLeft", "ArrowUp", "Enter"):
        await operator.page.keyboard.press(key)
    await operator.confirm()
    await operator.shows(lesson["lesson_id"], DAYS[0], 1)
    await expect(operator.chip(lesson["lesson_id"])).to_be_focused()
    await expect(teacher.get_by_test_id("my-news")).to_contain_text("9月7日")
    await expect(kiosk.get_by_test_id("today-card")).to_contain_text("甲")
    assert pages.errors == []


async def test_a_clash_is_told_while_the_lesson_is_carried_and_can_be_waived(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    await county.plan(title="甲", weekday=1, period=2)
    await county.plan(title="乙", weekday=3, period=2)
    lesson = await _lesson(county, "teacher-wang", "甲")
    operator = await pages.week("teacher-wang", WEEK)
    await operator.drag(lesson["lesson_id"], DAYS[2], 2)
    clashes = operator.page.get_by_test_id("clashes")
    await expect(clashes).to_contain_text("《乙》")
    await expect(operator.page.get_by_test_id("place-confirm")).to_be_disabled()
    await operator.page.get_by_test_id("waiver").fill("两班合堂")
    await operator.confirm()
    await operator.shows(lesson["lesson_id"], DAYS[2], 2)
    assert (await _lesson(county, "teacher-wang", "甲"))["waiver"] == "两班合堂"
    assert pages.errors == []


async def test_five_operators_move_five_lessons_at_once_and_one_of_two_is_told(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    for weekday in range(1, OPERATORS + 1):
        await county.plan(title=f"课{weekday}", weekday=weekday, period=1)
    lessons = [await _lesson(county, "teacher-wang", f"课{n}") for n in range(1, OPERATORS + 1)]
    seats = await asyncio.gather(*(pages.week("teacher-wang", WEEK) for _ in range(OPERATORS)))
    for seat, lesson, date in zip(seats, lessons, DAYS, strict=True):
        await seat.drag(lesson["lesson_id"], date, 4)
    await asyncio.gather(*(seat.confirm() for seat in seats))
    for seat in seats:
        for lesson, date in zip(lessons, DAYS, strict=True):
            await seat.shows(lesson["lesson_id"], date, 4)

    # Two drag the same: the later one is told what changed, and nothing is overwritten.
    first, second = seats[:2]
    lesson_id = lessons[4]["lesson_id"]
    await first.drag(lesson_id, DAYS[4], 2)
    await second.drag(lesson_id, DAYS[4], 6)
    await first.confirm()
    await first.shows(lesson_id, DAYS[4], 2)
    await second.confirm()
    told = second.page.get_by_test_id("meanwhile")
    await expect(told).to_contain_text("第2节")
    await second.page.get_by_test_id("meanwhile-leave").click()
    await second.shows(lesson_id, DAYS[4], 2)
    assert pages.errors == []


async def test_no_page_of_the_timetable_breaks_a_serious_rule(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    await county.plan(title="甲", weekday=1, period=2)
    inspector = Inspector()
    operator = await pages.week("teacher-wang", WEEK)
    page = operator.page
    await inspector.look("week", page, "week-table")
    lesson = await _lesson(county, "teacher-wang", "甲")
    await operator.chip(lesson["lesson_id"]).click()
    await inspector.look("lesson", page, "do-move")
    await page.get_by_test_id("do-move").click()
    await inspector.look("move", page, "change-confirm")
    await page.keyboard.press("Escape")
    await page.get_by_test_id("new-plan").click()
    await inspector.look("plan", page, "plan-submit")
    for name, shows in (
        ("terms", "terms"),
        ("bells", "bells"),
        ("holidays", "year"),
        ("imports", "import-start"),
        ("proposals", "proposal-start"),
        ("my", "my-week"),
    ):
        await page.goto(f"{county.url}/timetable/{name}")
        await inspector.look(name, page, shows)
    assert inspector.wrong == {}
    assert pages.errors == []
