"""People in front of pages that need no camera: one browser, a profile each."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, Page

from signaling.command.seed import DEMO_PASSWORD
from tests.support.browser import new_profile


async def sign_in(
    page: Page, url: str, login: str, path: str | None = None, password: str = DEMO_PASSWORD
) -> None:
    """Sign a person in, and wait until the header of the next page names that person.

    Args:
        page: of an empty profile.
        url: of the server.
        login: of the person.
        path: of the page that is wanted; None is where this person begins.
        password: of the person; the demo county has one for all.
    """
    following = "" if path is None else f"?next={quote(path)}"
    await page.goto(f"{url}/login{following}")
    await page.get_by_test_id("login-account").fill(login)
    await page.get_by_test_id("login-password").fill(password)
    await page.get_by_test_id("login-submit").click()
    await page.get_by_test_id("my-name").wait_for()


@dataclass
class Pages:
    """Opens pages, and keeps what they complained about."""

    url: str
    browser: Browser
    errors: list[str] = field(default_factory=list)
    _profiles: list[BrowserContext] = field(default_factory=list)

    async def page(self) -> Page:
        """A page with a profile of its own."""
        profile = await new_profile(self.browser, reduced_motion="reduce")
        self._profiles.append(profile)
        page = await profile.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def person(self, login: str, path: str, password: str = DEMO_PASSWORD) -> Page:
        """A page of somebody who signed in."""
        page = await self.page()
        await sign_in(page, self.url, login, path, password)
        return page

    async def close(self) -> None:
        """Close the pages that are open; others may be opened."""
        while self._profiles:
            await self._profiles.pop().close()
