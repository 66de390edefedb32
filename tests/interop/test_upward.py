"""推荐上级 and 专题 in real Chromium: a school's lesson goes up to the county and into a series."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import HERE, NEXT_DOOR, OURS, Stage, stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import Browsers, browsers
from tests.support.people import WAIT_MS
from tests.support.resources import shelve
from tests.support.two_counties import PASSWORD


@dataclass
class Office:
    """A school's published lesson, and browsers for whoever works on it."""

    at: Stage
    opened: Browsers
    inspector: Inspector

    async def page(self, login: str, path: str) -> Page:
        """A page of somebody who signed in."""
        page = (await self.opened.seat()).page
        page.set_default_timeout(WAIT_MS)
        await page.goto(f"{self.at.world.base}/login?next={path}")
        await page.get_by_test_id("login-account").fill(login)
        await page.get_by_test_id("login-password").fill(PASSWORD)
        await page.get_by_test_id("login-submit").click()
        return page


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with stage(tmp_path) as at, browsers() as opened:
        await at.published("school")
        yield Office(at, opened, Inspector())


async def test_a_lesson_goes_up_to_the_county(office: Office) -> None:
    at = office.at
    school = await office.page(
        HERE.person(Role.RESOURCE_ADMIN), f"/resources/reviews/{at.resource_id}"
    )
    await school.get_by_test_id("recommend").click()
    await school.get_by_test_id("recommend-note").fill("值得全县推广")
    await school.get_by_test_id("confirm-yes").click()
    step = school.get_by_test_id(f"step-{OURS.mark}")
    await expect(step).to_contain_text("初审中")
    county = await office.page(OURS.person(Role.RESOURCE_ADMIN), "/resources/reviews")
    await expect(county.get_by_test_id("to-recommended")).to_contain_text("1")
    await county.get_by_test_id("to-recommended").click()
    await expect(county.get_by_test_id("recommended")).to_contain_text("值得全县推广")
    await office.inspector.look("recommended", county, "recommended")
    await county.get_by_test_id(f"open-{at.resource_id}").click()
    await office.inspector.look("one recommendation", county, "verdict")
    await county.get_by_test_id("pass").click()
    await county.get_by_test_id("publish").click()
    await county.get_by_test_id("scope-branch").check()
    await county.get_by_test_id("confirm-yes").click()
    await expect(county.get_by_test_id(f"step-{OURS.mark}")).to_contain_text("已发布")
    neighbour = await office.page(NEXT_DOOR.teacher, "/library")
    await expect(neighbour.get_by_test_id(f"entry-{at.resource_id}")).to_be_visible()
    await at.withdraw(reason="copyright")
    await county.goto(f"{at.world.base}/resources/recommended")
    await county.get_by_test_id("recommended-withdrawn").click()
    await expect(county.get_by_test_id("recommended")).to_contain_text("下级已下架：版权问题")
    await neighbour.reload()
    await expect(neighbour.get_by_test_id(f"entry-{at.resource_id}")).to_have_count(0)
    assert office.inspector.wrong == {}


async def test_what_a_batch_refused_is_named_and_ticked_only_where_it_may_be_decided(
    office: Office,
) -> None:
    at = office.at
    await at.school_admin.call(
        "POST", f"{at.path}/recommendations", {"from_node_id": HERE.school, "version": 1}
    )
    county = await office.page(OURS.person(Role.RESOURCE_ADMIN), "/resources/recommended")
    await county.get_by_test_id("recommended-all").check()
    (waiting,) = (await at.county_admin.call("GET", "/api/recommendations"))["entries"]
    path = f"/api/recommendations/{waiting['reference_id']}/pass"
    await at.county_admin.call("POST", path, {"revision": waiting["revision"]})  # meanwhile
    await county.get_by_test_id("batch-reject").click()
    await expect(county.get_by_text("驳回理由（下级会看到）")).to_be_visible()
    await county.get_by_test_id("batch-reason").fill("请写教材版本")
    await county.get_by_test_id("confirm-yes").click()
    await expect(county.get_by_test_id("batch-refused")).to_contain_text("浮力的秘密")
    tick = county.get_by_test_id(f"pick-{at.resource_id}")
    await expect(tick).to_be_disabled()
    await expect(tick).not_to_be_checked()
    await office.inspector.look("refused", county, "batch-refused")
    assert office.inspector.wrong == {}


async def test_a_series_is_made_ordered_by_keys_and_played_through(office: Office) -> None:
    at, first = office.at, office.at.resource_id
    at.resource_id = second = await shelve(
        at.world.services, "second", teacher=HERE.teacher, room=HERE.room
    )
    await at.published("school")
    page = await office.page(HERE.teacher, "/library")
    await page.get_by_test_id(f"entry-{first}").hover()
    await page.get_by_test_id(f"add-{first}").click()
    await page.get_by_test_id("series-title").fill("浮力专题")
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("add-to-series")).to_have_count(0)
    await page.goto(f"{at.world.base}/resources/mine")
    await page.get_by_test_id(f"add-{second}").click()
    await expect(page.get_by_test_id("add-to-series")).to_contain_text("浮力专题")
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("add-to-series")).to_have_count(0)
    await page.goto(f"{at.world.base}/library/series")
    await page.get_by_test_id("series-list").get_by_role("link").click()
    entries = page.get_by_test_id("series-entries").get_by_role("listitem")
    await expect(entries.nth(0)).to_have_attribute("data-testid", f"lesson-{first}")
    await office.inspector.look("series", page, "series-entries")
    await page.get_by_test_id("series-order").click()
    await page.get_by_test_id(f"handle-{second}").press("ArrowUp")
    await expect(page.get_by_test_id(f"handle-{second}")).to_be_focused()
    await page.get_by_test_id("series-store").click()
    await expect(page.get_by_test_id("series-order")).to_be_visible()
    await page.reload()
    await expect(entries.nth(0)).to_have_attribute("data-testid", f"lesson-{second}")
    await entries.nth(0).get_by_role("link").click()
    await expect(page.get_by_test_id("series-strip")).to_contain_text("1/2")
    await page.get_by_test_id("series-after").click()
    await expect(page.get_by_test_id("series-strip")).to_contain_text("2/2")
    await expect(page.get_by_test_id("series-after")).to_have_count(0)
    assert page.url == f"{at.world.base}/library/{first}?series=" + page.url.rpartition("=")[2]
    assert office.inspector.wrong == {}


async def test_a_nomination_counts_in_the_coverage_of_its_school(office: Office) -> None:
    at = office.at
    page = await office.page(
        HERE.person(Role.RESOURCE_ADMIN), f"/resources/reviews/{at.resource_id}"
    )
    await page.get_by_test_id("nominate").click()
    await page.get_by_test_id("nominate-reason").fill("县级公开课")
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("nominations")).to_contain_text("县级公开课")
    await page.goto(f"{at.world.base}/resources/coverage")
    await page.get_by_test_id(f"school-{HERE.school}").click()
    await expect(page.get_by_test_id("coverage-teachers")).to_contain_text("浮力的秘密")
    await office.inspector.look("coverage", page, "coverage-teachers")
    await at.teacher.call("POST", f"/api/library/{at.resource_id}/uses", {"began": True})
    await at.world.services.resources.uses.write()
    await page.goto(f"{at.world.base}/resources/use")
    await page.get_by_test_id(f"line-{HERE.school}").click()
    await page.get_by_test_id(f"line-{HERE.teacher}").click()
    await expect(page.get_by_test_id("use")).to_contain_text("浮力的秘密")
    await office.inspector.look("use", page, "use")
    assert office.inspector.wrong == {}
