"""保存与删除 and 分享 in real Chromium: a rule, the list, a hold; a link that a guest follows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import stage
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
