"""Pages on a computer whose date is wrong, in Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

# The wall clock jumps; the steady one does not, as on a computer with a dead battery.
WRONG_DATE = """(() => {
  const Real = Date
  const off = %d
  window.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off) }
    static now() { return Real.now() + off }
  }
})()"""
DAY_MS = 86_400_000


@pytest.mark.parametrize("off_ms", [-DAY_MS, DAY_MS])
async def test_a_computer_that_is_a_day_off_shows_todays_lessons(
    off_ms: int, tmp_path: Path
) -> None:
    async with TongkeServer.start(tmp_path) as server, browsers() as open_browsers:
        lesson = await lesson_open_now(await server.sign_in("wang"))
        seats = [await open_browsers.seat() for _ in range(2)]
        for seat in seats:
            await seat.context.add_init_script(WRONG_DATE % off_ms)
        teacher = await TeacherSeat.sign_in(server, seats[0])
        await teacher.sees(f"enter-lesson-{lesson['lesson_id']}")
        await expect(teacher.page.get_by_test_id("day-today")).to_be_disabled()
        room = ClassroomSeat(server, seats[1], "shanquan1")
        await room.sign_in(lesson)
        await expect(room.page.get_by_test_id("today-card")).to_contain_text(lesson["title"])
        await expect(room.page.get_by_test_id("enter-classroom")).to_be_enabled()
