"""A missed lesson asks who missed it; the county confirms; requirements and unwanted periods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.interop.test_accessibility import Inspector
from tests.support.planned_county import COUNTY_ID, PlannedCounty, planned_county
from tests.support.timetable_pages import TimetablePages, timetable_pages

MONDAY = datetime(2026, 9, 7, 0, 0, tzinfo=UTC)  # 08:00 in the county, before the first period
ROOM = "shanquan1"
POINT = "school-shanquan"


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[PlannedCounty]:
    async with planned_county(tmp_path, MONDAY) as opened:
        yield opened


@pytest.fixture
async def pages(county: PlannedCounty) -> AsyncIterator[TimetablePages]:
    async with timetable_pages(county) as opened:
        yield opened


async def _missed(county: PlannedCounty) -> str:
    """Nobody came to the lesson of this morning; it is over."""
    await county.plan(weekday=1, period=1, weeks="2周")
    lesson = await county.lesson(2)
    county.clock.advance(hours=2)
    await county.services.ledger.counter.catch_up()
    await county.services.ledger.counter.settle()
    lesson_id: str = lesson["lesson_id"]
    return lesson_id


async def _keys(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_a_missed_lesson_asks_until_the_county_has_confirmed_why(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    inspector = Inspector()
    lesson_id = await _missed(county)
    teacher = await pages.person("wang", "/teacher")
    asked = teacher.get_by_test_id(f"asked-{lesson_id}")
    await expect(asked).to_contain_text("山泉教学点")
    await inspector.look("teacher is asked", teacher, "asked-reasons")
    kiosk = await pages.kiosk(ROOM)
    await kiosk.get_by_test_id("kiosk-reasons").click()
    await kiosk.get_by_test_id("asked-open").click()

    # 其他 needs words; the box of the kiosk says so and keeps what was chosen.
    await kiosk.get_by_test_id("reason-other").check()
    await kiosk.get_by_test_id("asked-submit").click()
    await expect(kiosk.get_by_test_id("kiosk-reasons-box").get_by_role("alert")).to_be_visible()
    await inspector.look("kiosk is asked", kiosk, "kiosk-reasons-box")
    await kiosk.get_by_test_id("reason-power_fault").check()
    await kiosk.get_by_test_id("reason-note").fill("九点起停电")
    await kiosk.get_by_test_id("asked-submit").click()
    await kiosk.get_by_test_id("asked-told").wait_for()
    await kiosk.get_by_test_id("kiosk-reasons-close").click()
    await expect(kiosk.get_by_test_id("kiosk-reasons")).to_have_count(0)
    await teacher.goto(f"{county.url}/timetable/my")
    await teacher.get_by_test_id("my-week").wait_for()
    await expect(teacher.get_by_test_id("asked-reasons")).to_have_count(0)

    # The county gives it back by the keyboard, and the teacher is asked again, with its words.
    row = f"missed-{lesson_id}-{ROOM}"
    operator = await pages.person("xianguan", "/ledger/reasons")
    await expect(operator.get_by_test_id(row)).to_contain_text("九点起停电")
    await inspector.look("reasons", operator, "reasons-rows")
    await operator.get_by_test_id("reasons-pick").focus()
    await _keys(operator, "Space", "Backspace")
    await operator.get_by_test_id("return-note").fill("停到几点？")
    await _keys(operator, "Enter")
    await expect(operator.get_by_test_id("reasons-told")).to_contain_text("1")
    await teacher.reload()
    await expect(asked).to_contain_text("停到几点？")
    await asked.get_by_test_id("asked-open").focus()
    await _keys(teacher, "Enter")
    await expect(asked.get_by_test_id("reason-network_fault")).to_be_focused()
    await asked.get_by_test_id("reason-power_fault").focus()
    await _keys(teacher, "Space", "Enter")
    await teacher.get_by_test_id("asked-told").wait_for()

    # The county confirms, and the ledger counts the lesson as 因故.
    await operator.get_by_test_id("reasons-confirmed").click()
    await operator.get_by_test_id("reasons-given").click()
    await operator.get_by_test_id("reasons-pick").focus()
    await _keys(operator, "Space", "Enter")
    await expect(operator.get_by_test_id("reasons-told")).to_contain_text("1")
    await operator.get_by_test_id("reasons-confirmed").click()
    await expect(operator.get_by_test_id(row)).to_contain_text("电力故障")
    await operator.get_by_test_id("missed-evidence").click()
    await inspector.look("evidence", operator, "ledger-evidence")
    await operator.goto(f"{county.url}/ledger/totals")
    line = operator.get_by_test_id("ledger-rows").get_by_role("row").filter(has_text="山泉教学点")
    await expect(line.get_by_role("cell").nth(4)).to_have_text("1")  # 因故
    await expect(line.get_by_role("cell").nth(6)).to_have_text("0")  # 待说明
    assert inspector.wrong == {}
    assert pages.errors == []


async def test_a_new_version_of_what_is_required_counts_from_its_day(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    wish = {"grade": "一年级", "subject": "音乐", "periods": 1, "first": "2026-08-31"}
    path = "/api/ledger/requirements"
    made = await county.admin.call("POST", path, wish | {"node_id": COUNTY_ID})
    page = await pages.person("xianguan", "/ledger/requirements")
    cell = page.get_by_test_id("cell-一年级-音乐")
    await expect(cell).to_have_text("1")
    inspector = Inspector()
    await inspector.look("requirements", page, "requirements-table")
    await page.get_by_test_id("requirements-edit").click()
    await page.get_by_test_id("requirements-first").fill("2026-09-07")
    await cell.focus()
    await _keys(page, "5", "ArrowRight", "1", "ArrowDown", "x")
    await expect(page.get_by_test_id("requirements-save")).to_be_disabled()  # x is no number
    await _keys(page, "Backspace")
    await expect(page.get_by_test_id("requirements-changed")).to_contain_text("2")
    await inspector.look("new version", page, "requirements-save")

    # Somebody else changes the same cell: told with the cell, and nothing is overwritten.
    change = {"periods": 2, "first": "2026-08-31", "last": None, "version": made["version"]}
    await county.admin.call("PUT", f"{path}/{made['requirement_id']}", change)
    await page.get_by_test_id("requirements-save").click()
    await expect(page.get_by_test_id("requirements-fault")).to_contain_text("一年级音乐")
    await page.get_by_test_id("requirements-save").click()
    await page.get_by_test_id("requirements-told").wait_for()
    await expect(page.get_by_test_id("requirements-by")).to_contain_text("李管理员")
    await page.get_by_test_id("requirements-compare").check()
    await expect(cell.locator("xpath=..")).to_contain_text("原 2")
    await page.get_by_test_id("requirements-version").select_option("2026-08-31")
    await expect(cell).to_have_text("2")

    # 开足 follows: five periods are owed in this week, one of them by today.
    await county.services.ledger.counter.settle()
    await county.services.ledger.counter.catch_up()
    totals = await county.admin.call(
        "GET", "/api/ledger/totals?by=class&from=2026-09-07&to=2026-09-07"
    )
    short = {name for row in totals["rows"] for name in (*row["lacking"], *row["short"])}
    assert "音乐" in short
    assert totals["completeness"]["sufficient"] == 0
    assert inspector.wrong == {}
    assert pages.errors == []


async def test_periods_are_marked_by_mouse_and_by_keyboard(
    county: PlannedCounty, pages: TimetablePages
) -> None:
    page = await pages.person("xianguan", "/timetable/unwanted")
    await page.get_by_test_id("unwanted-school").click()
    await page.get_by_test_id("unwanted-owner").click()
    await page.get_by_role("option", name="山泉教学点").click()
    boxes = [await page.get_by_test_id(f"unwanted-{day}-2").bounding_box() for day in (1, 3)]
    await page.mouse.move(boxes[0]["x"] + 20, boxes[0]["y"] + 20)  # type: ignore[index]
    await page.mouse.down()
    await page.mouse.move(boxes[1]["x"] + 20, boxes[1]["y"] + 20, steps=9)  # type: ignore[index]
    await page.mouse.up()
    await expect(page.get_by_test_id("unwanted-changes")).to_contain_text("3")
    await _keys(page, "Tab")
    await page.get_by_test_id("unwanted-1-2").focus()
    await _keys(page, "2", "ArrowRight", "0", "ArrowDown", "Space")
    inspector = Inspector()
    await inspector.look("unwanted", page, "unwanted-grid")
    await page.get_by_test_id("unwanted-save").click()
    await expect(page.get_by_test_id(f"unwanted-of-{POINT}")).to_contain_text("不宜 2 · 不可 1")
    listed = (await county.admin.call("GET", "/api/timetable/unwanted-periods"))["wishes"]
    assert {(one["weekday"], one["period"], one["level"]) for one in listed} == {
        (1, 2, "forbid"),
        (2, 3, "avoid"),
        (3, 2, "avoid"),
    }

    # Somebody else sets the same school meanwhile: told, and shown as it is now.
    seen = [one["wish_id"] for one in listed]
    mark = {"weekday": 5, "period": 1, "level": "forbid"}
    week = {"county_id": COUNTY_ID, "school_id": POINT, "marks": [mark], "seen": seen}
    await county.admin.call("PUT", "/api/timetable/unwanted-periods", week)
    await page.get_by_test_id("unwanted-4-4").click()
    await page.get_by_test_id("unwanted-save").click()
    await expect(page.get_by_role("alert")).to_contain_text("山泉教学点")
    await expect(page.get_by_test_id("unwanted-5-1")).to_have_text("不可")
    await expect(page.get_by_test_id("unwanted-4-4")).to_have_text("")
    assert inspector.wrong == {}
    assert pages.errors == []
