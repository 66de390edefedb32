"""The wall and the ready wall with few rooms and with sixty, in Chromium: nothing is cut off."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.support.browser import browsers
from tests.support.crowd import crowd, crowd_room, school_name, seed_crowd
from tests.support.people import TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

SIZES = ((1366, 768), (1920, 1080))
# Names and buttons that are cut off, lie outside, or are too small to be read.
CUT_OFF = """() => {
  const wrong = []
  const window_ = { right: innerWidth + 1, bottom: innerHeight + 1 }
  const wall = document.querySelector('[data-testid=wall]')
  const bounds = wall ? wall.getBoundingClientRect() : window_
  for (const name of document.querySelectorAll('[data-testid^=name-]')) {
    const box = name.getBoundingClientRect()
    const school = name.querySelector('strong').getBoundingClientRect()
    const outside = box.right > bounds.right + 1 || box.bottom > bounds.bottom + 1
    const hidden = school.width < 40 || school.right > box.right + 1
    if (box.height < 18 || hidden || outside) wrong.push(name.innerText)
  }
  for (const id of ['start-lesson', 'end-lesson', 'mute-all', 'wall-next', 'big-picture']) {
    const element = document.querySelector(`[data-testid=${id}]`)
    if (!element) continue
    const box = element.getBoundingClientRect()
    if (box.right > window_.right || box.bottom > window_.bottom || box.width < 20) wrong.push(id)
  }
  if (document.documentElement.scrollHeight > innerHeight + 1) wrong.push('page scrolls')
  return wrong
}"""
PAGE = "document.querySelector('[data-testid=wall-page]').innerText"
OFFER = "() => window.__tongke.viewerPc && window.__tongke.viewerPc.localDescription.sdp"
# The relay takes 64 KiB and 2000 lines (relay/core/wire/sdp.py): a newer browser adds to its offer.
MOST_OFFER_BYTES, MOST_OFFER_LINES = 40 * 1024, 1400
TILES = "() => document.querySelectorAll('[data-testid^=tile-]').length"


async def _holds(teacher: TeacherSeat) -> None:
    for width, height in SIZES:
        await teacher.page.set_viewport_size({"width": width, "height": height})
        # The layout follows the window; what stays cut off is told.
        with contextlib.suppress(TimeoutError):
            await teacher.until(f"() => ({CUT_OFF})().length === 0")
        assert await teacher.evaluate(CUT_OFF) == [], (width, height)


async def _lesson_of(
    api: Any, server: TongkeServer, teacher: TeacherSeat, rooms: int, tiles: int
) -> None:
    invited = [crowd_room(number) for number in range(rooms)]
    lesson = await api.new_lesson(rooms=invited, starts_at=datetime.now(UTC), minutes=30)
    last = rooms - 1
    async with crowd(server, lesson, range(0, rooms, 2 if rooms > 8 else 1)) as channels:
        await teacher.page.goto(f"{server.url}/teacher")
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.sees("start-lesson")
        await _holds(teacher)
        await teacher.start_lesson()
        await teacher.sees("wall")
        await _holds(teacher)
        await teacher.until(f"(tiles) => ({TILES})() === tiles", tiles)
        await teacher.until(OFFER)
        offer = await teacher.evaluate(OFFER)
        assert len(offer) < MOST_OFFER_BYTES
        assert offer.count("\n") < MOST_OFFER_LINES
        if rooms > tiles:
            await _finds_the_others(teacher, channels, last)
        await teacher.click(f"stage-invite-room-{crowd_room(0)}")
        await teacher.sees("big-picture")
        await _holds(teacher)
    await api.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")


async def _finds_the_others(teacher: TeacherSeat, channels: dict[int, Any], last: int) -> None:
    """A raised hand comes to the front; every room is on some page; a name is found."""
    hand = max(channels)
    await expect(teacher.page.get_by_test_id(f"tile-room-{crowd_room(hand)}")).to_have_count(0)
    await channels[hand].send_json({"type": "raise_hand", "id": 1})
    await teacher.sees(f"hand-room-{crowd_room(hand)}")
    await channels[hand].send_json({"type": "lower_hand", "id": 2})
    await teacher.click("wall-next")
    await teacher.until(
        "() => document.querySelector('[data-testid=wall-page]').innerText[0] === '2'"
    )
    search = teacher.page.get_by_test_id("wall-search")
    await search.fill(f"{school_name(last)} 多媒体")
    await teacher.sees(f"tile-room-{crowd_room(last)}")
    await search.fill("")
    await teacher.until(f"() => {PAGE}.startsWith('1/')")


async def test_the_wall_holds_with_one_room_and_with_sixty(tmp_path: Path) -> None:
    await seed_crowd(tmp_path)
    async with TongkeServer.start(tmp_path) as server, browsers() as open_browsers:
        api = await server.sign_in("wang")
        seeded = await lesson_open_now(api)  # its hour is needed: a lesson of later would ask first
        await api.call("POST", f"/api/lessons/{seeded['lesson_id']}/cancel", {"reason": "设备故障"})
        teacher = await TeacherSeat.arrive(server, open_browsers)
        await teacher.page.wait_for_url("**/teacher*")
        for rooms, tiles in ((1, 1), (8, 8), (60, 9)):
            await _lesson_of(api, server, teacher, rooms, tiles)
        assert teacher.seat.errors == []
