"""Operators, teachers and rooms in front of the timetable: one browser, a profile each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import chromium
from tests.support.pages import Pages
from tests.support.planned_county import PlannedCounty

_STEPS = 4  # of the pointer between two cells


class TimetablePages(Pages):
    """Opens pages of a county's people, and keeps what they complained about."""

    def __init__(self, county: PlannedCounty, browser: Browser) -> None:
        super().__init__(county.url, browser)
        self.county = county

    async def week(self, teacher_id: str, week: int) -> WeekSeat:
        """The operator's page of a teacher's week."""
        seat = WeekSeat(await self.person("xianguan", self.address(teacher_id, week)))
        await seat.is_there()
        return seat

    def address(self, teacher_id: str, week: int) -> str:
        """The path of a teacher's week."""
        term = self.county.term["term_id"]
        return f"/timetable/week?by=teacher&id={teacher_id}&term={term}&week={week}"

    async def kiosk(self, room_id: str) -> Page:
        """The page of a room, by a device token."""
        path = f"/api/rooms/{room_id}/device-token"
        token = (await self.county.admin.call("POST", path))["device_token"]
        page = await self.page()
        await page.goto(f"{self.county.url}/classroom")
        await page.get_by_test_id("terminal-by-token").click()
        await page.get_by_test_id("device-token").fill(token)
        await page.get_by_test_id("device-token-submit").click()
        await page.get_by_test_id("room-name").wait_for()
        return page


@dataclass
class WeekSeat:
    """An operator in front of a week."""

    page: Page

    async def is_there(self) -> None:
        """Wait until the week is shown."""
        await self.page.get_by_test_id("week-table").wait_for()

    def chip(self, lesson_id: str) -> Locator:
        """A lesson in the table."""
        return self.page.get_by_test_id(f"chip-{lesson_id}")

    def cell(self, date: str, period: int) -> Locator:
        """A cell of the table."""
        return self.page.get_by_test_id(f"cell-{date}-{period}")

    async def drag(self, lesson_id: str, date: str, period: int) -> None:
        """Carry a lesson to a cell with the mouse and let it go; a dialog asks what is meant."""
        mouse = self.page.mouse
        await self.chip(lesson_id).hover()
        await mouse.down()
        box = await self.cell(date, period).bounding_box()
        assert box is not None
        await mouse.move(box["x"] + box["width"] / 2, box["y"] + 12, steps=_STEPS)
        await mouse.up()
        await self.page.get_by_test_id("place-lesson").wait_for()

    async def carry(self, lesson_id: str, *keys: str) -> None:
        """Lift a lesson with the space bar, carry it by arrows, and drop it."""
        await self.chip(lesson_id).focus()
        for key in ("Space", *keys, "Enter"):
            await self.page.keyboard.press(key)
        await self.page.get_by_test_id("place-lesson").wait_for()

    async def confirm(self, *, onward: bool = False) -> None:
        """确定调课."""
        if onward:
            await self.page.get_by_test_id("move-onward").check()
        await self.page.get_by_test_id("place-confirm").click()

    async def confirm_by_keyboard(self, *, onward: bool = False) -> None:
        """确定调课, without a mouse."""
        button = self.page.get_by_test_id("place-confirm")
        await expect(button).to_be_focused()
        if onward:
            await self.page.get_by_test_id("move-onward").press("Space")
        await expect(button).to_be_enabled()
        await button.press("Enter")

    async def shows(self, lesson_id: str, date: str, period: int) -> None:
        """Wait until a lesson stands in a cell."""
        await self.cell(date, period).get_by_test_id(f"chip-{lesson_id}").wait_for()


@asynccontextmanager
async def timetable_pages(county: PlannedCounty) -> AsyncIterator[TimetablePages]:
    """Pages for one test."""
    async with chromium() as browser:
        yield TimetablePages(county, browser)


def lesson_of(page: dict[str, Any], title: str) -> dict[str, Any]:
    """The one lesson of a week page with this title."""
    (lesson,) = (one for one in page["lessons"] if one["title"] == title)
    found: dict[str, Any] = lesson
    return found
