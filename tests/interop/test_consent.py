"""授权同意 in real Chromium: recorded by the keyboard, printed, withdrawn; axe on every page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from tests.interop.test_accessibility import Inspector
from tests.support.consents import PNG
from tests.support.planned_county import planned_county
from tests.support.timetable_pages import TimetablePages, timetable_pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)  # 10:00 in the county
CLASS = "shanquan-1"
LINE = f"consent-line-{CLASS}"
PAGE = re.compile(rb"/Type\s*/Page[^s]")
A4 = re.compile(rb"/MediaBox\s*\[0 0 59[45]\S* 84[12]\S*\]")  # points


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TimetablePages]:
    folder = tmp_path_factory.mktemp("consent")
    async with planned_county(folder, NOW) as county, timetable_pages(county) as opened:
        yield opened
    assert opened.errors == []


async def _record_by_keyboard(page: Page) -> None:
    """Open the form with Enter, leave the pupils out, mend that, and save with Enter."""
    await page.get_by_test_id(LINE).get_by_test_id("consent-edit").press("Enter")
    await expect(page.get_by_test_id("consent-given")).to_be_focused()
    await page.get_by_test_id("consent-save").press("Enter")
    await expect(page.get_by_test_id("consent-pupils")).to_be_focused()  # it is missing
    await page.keyboard.type("12")
    await page.get_by_test_id("consent-live").focus()
    await page.keyboard.press("Tab")  # to the chosen range
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("consent-widest-show_county")).to_be_checked()
    await page.get_by_test_id("consent-refusals").fill("2")
    await page.get_by_test_id("consent-remedy").select_option("off_camera")
    picked = FilePayload(name="同意书.png", mimeType="image/png", buffer=PNG)
    await page.get_by_test_id("file-input").set_input_files(picked)
    await expect(page.get_by_test_id("consent-pages")).to_contain_text("同意书.png")


async def test_an_assistant_records_a_consent_and_withdraws_it(pages: TimetablePages) -> None:
    inspector = Inspector()
    page = await pages.person("zhu", "/consent")
    row = page.get_by_test_id(LINE)
    await expect(row).to_contain_text("未登记")
    await inspector.look("list", page, LINE)
    await _record_by_keyboard(page)
    await inspector.look("form", page, "consent-save")
    await page.get_by_test_id("consent-save").press("Enter")
    await expect(page.get_by_test_id("consent-told")).to_contain_text("已登记")
    for words in ("已同意", "本县内展示", "2 人未同意 · 坐在镜头之外", "2030-01-17"):
        await expect(row).to_contain_text(words)
    await expect(row.locator(":focus")).to_have_count(1)  # the keyboard goes on here
    await page.get_by_test_id("consent-state-none").click()
    await expect(page.get_by_role("heading", name="没有符合条件的班级")).to_be_visible()
    await page.get_by_test_id("consent-state-all").click()
    await row.get_by_test_id("consent-withdraw").press("Enter")
    await expect(page.get_by_test_id("confirm-no")).to_be_focused()
    await expect(page.get_by_test_id("consent-effect")).to_contain_text("还没有录像")
    await inspector.look("withdrawal", page, "withdraw-on")
    await page.get_by_test_id("withdraw-reason").select_option("other")
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_text("请说明原因")).to_be_visible()
    await page.get_by_test_id("withdraw-note").fill("家长转学")
    await page.get_by_test_id("confirm-yes").click()
    await expect(row).to_contain_text("已撤回")
    await row.get_by_test_id("consent-edit").click()  # 重新登记
    await expect(page.get_by_test_id("consent-withdrawn-note")).to_contain_text("家长转学")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("consent-drawer")).to_be_hidden()
    assert inspector.wrong == {}


async def test_the_paper_is_on_a4_and_says_what_guardians_must_know(pages: TimetablePages) -> None:
    page = await pages.person("xianguan", "/consent")
    await page.get_by_test_id(LINE).wait_for()
    await page.add_init_script("window.print = () => {}")
    await page.goto(f"{pages.county.url}/consent/classes/{CLASS}/print")
    letter = page.get_by_test_id("consent-letter")
    for words in ("山泉教学点", "2026秋", "不同意", "随时撤回", "人脸识别"):
        await expect(letter).to_contain_text(words)
    inspector = Inspector()
    await inspector.look("paper", page, "consent-sheet")
    assert inspector.wrong == {}
    paper = await page.pdf(prefer_css_page_size=True)
    assert len(PAGE.findall(paper)) == len(A4.findall(paper)) >= 2


async def test_an_inspector_reads_and_nobody_without_a_part_enters(pages: TimetablePages) -> None:
    page = await pages.person("jiaoyan", "/consent")
    await expect(page.get_by_test_id(LINE)).to_be_visible()
    await expect(page.get_by_test_id("consent-withdraw")).to_have_count(0)
    await page.get_by_test_id("consent-export").click()
    await expect(page.get_by_test_id("job-progress").first).to_be_visible()
