"""The demo county with its ledger, served in this process, and people in front of its pages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from playwright.async_api import Browser, Page, async_playwright

from load_tests.chromium import ARGUMENTS
from recorder.api import LessonFacts
from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.command.demo.seeding import seed_county
from signaling.command.seed import DEMO_PASSWORD
from signaling.command.work import job_kinds
from signaling.directory.tables import ROOT_NODE
from signaling.wiring import Services
from tests.support.browser import CHROMIUM
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client
from tests.support.services import ManualClock, running_services, serving

WAIT_MS = 20_000
NATIONAL = "quanguo"  # the login of a researcher who sees every county
FAR_COUNTY = "county-far"


@dataclass
class LedgerPages:
    """The county, its browser, and what its pages complained about."""

    services: Services
    url: str
    browser: Browser
    admin: Client
    errors: list[str] = field(default_factory=list)

    async def get(self, path: str) -> Any:
        """What the county's operator is answered."""
        return await self.admin.call("GET", f"/api/ledger/{path}")

    async def person(self, login: str, path: str) -> Page:
        """A page of somebody who signed in, in a profile of its own."""
        context = await self.browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", reduced_motion="reduce"
        )
        context.set_default_timeout(WAIT_MS)
        await context.add_init_script("window.print = () => {}")  # it would wait for somebody
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(f"{self.url}/login?next={quote(path)}")
        await page.get_by_test_id("login-account").fill(login)
        await page.get_by_test_id("login-password").fill(DEMO_PASSWORD)
        await page.get_by_test_id("login-submit").click()
        return page

    async def carry_out(self) -> None:
        """Carry out the jobs that wait."""
        await carry_out_jobs(self.services, job_kinds(self.services.config))


@asynccontextmanager
async def ledger_pages(data: Path, now: datetime) -> AsyncIterator[LedgerPages]:
    """The demo county at a time, a second county without lessons, and a browser."""
    settings = {"http_host": "127.0.0.1", "http_port": 0}
    async with contextlib.AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            running_services(data, ManualClock(now), seeded=False, **settings)
        )
        await seed_county(services, _no_copy, DEMO_PASSWORD)
        await _second_county(services)
        http = await stack.enter_async_context(serving(services))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        )
        admin = Client(http.url, session)
        await admin.login("xianguan")
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        stack.push_async_callback(browser.close)
        yield LedgerPages(services, http.url, browser, admin)


async def _no_copy(clip: bytes, recording_id: str, facts: LessonFacts, at: float) -> None:
    """Keep no recording: the ledger needs none."""


async def _second_county(services: Services) -> None:
    people = services.people
    password = await services.passwords.hash(DEMO_PASSWORD)
    async with services.audit.work(SYSTEM, "test") as work:  # type: ignore[arg-type]
        await people.add_county(work, FAR_COUNTY, "远山县")
        await people.add_person(
            work,
            person_id="researcher-national",
            login=NATIONAL,
            name="国家教研员",
            password_hash=password,
            roles=(Role.RESEARCHER,),
            node_id=ROOT_NODE,
        )
