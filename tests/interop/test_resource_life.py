"""A lesson in real Chromium, from draft and review to a shared resource that is withdrawn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.async_api import Page, expect

from tests.interop.test_accessibility import Inspector
from tests.support.browser import Browsers, Seat, browsers
from tests.support.consents import without_pupils
from tests.support.pages import sign_in
from tests.support.people import TeacherSeat, lesson_open_now
from tests.support.recordings import ready_recording
from tests.support.server import TongkeServer

LESSON_MS = 6000  # of real time: parts of a second or more before, in and after the cut
EDITION_MS = 180_000  # patience with the job that makes it, on a busy machine
PASSWORD = "shenlan42"
TITLE = "浮力的秘密"
TIMES = """() => {
  const media = document.querySelector('[data-testid="player-camera"]')
  return [media.currentTime, media.paused, media.videoWidth]
}"""

DETAIL = "(id) => fetch(`/api/library/${id}`).then((answer) => answer.json())"


@dataclass
class Office:
    """The server, its browsers, and a recording that is ready."""

    server: TongkeServer
    opened: Browsers
    teacher: Page
    seats: list[Seat]
    inspector: Inspector

    async def page(self, login: str | None, path: str) -> Page:
        """A page of somebody who signed in, or of a guest."""
        seat = await self.opened.seat()
        self.seats.append(seat)
        if login is None:
            await seat.page.goto(self.server.url + path)
            return seat.page
        await sign_in(seat.page, self.server.url, login, path)
        return seat.page


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        api = await server.sign_in("wang")
        lesson = await lesson_open_now(api)
        await asyncio.to_thread(without_pupils, server.data / "tongke.db")
        seat = await opened.seat()
        teacher = await TeacherSeat.sign_in(server, seat)
        await teacher.open_lesson(lesson["lesson_id"])
        await teacher.start_lesson()
        await teacher.page.wait_for_timeout(LESSON_MS)  # a recording takes as long as it is
        await teacher.end_lesson()
        await ready_recording(api, lesson["lesson_id"])
        yield Office(server, opened, seat.page, [seat], Inspector())


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def _seek(page: Page, share: float) -> None:
    """Click the strip of the editor there."""
    strip = page.get_by_test_id("cut-timeline")
    box = await strip.bounding_box()
    assert box is not None
    await strip.click(position={"x": box["width"] * share, "y": box["height"] / 2})


async def _edit(office: Office) -> str:
    """Name it, trim its start by the keyboard, cut its middle, and set a chapter."""
    page = office.teacher
    await page.goto(f"{office.server.url}/resources/mine")
    row = page.get_by_test_id("my-resources").get_by_role("listitem").first
    await expect(row).to_contain_text("草稿")
    await office.inspector.look("mine", page, "my-resources")
    await row.get_by_text("编辑").click()
    await page.get_by_test_id("meta-title").fill(TITLE)
    await page.get_by_test_id("meta-summary").fill("阿基米德与王冠")
    await page.get_by_test_id("meta-stage").select_option("primary")
    await page.get_by_test_id("edge-start").focus()
    await _press(page, "ArrowRight")  # a second
    await page.get_by_test_id("part-cuts").click()
    await expect(page.get_by_test_id("cut-list")).to_contain_text("开头")
    await _seek(page, 0.4)
    await page.get_by_test_id("cut-middle").click()
    await _seek(page, 0.7)
    await page.get_by_test_id("cut-middle").click()
    await expect(page.get_by_test_id("cut-list").get_by_role("listitem")).to_have_count(2)
    await _seek(page, 0.8)
    await page.get_by_test_id("add-chapter").click()
    await page.get_by_test_id("chapter-0").fill("小结")
    await office.inspector.look("edit", page, "chapter-list")
    await page.get_by_test_id("save-draft").click()
    await expect(page.get_by_test_id("edit-told")).to_have_text("已保存")
    resource_id: str = page.url.rsplit("/", 1)[-1]
    return resource_id


async def _meanwhile(office: Office, resource_id: str) -> None:
    """The same draft in another window: what was typed here stays, and both wishes are shown."""
    page, other = office.teacher, await office.page("wang", f"/resources/mine/{resource_id}")
    await other.get_by_test_id("meta-grade").fill("五年级")
    await other.get_by_test_id("save-draft").click()
    await expect(other.get_by_test_id("edit-told")).to_have_text("已保存")
    await page.get_by_test_id("part-data").click()
    await page.get_by_test_id("meta-section").fill("第三单元")
    await page.get_by_test_id("save-draft").click()
    await expect(page.get_by_test_id("changed-grade")).to_contain_text("五年级")
    await page.get_by_test_id("save-draft").click()
    await expect(page.get_by_test_id("edit-told")).to_have_text("已保存")
    await expect(page.get_by_test_id("meta-grade")).to_have_value("五年级")
    await expect(page.get_by_test_id("meta-section")).to_have_value("第三单元")


async def _order_film(office: Office) -> None:
    """导出 MP4 is made by a job, while the teacher goes on."""
    page = office.teacher
    await page.get_by_test_id("film-open").click()
    await expect(page.get_by_test_id("film-box")).to_contain_text("大约需要")
    await office.inspector.look("film", page, "film-box")
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("film-box")).to_have_attribute(
        "data-state", re.compile("waiting|making|ready")
    )
    await _press(page, "Escape")
    await expect(page.get_by_test_id("film-box")).to_have_count(0)


async def _save_film(office: Office, resource_id: str, folder: Path) -> None:
    """The reviewer finds the film of the version that is published, and saves it."""
    admin = await office.page("ziyuan", f"/resources/reviews/{resource_id}")
    await admin.get_by_test_id("film-open").click()
    film = admin.get_by_test_id("film-box")
    await expect(film).to_have_attribute("data-state", "ready", timeout=EDITION_MS)
    await office.inspector.look("film-ready", admin, "film-box")
    async with admin.expect_download() as waiting:
        await admin.get_by_test_id("confirm-yes").click()
    saved = await waiting.value
    assert saved.suggested_filename == f"{TITLE}.mp4"
    await saved.save_as(folder / "film.mp4")
    with av.open(str(folder / "film.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.metadata["title"] == TITLE


async def _submit(office: Office) -> None:
    page = office.teacher
    await page.get_by_test_id("submit").click()
    await expect(page.get_by_test_id("confirm-yes")).to_be_disabled()  # without the pledge
    await office.inspector.look("submit", page, "submit-box")
    await page.get_by_test_id("pledge").check()
    await page.get_by_test_id("confirm-yes").click()
    await page.get_by_test_id("recall").wait_for()
    await page.get_by_test_id("part-data").click()
    await office.inspector.look("submitted", page, "part")  # read only, and longer than its place


async def _review(office: Office, resource_id: str) -> Page:
    """The resource admin rejects it with a mark; the teacher mends it; then it is passed."""
    admin = await office.page("ziyuan", "/resources/reviews")
    await office.inspector.look("queue", admin, "queue")
    await admin.get_by_test_id(f"review-{resource_id}").click()
    await office.inspector.look("review", admin, "verdict")
    await admin.get_by_test_id("add-mark").click()
    await admin.get_by_test_id("mark-0").fill("这里听不清")
    await admin.get_by_test_id("reject").click()  # without a reason
    await expect(admin.get_by_test_id("verdict-reason")).to_be_focused()
    await admin.get_by_test_id("verdict-reason").fill("请写教材版本")
    await admin.get_by_test_id("reject").click()
    await expect(admin.get_by_test_id("review-told")).to_contain_text("驳回")
    await expect(admin.get_by_test_id("next-up")).to_contain_text("待审核的都处理完了")

    page = office.teacher
    await page.reload()
    await expect(page.get_by_test_id("rejected")).to_contain_text("请写教材版本")
    await page.get_by_test_id("rejected").get_by_test_id("review-mark").click()
    await page.get_by_test_id("meta-edition").fill("教科版")
    await _submit(office)

    await admin.goto(f"{office.server.url}/resources/reviews/{resource_id}")
    await admin.get_by_test_id("pass").click()
    await admin.get_by_test_id("publish").click()
    await admin.get_by_test_id("scope-password").check()
    await expect(admin.get_by_test_id("confirm-yes")).to_be_disabled()
    await office.inspector.look("publish", admin, "publish-box")
    await admin.get_by_test_id("share-password").fill(PASSWORD)
    await admin.get_by_test_id("confirm-yes").click()
    await office.inspector.look("published", admin, "publication")
    # A password keeps neither the level above nor 优课 away.
    await expect(admin.get_by_test_id("recommend")).to_be_visible()
    await expect(admin.get_by_test_id("nominate")).to_be_visible()
    return admin


async def _starts_behind_the_trimmed(guest: Page, resource_id: str) -> None:
    """An edition begins there; while it is not made yet, the player passes over the start."""
    detail: dict[str, Any] = await guest.evaluate(DETAIL, resource_id)
    if not detail["keep"]:
        assert detail["recording_s"] == pytest.approx(detail["entry"]["duration_s"], abs=0.5)
        return
    (camera,) = (one for one in detail["sources"] if one["lead"] and one["kind"] == "camera")
    begins = camera["files"][0]["offset_s"]
    wanted = detail["keep"][0]["start_s"] - begins - 0.05
    await guest.wait_for_function(f"(wanted) => ({TIMES})()[0] >= wanted", arg=wanted)


async def _watch(office: Office, resource_id: str) -> Page:
    """A browser without a login finds it by initials, unlocks it, and plays over the cuts."""
    guest = await office.page(None, "/library?q=fldmm")
    await expect(guest.get_by_test_id(f"entry-{resource_id}")).to_contain_text("需密码")
    await office.inspector.look("library", guest, "library-list")
    await guest.get_by_test_id(f"entry-{resource_id}").click()
    await office.inspector.look("locked", guest, "unlock")
    await guest.get_by_test_id("unlock-password").fill("falsch")
    await _press(guest, "Enter")
    await guest.get_by_test_id("unlock-fault").wait_for()
    await guest.get_by_test_id("unlock-password").fill(PASSWORD)
    await _press(guest, "Enter")
    # It was cut, so it is played from its edition alone: the page opens by itself.
    await guest.get_by_test_id("player").wait_for(timeout=EDITION_MS)
    await office.inspector.look("watch", guest, "player")
    await _starts_behind_the_trimmed(guest, resource_id)
    await expect(guest.get_by_test_id("chapters")).to_contain_text("小结")
    await _press(guest, "Space")
    # Over the cut to the end, in the viewer's own time, which the trimmed parts do not lengthen.
    await expect(guest.get_by_test_id("position")).to_have_text(re.compile(r"^(\S+) / \1$"))
    assert (await guest.evaluate(TIMES))[2] > 0
    return guest


async def test_from_draft_to_withdrawal(office: Office, tmp_path: Path) -> None:
    resource_id = await _edit(office)
    await _meanwhile(office, resource_id)
    await _order_film(office)
    await _submit(office)
    admin = await _review(office, resource_id)
    guest = await _watch(office, resource_id)
    await _save_film(office, resource_id, tmp_path)
    await admin.goto(f"{office.server.url}/resources/published?scope=password")
    await office.inspector.look("published list", admin, "published")
    await admin.get_by_test_id(f"manage-{resource_id}").click()
    await admin.get_by_test_id("withdraw").click()
    await admin.get_by_test_id("withdraw-reason").select_option("copyright")
    await admin.get_by_test_id("confirm-yes").click()
    await expect(admin.get_by_test_id("publication")).to_contain_text("版权")
    await admin.get_by_label("返回列表").click()
    await expect(admin.get_by_test_id("published-clear")).to_be_visible()
    await guest.reload()
    await guest.get_by_test_id("watch-gone").wait_for()
    await guest.goto(f"{office.server.url}/library?q=fldmm")
    await guest.get_by_test_id("library-clear").wait_for()
    await office.inspector.look("nothing", guest, "library-search")
    assert office.inspector.wrong == {}
    assert [error for seat in office.seats for error in seat.errors] == []
