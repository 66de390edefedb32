"""节点 in Chromium, over a web process and two cells: what it shows, its keys, and 排空."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page

from tests.interop.test_accessibility import Inspector
from tests.support.browser import browsers
from tests.support.one_process import one_process
from tests.support.pages import sign_in

PICTURES = os.environ.get("TONGKE_PICTURES")  # a folder for screenshots; None: none are taken


async def _picture(page: Page, name: str) -> None:
    if PICTURES is None:
        return
    for width, height in ((1366, 768), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(300)
        await page.screenshot(path=f"{PICTURES}/{name}-{width}.png")


async def test_the_page_of_nodes_is_for_everybody(folder: Path, redis_url: str) -> None:
    """Its rules of axe, its keys, and what it shows of two cells."""
    inspector = Inspector()
    async with one_process(folder, redis_url) as installation, browsers() as opened:
        teacher = await installation.sign_in("wang")
        lesson = await teacher.live_lesson()
        seat = await opened.seat()
        page = seat.page
        await sign_in(page, installation.url, "xianguan", "/system/nodes")
        await page.locator('[data-testid="node-cell-2"][data-stand="well"]').wait_for()
        await inspector.look("nodes", page, "nodes")
        button = page.get_by_test_id("node-cell-1").get_by_test_id("node-drain")
        await _picture(page, "nodes")
        await button.focus()
        await page.keyboard.press("Enter")
        await inspector.look("asked", page, "confirm-yes")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("confirm-yes").wait_for(state="detached")
        await button.click()
        await page.get_by_test_id("confirm-yes").click()
        await page.locator('[data-testid="node-cell-1"][data-stand="drained"]').wait_for()
        await inspector.look("drained", page, "node-end-drain")
        await _picture(page, "drained")
        assert installation.nodes["cell-2"].services.hub.room(lesson["lesson_id"]) is not None
    assert inspector.wrong == {}
    assert seat.errors == []
