"""The strip of 剪辑 in real Chromium: two hours with pictures and sound; mouse and keys."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.integration.signaling.library.resource_acts import HERE, stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium, new_profile
from tests.support.long_recordings import LENGTH_S, two_hours
from tests.support.pages import sign_in
from tests.support.resources import shelve
from tests.support.two_counties import PASSWORD

pytestmark = pytest.mark.asyncio
SHOTS = os.environ.get("TONGKE_PICTURES")  # a folder for pictures of the pages
NEAR = """([testid, wanted, off]) => {
  const told = document.querySelector(`[data-testid=${testid}]`).getAttribute('aria-valuenow')
  return Math.abs(Number(told) - wanted) <= off
}"""
FILM = "() => document.querySelectorAll('[data-testid=film-picture]').length"


@dataclass
class Editor:
    """The server with a recording of two hours, and a browser."""

    base: str
    browser: Browser
    path: str

    async def page(self) -> Page:
        """A page of the recording's teacher, before the editor."""
        profile = await new_profile(self.browser, reduced_motion="reduce")
        page = await profile.new_page()
        await sign_in(page, self.base, HERE.teacher, "/resources/mine", PASSWORD)
        return page

    async def open(self, page: Page) -> None:
        await page.goto(self.base + self.path)
        await page.get_by_test_id("cut-timeline").wait_for()


@asynccontextmanager
async def _editor(folder: Path) -> AsyncIterator[Editor]:
    async with stage(folder) as at, chromium() as browser:
        made = await shelve(
            at.world.services, "long", teacher=HERE.teacher, room=HERE.room, filmed=two_hours
        )
        yield Editor(at.world.client().base, browser, f"/resources/mine/{made}")


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    async with _editor(tmp_path) as opened:
        yield opened


async def _shot(page: Page, name: str) -> None:
    if SHOTS is None:
        return
    for width, height in ((1366, 768), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(700)  # a picture is taken of what has settled
        await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")
    await page.set_viewport_size({"width": 1366, "height": 768})


async def _moment(page: Page, edge: str) -> float:
    told = await page.get_by_test_id(f"edge-{edge}").get_attribute("aria-valuenow")
    assert told is not None
    return float(told)


async def _middle(page: Page, testid: str) -> tuple[float, float, float]:
    """Where an element is: its middle, and its width."""
    box = await page.get_by_test_id(testid).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]


async def test_two_hours_are_cut_by_mouse_and_keys(editor: Editor) -> None:
    page, inspector = await editor.page(), Inspector()
    await editor.open(page)
    await page.wait_for_function(f"() => ({FILM})() >= 8")
    await expect(page.get_by_test_id("cut-timeline").get_by_test_id("waveform")).to_be_visible()
    await expect(page.get_by_test_id("cut-troubles")).to_have_count(0)
    await inspector.look("film", page, "cut-timeline")
    await _shot(page, "film")

    left, y, width = await _middle(page, "cut-timeline")
    await page.mouse.move(left, y)
    await expect(page.get_by_test_id("seek-preview").last).to_contain_text("1:00:0")
    await page.mouse.click(left, y)
    await page.keyboard.press("x")
    await page.mouse.click(left + width / 4, y)
    await page.keyboard.press("x")
    assert await _moment(page, "from-0") == pytest.approx(LENGTH_S / 2, abs=10)

    # A press moves nothing; a pull moves the edge by what the pointer moved.
    was = await _moment(page, "to-0")
    x, y, _ = await _middle(page, "edge-to-0")
    await page.mouse.click(x, y)
    assert await _moment(page, "to-0") == was
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - width / 16, y, steps=5)
    await page.mouse.move(x - width / 8, y, steps=5)
    await _shot(page, "film-pulled") if SHOTS else None
    await page.mouse.up()
    assert await _moment(page, "to-0") == pytest.approx(was - LENGTH_S / 8, abs=15)
    before = await _moment(page, "to-0")
    await page.keyboard.press("ArrowRight")  # the edge has the focus
    await page.keyboard.press("PageUp")
    assert await _moment(page, "to-0") == before + 11
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    assert await _moment(page, "to-0") == was
    assert inspector.wrong == {}


async def test_the_strip_says_what_it_reads_and_what_failed(editor: Editor) -> None:
    page = await editor.page()
    held: list[Route] = []
    holding = True

    async def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            await route.continue_()

    async def lose(route: Route) -> None:
        await route.abort()

    await page.route("**/*-storyboard*.vtt", hold)
    await page.route("**/*-waveform*.json", hold)
    await page.route("**/*-storyboard*.jpg", lose)
    await editor.open(page)
    troubles: Any = page.get_by_test_id("cut-troubles")
    await expect(troubles).to_contain_text("正在读取画面")
    await expect(troubles).to_contain_text("正在读取声音")
    await _shot(page, "film-loading")
    await page.get_by_test_id("edge-start").focus()
    await page.keyboard.press("PageUp")  # cutting waits for no pictures
    await page.wait_for_function(NEAR, arg=["edge-start", 10, 0])
    holding = False
    for route in held:
        await (route.abort() if "waveform" in route.request.url else route.continue_())
    await expect(troubles).to_contain_text("画面没有取全")
    await expect(troubles).to_contain_text("声音波形没有取到")
    await _shot(page, "film-failed")
    await page.unroute("**/*-storyboard*.jpg", lose)
    await page.get_by_test_id("cut-again").click()
    await page.wait_for_function(f"() => ({FILM})() >= 8")
    await expect(troubles).to_have_count(0)
