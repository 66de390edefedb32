"""A county in which nothing is: the pages lead from the first admin to the first lesson."""

import asyncio
import os
import sys
from pathlib import Path

from playwright.async_api import Page, expect

from load_tests.server import REPOSITORY, ServerProcess
from tests.support.browser import Browsers, browsers
from tests.support.pages import sign_in

PASSWORD = "a long password"
COUNTY = f"""
[county]
name = "青山县"
[[schools]]
id = "center"
name = "青山中心小学"
kind = "center_school"
rooms = [{{ id = "center-1", name = "录播教室" }}]
[[people]]
login = "zhou"
name = "周老师"
roles = ["lead_teacher"]
school = "center"
password = "{PASSWORD}"
"""
POINT = """
[[schools]]
id = "shanquan"
name = "山泉教学点"
kind = "teaching_point"
rooms = [{ id = "shanquan-1", name = "一年级教室" }]
"""


async def _tongke(server: ServerProcess, *words: str) -> None:
    command = (sys.executable, "-m", "signaling", *words, f"--data={server.data_dir}")
    environment = {**os.environ, "TONGKE_NEW_PASSWORD": PASSWORD}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=REPOSITORY, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


async def _import(server: ServerProcess, text: str) -> None:
    file = Path(server.data_dir) / "county.toml"
    file.write_text(text)
    await _tongke(server, "import", str(file))


async def _sign_in(server: ServerProcess, opened: Browsers, login: str) -> Page:
    page = (await opened.seat()).page
    await sign_in(page, server.base_url, login, password=PASSWORD)
    return page


async def test_an_empty_county_leads_to_its_first_lesson() -> None:
    async with ServerProcess(seeded=False) as server, browsers() as opened:
        await _tongke(server, "create-admin", "root", "--name=李管理员")
        admin = await _sign_in(server, opened, "root")
        steps = admin.get_by_test_id("first-steps")
        await expect(steps).to_contain_text("tongke import county.toml")
        await expect(steps).to_contain_text(f"{server.base_url}/classroom")
        # Nobody could hold a lesson, so none is offered.
        await expect(admin.get_by_test_id("create-lesson")).to_have_count(0)

        await _import(server, COUNTY)
        await expect(steps).to_contain_text("还没有听课教室")
        await expect(admin.get_by_test_id("first-counts")).to_contain_text("主讲教师 1 位")
        teacher = await _sign_in(server, opened, "zhou")
        await expect(teacher.locator(".state__hint")).to_contain_text("请联系县级管理员")

        await _import(server, POINT)
        # Both pages follow by themselves.
        await expect(steps).to_have_count(0)
        await expect(admin.get_by_test_id("create-first")).to_be_visible()
        await teacher.get_by_test_id("create-first").click()
        await expect(teacher.get_by_test_id("create-title")).to_be_visible()
