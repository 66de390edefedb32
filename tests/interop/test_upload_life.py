"""A micro-lesson in real Chromium: uploaded, filled in, reviewed, published, and watched."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from signaling.command.seed import DEMO_PASSWORD
from tests.interop.test_accessibility import Inspector
from tests.support.browser import Browsers, Seat, browsers
from tests.support.people import WAIT_MS
from tests.support.server import TongkeServer
from tests.support.videos import video

JOBS_MS = 180_000  # patience with three jobs on a busy machine
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
PLAYING = """() => {
  const media = document.querySelector('[data-testid="player-camera"]')
  return [media.currentTime, media.videoWidth, media.error && media.error.message]
}"""


async def _page(opened: Browsers, server: TongkeServer, login: str | None, path: str) -> Seat:
    seat = await opened.seat()
    seat.page.set_default_timeout(WAIT_MS)
    if login is None:
        await seat.page.goto(server.url + path)
        return seat
    await seat.page.goto(f"{server.url}/login?next={path}")
    await seat.page.get_by_test_id("login-account").fill(login)
    await seat.page.get_by_test_id("login-password").fill(DEMO_PASSWORD)
    await seat.page.get_by_test_id("login-submit").click()
    return seat


async def _upload(page: Page, inspector: Inspector, film: Path) -> str:
    """Upload the film, and make a resource of it; returns its id."""
    await page.get_by_test_id("to-upload").click()
    await inspector.look("upload", page, "long-upload")
    await expect(page.get_by_test_id("upload-make")).to_be_disabled()
    await page.get_by_test_id("long-upload-input").set_input_files(film)
    await page.get_by_test_id("upload-chosen").wait_for(timeout=JOBS_MS)
    await expect(page.get_by_test_id("upload-title")).to_have_value("浮力小实验")
    await page.get_by_test_id("upload-subject").fill("物理")
    await page.get_by_test_id("upload-grade").fill("八年级")
    await page.get_by_test_id("upload-make").click()
    await page.get_by_test_id("meta-title").wait_for()
    return page.url.rsplit("/", 1)[-1]


async def _fill_in(page: Page, inspector: Inspector) -> None:
    """Data and a file beside it, while the video is being prepared; then who is in it."""
    await page.get_by_test_id("meta-summary").fill("把木块放进水里")
    await page.get_by_test_id("part-files").click()
    await page.get_by_test_id("attachment-kind").select_option("plan")
    choose = page.get_by_test_id("file-picker").locator("input[type=file]")
    await choose.set_input_files({"name": "教案.pdf", "mimeType": "", "buffer": PDF})
    await expect(page.get_by_test_id("attachments")).to_contain_text("教案.pdf")
    await expect(page.get_by_test_id("edit-told")).to_have_text("有改动未保存")  # still here
    await page.get_by_test_id("player").wait_for(timeout=JOBS_MS)
    await inspector.look("files", page, "attachments")
    await page.get_by_test_id("save-draft").click()
    await expect(page.get_by_test_id("edit-told")).to_have_text("已保存")
    await page.get_by_test_id("submit").click()
    await page.get_by_test_id("pledge").check()
    await expect(page.get_by_test_id("confirm-yes")).to_be_disabled()  # who is in the picture?
    await page.get_by_test_id("minors-yes").check()
    await expect(page.get_by_test_id("confirm-yes")).to_be_disabled()  # without their consent
    await page.get_by_test_id("consent-held").check()
    await inspector.look("people", page, "people")
    await page.get_by_test_id("confirm-yes").click()
    await page.get_by_test_id("recall").wait_for()


async def _publish(page: Page, inspector: Inspector) -> None:
    await expect(page.get_by_test_id("findings").first).to_contain_text("未成年人")
    await expect(page.get_by_test_id("attachments")).to_contain_text("教案.pdf")
    await inspector.look("review of an upload", page, "verdict")
    await page.get_by_test_id("pass").click()
    await page.get_by_test_id("publish").click()
    await page.get_by_test_id("scope-public").check()
    await page.get_by_test_id("confirm-yes").click()
    await inspector.look("edition", page, "edition")
    await page.locator('[data-testid="edition"][data-state="ready"]').wait_for(timeout=JOBS_MS)


async def _on_a_phone(page: Page, inspector: Inspector) -> None:
    """Everything that plays it is on the screen of a phone, and nothing is wider than that."""
    whole = page.viewport_size
    assert whole is not None
    await page.set_viewport_size({"width": 390, "height": 844})
    for control in ("play", "mute", "sound-only", "rate", "fullscreen"):
        await expect(page.get_by_test_id(control)).to_be_in_viewport(ratio=1)
    await expect(page.get_by_test_id("layout-single")).to_have_count(0)  # there is one picture
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await inspector.look("watch on a phone", page, "player")
    await page.set_viewport_size(whole)


async def _watch(page: Page, inspector: Inspector) -> None:
    await page.get_by_test_id("player").wait_for()
    await _on_a_phone(page, inspector)
    await expect(page.get_by_test_id("attachments")).to_contain_text("教案.pdf")
    await inspector.look("watch an upload", page, "player")
    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("position")).to_have_text("0:08 / 0:08", timeout=JOBS_MS)
    at_s, width, error = await page.evaluate(PLAYING)
    assert (at_s > 1, width > 0, error) == (True, True, None)


def _film(path: Path) -> None:
    path.write_bytes(video(seconds=8, side=360))


async def test_from_an_upload_to_a_viewer(tmp_path: Path) -> None:
    film, inspector = tmp_path / "浮力小实验.mp4", Inspector()
    await asyncio.to_thread(_film, film)
    async with TongkeServer.start(tmp_path / "server") as server, browsers() as opened:
        teacher = await _page(opened, server, "wang", "/resources/mine")
        resource_id = await _upload(teacher.page, inspector, film)
        await _fill_in(teacher.page, inspector)
        admin = await _page(opened, server, "ziyuan", f"/resources/reviews/{resource_id}")
        await _publish(admin.page, inspector)
        guest = await _page(opened, server, None, f"/library/{resource_id}")
        await _watch(guest.page, inspector)
        assert inspector.wrong == {}
        assert [error for seat in (teacher, admin, guest) for error in seat.errors] == []
