"""The demo county with its ledger, served in this process, and people in front of its pages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from recorder.api import LessonFacts
from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.command.demo.seeding import seed_county
from signaling.command.seed import DEMO_PASSWORD
from signaling.command.work import job_kinds
from signaling.directory.tables import ROOT_NODE
from signaling.wiring import Services
from tests.support.browser import chromium
from tests.support.jobs import carry_out_jobs
from tests.support.pages import Pages
from tests.support.server import Client
from tests.support.services import ManualClock, running_services, serving

NATIONAL = "quanguo"  # the login of a researcher who sees every county
FAR_COUNTY = "county-far"


class LedgerPages(Pages):
    """The county, its browser, and what its pages complained about."""

    def __init__(self, services: Services, url: str, browser: Browser, admin: Client) -> None:
        super().__init__(url, browser)
        self.services = services
        self.admin = admin

    async def get(self, path: str) -> Any:
        """What the county's operator is answered."""
        return await self.admin.call("GET", f"/api/ledger/{path}")

    async def page(self) -> Page:
        """A page on which nobody is asked how to print."""
        page = await super().page()
        await page.add_init_script("window.print = () => {}")  # it would wait for somebody
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
        browser = await stack.enter_async_context(chromium())
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
