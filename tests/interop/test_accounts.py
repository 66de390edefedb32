"""An account in real Chromium: made, handed out as a slip, activated, given a role, in its branch.

The pages of 系统管理 are looked at by axe, and none of them needs a mouse.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page, expect

from tests.interop.test_accessibility import Inspector
from tests.support.browser import browsers
from tests.support.pages import sign_in
from tests.support.server import TongkeServer

FIRST = "Guanchao-1125"
SHOTS = os.environ.get("TONGKE_SHOTS")  # a folder for pictures of the pages
SIZES = ((1366, 768), (1920, 1080))


async def _picture(page: Page, name: str) -> None:
    """Keep pictures of a page in both sizes, where somebody wants to look at them."""
    if SHOTS is None:
        return
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")
    await page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})


async def _choose(page: Page, field: str, words: str) -> None:
    """Choose from a list of Element Plus by the keyboard."""
    await page.get_by_test_id(field).first.click()
    await page.keyboard.type(words)
    first = page.get_by_role("option").filter(visible=True).first
    await expect(first).to_contain_text(words)  # the list has been searched
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")


async def _make_account(page: Page, inspector: Inspector) -> tuple[str, str]:
    """Make an account at the centre school; its code, and the address of its QR code."""
    await page.get_by_test_id("nav-system").click()
    await page.get_by_test_id("accounts").wait_for()
    await inspector.look("accounts", page, "accounts")
    await _picture(page, "accounts")
    await page.get_by_test_id("accounts-create").click()
    await page.get_by_test_id("create-name").fill("林老师")
    await page.get_by_test_id("create-login").fill("linlaoshi")
    await _choose(page, "node-select", "青山中心")
    await inspector.look("new account", page, "create-submit")
    await _picture(page, "create")
    await page.get_by_test_id("create-submit").press("Enter")
    slip = page.get_by_test_id("slip")
    await slip.wait_for()
    await inspector.look("slips", page, "slip")
    await _picture(page, "slip")
    code = await page.get_by_test_id("slip-code").inner_text()
    url = await slip.get_by_role("img").get_attribute("aria-label")
    assert url is not None
    await page.get_by_test_id("slips-done").click()
    await expect(page.get_by_test_id("account-linlaoshi")).to_contain_text("待激活")
    return code, url


async def _activate(page: Page, url: str, inspector: Inspector) -> None:
    """Follow the QR code, and choose a first password."""
    await page.goto(url)
    await expect(page.get_by_test_id("activate-who")).to_contain_text("林老师")
    assert "#" not in page.url  # the code stays in no history
    await inspector.look("activate", page, "activate-who")
    await _picture(page, "activate")
    await page.get_by_test_id("password-fresh").fill("linlaoshi1A")
    await page.get_by_test_id("password-again").fill("linlaoshi1A")
    await expect(page.get_by_test_id("activate-submit")).to_be_disabled()
    await page.get_by_test_id("password-fresh").fill(FIRST)
    await page.get_by_test_id("password-again").fill(FIRST)
    await page.get_by_test_id("password-again").press("Enter")
    await expect(page.get_by_test_id("my-name")).to_contain_text("林老师")


async def test_an_account_from_the_slip_to_the_role(tmp_path: Path) -> None:
    inspector = Inspector()
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        admin, teacher = (await opened.seat()).page, (await opened.seat()).page
        await sign_in(admin, server.url, "xianguan")
        code, url = await _make_account(admin, inspector)
        await _activate(teacher, url, inspector)
        again = server.client()
        body = {"code": code, "password": FIRST}
        async with again.http.post(f"{server.url}/api/activation", json=body) as answer:
            assert answer.status == 404  # a code is used once

        # A teacher finds nothing of the administration. An admin of the school finds the school.
        await expect(teacher.get_by_test_id("nav-system")).to_have_count(0)
        await admin.get_by_test_id("menu-system-grants").click()
        await admin.get_by_test_id("grants-search").fill("linlaoshi")
        await admin.get_by_test_id("grants-search").press("Enter")
        row = admin.get_by_test_id("person-linlaoshi")
        await expect(admin.locator("[data-testid^=person-]")).to_have_count(1)
        await inspector.look("roles", admin, "grants")
        await row.get_by_test_id("grant-give").press("Enter")
        await _choose(admin, "give-role", "县级")
        await _choose(admin, "node-select", "青山中心")
        await inspector.look("give a role", admin, "give-submit")
        await _picture(admin, "give")
        await admin.get_by_test_id("give-submit").press("Enter")
        await expect(row.get_by_test_id("grant-county_admin")).to_contain_text("青山中心小学")
        await _picture(admin, "grants")
        await teacher.reload()
        await teacher.get_by_test_id("nav-system").click()
        accounts = teacher.locator("[data-testid^=account-]")
        await expect(teacher.get_by_test_id("account-wang")).to_be_visible()
        await expect(accounts.filter(has_text="李管理员")).to_have_count(0)

        # The role is taken back: the administration is gone at once.
        await row.get_by_test_id("grant-county_admin").get_by_test_id("grant-take").click()
        await admin.get_by_test_id("confirm-yes").click()
        await expect(row.get_by_test_id("grant-county_admin")).to_have_count(0)
        await teacher.reload()
        await expect(teacher.get_by_test_id("not-allowed")).to_be_visible()

        await admin.get_by_test_id("menu-system-audit").click()
        await expect(admin.get_by_test_id("audit")).to_contain_text("收回角色")
        await inspector.look("audit log", admin, "audit")
        await _picture(admin, "audit")
    assert inspector.wrong == {}


async def test_a_terminal_is_bound_by_the_code_that_it_shows(tmp_path: Path) -> None:
    inspector = Inspector()
    async with TongkeServer.start(tmp_path) as server, browsers() as opened:
        admin, kiosk = (await opened.seat()).page, (await opened.seat()).page
        await kiosk.goto(f"{server.url}/classroom")
        await kiosk.get_by_test_id("terminal-by-qr").click()
        shown = await kiosk.get_by_test_id("terminal-shown").inner_text()
        await inspector.look("kiosk's code", kiosk, "terminal-shown")
        await _picture(kiosk, "kiosk")
        await sign_in(admin, server.url, "xianguan")
        await admin.goto(f"{server.url}/system/terminals#confirm={shown.replace('-', '')}")
        await inspector.look("confirm a terminal", admin, "confirm-shanquan1")
        await _picture(admin, "confirm")
        await admin.get_by_test_id("confirm-shanquan1").press("Enter")
        await expect(admin.get_by_test_id("terminal-confirmed")).to_contain_text("山泉教学点")
        await expect(kiosk.get_by_test_id("room-name")).to_contain_text("山泉教学点")
        await admin.keyboard.press("Escape")
        await inspector.look("terminals", admin, "terminals")
        await admin.get_by_test_id("room-shanquan1").get_by_test_id("room-manage").press("Enter")
        await admin.get_by_test_id("make-code").click()
        await inspector.look("a room's terminals", admin, "binding-code")
        await _picture(admin, "terminals")
        await admin.get_by_test_id("unbind").first.click()
        await admin.get_by_test_id("confirm-yes").click()
        await expect(admin.get_by_test_id("terminal")).to_have_count(0)
    assert inspector.wrong == {}
