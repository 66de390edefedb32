"""保存与删除, 分享 and 字幕 in real Chromium: a hold, a link, an imported file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium
from tests.support.pages import Pages, sign_in
from tests.support.two_counties import OURS, PASSWORD

pytestmark = pytest.mark.asyncio
HERE = OURS.school(1)
PICTURES = os.environ.get("TONGKE_PICTURES")  # a folder for pictures of the pages


async def _picture(page: object, name: str) -> None:
    if PICTURES is not None:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")  # type: ignore[attr-defined]


async def test_an_operator_holds_and_a_guest_follows_a_link(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        await at.published("school")
        made = await at.teacher.call("POST", f"{at.path}/share-links", {"days": 7, "note": "家长"})
        base = at.world.client().base
        guest = await browser.new_page(viewport={"width": 1366, "height": 768})
        await guest.goto(f"{base}/library/{at.resource_id}#s={made['token']}")
        await expect(guest.get_by_test_id("share-here")).to_be_visible()
        await _picture(guest, "watch")
        wrong = await browser.new_page(viewport={"width": 1366, "height": 768})
        await wrong.goto(f"{base}/library/{at.resource_id}#s=wrong")
        await expect(wrong.get_by_text("这个分享链接不正确")).to_be_visible()
        await _picture(wrong, "wrong")
        await at.withdraw()
        body = {"node_id": HERE.school, "kind": "withdrawn", "choice": "delete", "days": 30}
        await at.operator.call("PUT", "/api/retention-rules", body)
        pages = Pages(base, browser)
        page = await pages.page()
        admin = OURS.person(Role.COUNTY_ADMIN)
        await sign_in(page, base, admin, "/resources/retention", PASSWORD)
        row = page.get_by_test_id(f"due-{at.resource_id}")
        await expect(row).to_contain_text("已下架的资源")
        await _picture(page, "due")
        await row.get_by_test_id("due-hold").click()
        await page.get_by_test_id("retention-why").fill("家长投诉")
        await _picture(page, "hold")
        await page.get_by_test_id("confirm-yes").click()
        await expect(row).to_contain_text("保留")
        await page.get_by_test_id("retention-rules").click()
        await expect(page.get_by_test_id("rule-set")).to_be_visible()
        await _picture(page, "rules")


SRT = """1
00:00:01,000 --> 00:00:09,000
<b>同学们好</b>

2
00:00:10,000 --> 00:00:12,000
再见
"""
HOSTILE = "<img src=x onerror=document.title='taken'>"


async def test_captions_are_imported_corrected_and_shown_as_text(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, chromium() as browser:
        at.world.services.resources.captions.installed = False
        base, inspector = at.world.client().base, Inspector()
        page = await Pages(base, browser).page()
        await sign_in(page, base, HERE.teacher, f"/resources/mine/{at.resource_id}", PASSWORD)
        await page.get_by_test_id("part-captions").click()
        await expect(page.get_by_test_id("captions-not-installed")).to_be_visible()
        await expect(page.get_by_test_id("captions-none")).to_be_visible()
        await _picture(page, "captions-none")
        file = {"name": "a.srt", "mimeType": "text/plain", "buffer": SRT.encode("gb18030")}
        await page.get_by_test_id("caption-file").set_input_files([file])  # type: ignore[list-item]
        texts = page.get_by_test_id("caption-text")
        await expect(texts).to_have_count(2)
        await expect(texts.first).to_have_value("同学们好")
        await texts.first.fill(HOSTILE)
        await page.get_by_test_id("captions-save").click()
        await expect(page.get_by_test_id("captions-told")).to_have_text("字幕已保存")
        await page.get_by_label("跳到 0:01").click()
        await expect(page.get_by_test_id("captions")).to_have_text(HOSTILE)
        await inspector.look("captions", page, "caption-box")
        await _picture(page, "captions")
        await page.set_viewport_size({"width": 1920, "height": 1080})
        await _picture(page, "captions-1920")
        await page.reload()
        await page.get_by_test_id("part-captions").click()
        await page.get_by_test_id("caption-find").fill("再见")
        await expect(texts).to_have_count(1)
        assert "taken" not in await page.title()
        assert inspector.wrong == {}
        policy = {"node_id": HERE.school, "version": 0, "automatic": True, "words": ["浮力"]}
        await at.operator.call("PUT", "/api/caption-policies", policy)
        admin = await Pages(base, browser).page()
        county = OURS.person(Role.COUNTY_ADMIN)
        await sign_in(admin, base, county, "/resources/policies", PASSWORD)
        policies = admin.get_by_test_id("caption-policies")
        await policies.get_by_role("button", name="修改").click()
        await expect(admin.get_by_test_id("caption-words")).to_be_focused()
        await expect(admin.get_by_test_id("caption-words")).to_have_value("浮力")
        await _picture(admin, "caption-policies")
