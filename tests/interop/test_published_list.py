"""已发布, 字幕设置 and the player in real Chromium: what was left, counted, and in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from signaling.access.roles import Role
from signaling.library.captions.wire import MAX_CAPTION_WORDS
from tests.integration.signaling.library.resource_acts import HERE, stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium
from tests.support.pages import Pages, sign_in
from tests.support.resources import shelve
from tests.support.two_counties import OURS, PASSWORD

pytestmark = pytest.mark.asyncio
PICTURES = os.environ.get("TONGKE_PICTURES")  # a folder for pictures of the pages

_PASTE = "(field, text) => { field.value = text; field.dispatchEvent(new Event('input')) }"


async def _picture(page: Page, name: str) -> None:
    if PICTURES is not None:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def test_what_a_withdrawal_of_many_left_is_named(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        await at.published("school")
        first = at.path
        at.resource_id = await shelve(
            at.world.services, "second", teacher=HERE.teacher, room=HERE.room
        )
        await at.published("school")
        pages, inspector = Pages(at.world.client().base, browser), Inspector()
        admin = HERE.person(Role.RESOURCE_ADMIN)
        page = await pages.person(admin, "/resources/published", PASSWORD)
        await page.get_by_test_id("published-all").check()
        await expect(page.get_by_test_id("batch-chosen")).to_have_text("已选 2 个")
        await at.school_admin.call("POST", f"{first}/withdraw", {"reason": "outdated"})  # meanwhile
        await page.get_by_test_id("batch-withdraw").click()
        await page.get_by_test_id("withdraw-reason").select_option("outdated")
        await page.get_by_test_id("confirm-yes").click()
        await expect(page.get_by_test_id("queue-told")).to_have_text("已处理 1 个。")
        await expect(page.get_by_test_id("batch-refused")).to_contain_text("浮力的秘密")
        await inspector.look("published", page, "batch-refused")
        await _picture(page, "published-batch")
        assert inspector.wrong == {}


async def test_words_are_counted_as_they_are_pasted(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        policy = {"node_id": HERE.school, "version": 0, "automatic": True, "words": ["浮力"]}
        await at.operator.call("PUT", "/api/caption-policies", policy)
        pages, inspector = Pages(at.world.client().base, browser), Inspector()
        page = await pages.person(OURS.person(Role.COUNTY_ADMIN), "/resources/policies", PASSWORD)
        await page.get_by_test_id("caption-policies").get_by_role("button", name="修改").click()
        count = page.get_by_test_id("caption-words-count")
        await expect(count).to_have_text(f"现在有 1 个词语，最多 {MAX_CAPTION_WORDS} 个。")
        await _picture(page, "caption-words")
        words = page.get_by_test_id("caption-words")
        many = "\n".join(f"词语{number}" for number in range(2000))
        await words.evaluate(_PASTE, many)  # Chromium types so many lines in minutes
        problem = page.get_by_test_id("caption-words-problem")
        await expect(problem).to_contain_text("现在有 2000 个，请删去 1800 个")
        await expect(page.get_by_test_id("caption-policy-set")).to_be_disabled()
        await _picture(page, "caption-words-many")
        await words.fill("长" * 41)
        await expect(problem).to_contain_text("一个词语最多 40 个字")
        await inspector.look("words", page, "caption-policies")
        await words.fill("浮力，密度、压强")
        await expect(count).to_contain_text("现在有 3 个词语")
        await page.get_by_test_id("caption-policy-set").click()
        await expect(page.get_by_test_id("caption-policies")).to_contain_text("密度")
        assert inspector.wrong == {}


async def test_a_dialog_begins_without_the_fault_of_the_one_before(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        await at.published("password", password="六位以上的密码")
        pages = Pages(at.world.client().base, browser)
        admin = HERE.person(Role.RESOURCE_ADMIN)
        page = await pages.person(admin, f"/resources/reviews/{at.resource_id}", PASSWORD)
        await page.route("**/publication", lambda route: route.abort())
        await page.get_by_test_id("publication-change").click()
        await page.get_by_test_id("confirm-yes").click()
        await expect(page.get_by_test_id("publish-box").get_by_role("alert")).to_be_visible()
        await page.get_by_test_id("confirm-no").click()
        await page.get_by_test_id("withdraw").click()
        await expect(page.get_by_test_id("withdraw-box")).to_be_visible()
        await expect(page.get_by_test_id("withdraw-box").get_by_role("alert")).to_have_count(0)
        await page.get_by_test_id("confirm-no").click()
        await page.get_by_test_id("recommend").click()
        await expect(page.get_by_test_id("ask-password")).to_be_visible()
        await _picture(page, "recommend-password")


async def test_courseware_that_begins_a_moment_late_has_its_place_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        await at.published("school")
        pages = Pages(at.world.client().base, browser)

        async def late(route: Route) -> None:
            answer = await route.fetch()
            detail = await answer.json()
            (courseware,) = (one for one in detail["sources"] if one["kind"] == "courseware")
            courseware["files"] = [one | {"offset_s": 0.04} for one in courseware["files"]]
            await route.fulfill(response=answer, json=detail)

        page = await pages.page()
        await page.route(f"**/api/library/{at.resource_id}", late)
        await sign_in(page, pages.url, HERE.teacher, f"/library/{at.resource_id}", PASSWORD)
        await expect(page.locator(".panes--courseware.panes--show-both")).to_be_visible()
        await expect(page.get_by_text("此时没有课件")).to_have_count(0)
        await _picture(page, "courseware-late")
