"""The main pages against the rules of axe-core (WCAG 2 A and AA), each with one main and one h1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.browser import browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import TongkeServer

AXE = Path(__file__).parents[2] / "web_client/node_modules/axe-core/axe.min.js"
# Of axe's "moderate" rules, the two that say where a page begins.
STRUCTURE = ("landmark-one-main", "page-has-heading-one")
CHECK = """async (structure) => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] })
  return violations
    .filter((one) => ['serious', 'critical'].includes(one.impact) || structure.includes(one.id))
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}`))
}"""
HEADINGS = "() => document.querySelectorAll('h1').length"


class Inspector:
    """Collects what is wrong, page by page."""

    def __init__(self) -> None:
        self.wrong: dict[str, Any] = {}

    async def look(self, name: str, page: Page, testid: str) -> None:
        """Check a page that shows this element, when its fading is over."""
        await page.get_by_test_id(testid).first.wait_for()
        await page.emulate_media(reduced_motion="reduce")
        await page.wait_for_timeout(900)  # what is not the state of a moment is shown after 700 ms
        if not await page.evaluate("() => 'axe' in window"):
            await page.evaluate(AXE.read_text())  # a script tag is refused by the page's CSP
        found = await page.evaluate(CHECK, list(STRUCTURE))
        headings = await page.evaluate(HEADINGS)
        if headings != 1:
            found.append(f"{headings} h1")
        if found:
            self.wrong[name] = found


async def test_no_main_page_breaks_a_serious_rule(tmp_path: Path) -> None:
    inspector = Inspector()
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        lesson = await lesson_open_now(await server.sign_in("wang"))
        seat = await opened.seat()
        page = seat.page
        await page.goto(f"{server.url}/login")
        await inspector.look("login", page, "login-account")
        await page.get_by_test_id("tab-terminal").click()
        await inspector.look("terminal login", page, "join-code")
        teacher = await TeacherSeat.sign_in(server, seat)
        await inspector.look("day", page, "create-lesson")
        await page.goto(f"{server.url}/library")
        await inspector.look("library", page, "library-search")
        await page.goto(f"{server.url}/nowhere")
        await inspector.look("not found", page, "nav-library")

        await page.goto(f"{server.url}/teacher/lessons/{lesson['lesson_id']}")
        await inspector.look("entrance", page, "open-lesson")
        await teacher.click("open-lesson")
        await inspector.look("device check", page, "device-ok")
        await teacher.click("device-ok")
        await inspector.look("ready", page, "start-lesson")
        room = await ClassroomSeat.arrive(server, opened, lesson, "shanquan1")
        await inspector.look("classroom: today", room.page, "today-card")
        await teacher.start_lesson()
        await room.enter()
        await inspector.look("classroom: lesson", room.page, "hand")
        await teacher.picture(f"video-{room.participant_id}")
        await teacher.click(f"stage-invite-{room.participant_id}")
        await inspector.look("live", page, "stage-video")
        await teacher.click("toggle-microphone")
        await inspector.look("live, unheard", page, "unheard")
        await teacher.click("end-lesson")
        await inspector.look("live, ending", page, "confirm-yes")
        await teacher.click("confirm-yes")
        await inspector.look("summary", page, "summary")
        await teacher.click("watch-recording")
        await inspector.look("recording", page, "player")
    assert inspector.wrong == {}
