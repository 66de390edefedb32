"""保存期限 of one resource in Chromium: its owner, its operator, and one that no rule names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium
from tests.support.pages import Pages
from tests.support.resources import shelve
from tests.support.two_counties import OURS, PASSWORD

pytestmark = pytest.mark.asyncio
HERE, NEXT_DOOR = OURS.school(1), OURS.school(2)
SHOTS = os.environ.get("TONGKE_PICTURES")  # a folder for pictures of the pages


async def _shot(page: Page, name: str) -> None:
    if SHOTS is None:
        return
    for width, height in ((1366, 768), (1920, 1080)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(500)  # a picture is taken of what has settled
        await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")
    await page.set_viewport_size({"width": 1366, "height": 768})


async def test_an_operator_finds_holds_and_deletes_what_no_rule_names(tmp_path: Path) -> None:
    inspector = Inspector()
    async with stage(tmp_path) as at, chromium() as browser:
        base = at.world.client().base
        pages = Pages(base, browser)
        admin = OURS.person(Role.COUNTY_ADMIN)
        page = await pages.person(admin, "/resources/retention", password=PASSWORD)
        await expect(page.get_by_text("没有将要删除的资源")).to_be_visible()
        await _shot(page, "due-0")
        await page.get_by_test_id("retention-find").click()
        await _shot(page, "find-0")
        await page.get_by_test_id("find-words").fill("没有这样的")
        await expect(page.get_by_text("没有找到标题含")).to_be_visible()
        await page.get_by_test_id("find-words").fill("课")
        row = page.get_by_test_id(f"found-{at.resource_id}")
        await expect(row).to_contain_text("未发布")
        await inspector.look("find", page, "found-resources")
        await _shot(page, "find-1")
        await row.get_by_role("link").click()
        await expect(page.get_by_test_id("retention-when")).to_contain_text("没有单位为这类资源")
        await inspector.look("one", page, "retention-card")
        await _shot(page, "one-no-rule")

        await page.get_by_test_id("one-hold").click()
        await page.get_by_test_id("retention-why").fill("家长申诉")
        await page.get_by_test_id("confirm-yes").click()
        await expect(page.get_by_test_id("retention-hold")).to_contain_text("家长申诉")
        await expect(page.get_by_test_id("retention-remove")).to_contain_text("需要先解除保留")
        await expect(page.get_by_test_id("one-remove")).to_have_count(0)
        await _shot(page, "one-held")
        body = {"node_id": HERE.school, "kind": "unpublished_recording", "choice": "delete"}
        await at.operator.call("PUT", "/api/retention-rules", body | {"days": 40})
        await page.reload()
        await expect(page.get_by_test_id("retention-when")).to_contain_text("到期也不会删除")
        await page.get_by_test_id("one-hold").click()
        await page.get_by_test_id("retention-why").fill("已答复")
        await page.get_by_test_id("confirm-yes").click()
        await expect(page.get_by_test_id("retention-hold")).to_contain_text("没有法定保留")
        await expect(page.get_by_test_id("retention-when")).to_contain_text(f"{HERE.school} 的规则")
        await _shot(page, "one-due")

        teacher = await pages.person(
            HERE.teacher, f"/resources/mine/{at.resource_id}", password=PASSWORD
        )
        await teacher.get_by_test_id("part-kept").click()
        await expect(teacher.get_by_test_id("retention-when")).to_contain_text("到期")
        await expect(teacher.get_by_test_id("one-hold")).to_have_count(0)
        await inspector.look("the owner's", teacher, "retention-card")
        await _shot(teacher, "edit-kept")

        await page.get_by_test_id("one-remove").click()
        await expect(page.get_by_test_id("confirm-yes")).to_be_disabled()  # without a reason
        await page.get_by_test_id("retention-why").fill("误录")
        await _shot(page, "one-remove")
        await page.get_by_test_id("confirm-yes").click()
        await expect(page.get_by_text("已删除：课")).to_be_visible()
        await _shot(page, "one-gone")
        await teacher.reload()
        await expect(teacher.get_by_text("资源已删除")).to_be_visible()
    assert inspector.wrong == {}


async def test_an_operator_of_many_schools_sees_one_of_them(tmp_path: Path) -> None:
    inspector = Inspector()
    async with stage(tmp_path) as at, chromium() as browser:
        for number in range(60):
            place = NEXT_DOOR if number < 59 else HERE
            await shelve(
                at.world.services,
                f"many-{number}",
                teacher=place.teacher,
                room=place.room,
                title=f"浮力的秘密（第{number + 1}课时）",
                minutes=number,
            )
        body = {"node_id": OURS.mark, "kind": "unpublished_recording", "choice": "delete"}
        await at.operator.call("PUT", "/api/retention-rules", body | {"days": 40})
        pages = Pages(at.world.client().base, browser)
        admin = OURS.person(Role.COUNTY_ADMIN)
        page = await pages.person(admin, "/resources/retention", password=PASSWORD)
        rows = page.get_by_test_id("due-deletions").locator("tbody tr")
        await rows.first.wait_for()
        await inspector.look("due", page, "due-deletions")
        await _shot(page, "due-60")
        box = page.get_by_test_id("due-node")
        await box.locator("input").fill(HERE.school)
        await page.get_by_role("option", name=HERE.school).click()
        await expect(rows).to_have_count(2)
        for row in await rows.all():
            await expect(row).to_contain_text(HERE.school)
        await _shot(page, "due-of-a-school")
        await page.get_by_test_id("retention-find").click()
        await page.get_by_test_id("find-words").fill("浮力")
        await expect(page.get_by_text("只显示最近的 50 个")).to_be_visible()
        await _shot(page, "find-60")
    assert inspector.wrong == {}
