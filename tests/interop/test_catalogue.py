"""The textbook catalogue, the tree and other libraries in real Chromium, beside sixty resources."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from playwright.async_api import Page, expect

from load_tests.search.filling import resource_rows
from load_tests.search.made import Record
from signaling.base.database import Database
from signaling.command import seed
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.harvests.tables import FederatedRecordRow, HarvestSourceRow
from signaling.library.indexing import index_of, put
from signaling.library.tables import ResourceRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceMetadata, Stage
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium
from tests.support.pages import Pages
from tests.support.server import TongkeServer
from tests.unit.signaling.catalogue.test_reading import tag

SHOTS = os.environ.get("TONGKE_SHOTS")  # a folder for pictures of the pages
SIZES = ((1366, 768), (1920, 1080))
RESOURCES = 60
CHAPTERS = tuple(f"第{one}单元" for one in "一二三四五六七八")
GRADES = ("一年级", "二年级", "三年级")
AT = datetime(2026, 9, 1, tzinfo=UTC)


async def _picture(page: Page, name: str) -> None:
    if SHOTS is None:
        return
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")
    await page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})


def _record(number: int) -> Record:
    return Record(
        number=number,
        title=f"小小的船 {number}",
        teacher="单老师",
        teacher_id="teacher-wang",
        school="青山中心小学",
        school_id=seed.CENTER_SCHOOL,
        county_id=seed.COUNTY[0],
        subject=("语文", "数学", "音乐")[number % 3],
        stage=Stage.PRIMARY,
        grade=GRADES[number % 2],
        edition="统编版",
        volume="上册",
        section=CHAPTERS[number % 8],
        keywords=("阅读",),
        started_at=AT + timedelta(minutes=number),
    )


async def _fill(database: Database) -> None:
    """Publish resources, and put records of two other libraries beside them."""
    index = index_of(database)
    async with database.write() as session:
        for number in range(RESOURCES):
            one = _record(number)
            meta = ResourceMetadata(
                one.title, subject=one.subject, stage=Stage(one.stage), grade=one.grade,
                edition=one.edition, volume=one.volume, section=one.section,
                teacher_name=one.teacher, school_name=one.school,
            )  # fmt: skip
            rows = resource_rows(one, meta)
            resource = ResourceRow(**rows[0])
            session.add(resource)
            await session.flush()
            session.add_all([ResourceVersionRow(**rows[1]), PublicationRow(**rows[2])])
            await session.flush()
            await put(index, session, resource)
        for place, name in enumerate(("绿水县资源库", "市名师优课")):
            session.add(_source(name, place))
            await session.flush()
            session.add_all([_federated(name, number) for number in range(6)])


def _source(name: str, place: int) -> HarvestSourceRow:
    return HarvestSourceRow(
        source_id=name, county_id=seed.COUNTY[0], name=name, url=f"https://x{place}.example/oai",
        set_spec="", prefix="lom", by_day=False, since=AT, began=None, token="", pages=0,
        restarts=0, version=1, job_id=None, problem="harvest_unreachable" if place else "",
        failures=0, due_at=AT + timedelta(days=3650), paused=False, place=place, harvested_at=AT,
        created_at=AT, removed_at=None,
    )  # fmt: skip


def _federated(source: str, number: int) -> FederatedRecordRow:
    page_url = f"https://library.example/{number}" if number else "javascript:alert(1)"
    metadata = SharedMetadata(title=f"草船借箭 {number}", subject="语文", page_url=page_url)
    return FederatedRecordRow(
        source_id=source, identifier=f"{source}-{number}", datestamp=AT, deleted=False,
        words=metadata.title, metadata_json=msgspec.json.encode(metadata).decode(),
    )  # fmt: skip


def _file(folder: Path) -> Path:
    grades = [tag(grade, tag("上册", *map(tag, CHAPTERS))) for grade in GRADES]
    tree = tag("教材", tag("小学", tag("语文", tag("统编版", *grades))))
    path = folder / "目录.json"
    path.write_text(json.dumps(tree, ensure_ascii=False), "utf-8")
    return path


async def _import(page: Page, inspector: Inspector, file: Path) -> None:
    await page.get_by_test_id("catalogue-books").wait_for()
    await _picture(page, "catalogue-empty")
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.get_by_test_id("catalogue-count-new")).to_have_text("27")
    await expect(page.get_by_test_id("catalogue-chapters")).to_have_text("0")
    await inspector.look("catalogue", page, "catalogue-outcome")
    await _picture(page, "catalogue-tried")
    await page.get_by_test_id("catalogue-apply").click()
    await expect(page.get_by_test_id("catalogue-chapters")).to_have_text("24")
    await _picture(page, "catalogue-done")


async def _find(page: Page, inspector: Inspector) -> None:
    """Go down the tree by keys, to a chapter; the address keeps it."""
    tree = page.get_by_role("tree")
    await tree.wait_for()
    await page.get_by_test_id("federated").wait_for()
    await inspector.look("library", page, "textbook-tree")
    await _picture(page, "library-60")
    first = page.get_by_test_id("tree-primary")
    await expect(first).to_contain_text(str(RESOURCES))
    await first.focus()
    path = "tree-primary"
    for name in ("语文", "统编版", "一年级", "上册", "第一单元"):
        await page.keyboard.press("ArrowRight")  # opens
        path += f"/{name}"
        await page.get_by_test_id(path).wait_for()
        await page.keyboard.press("ArrowRight")  # goes down
        await expect(page.get_by_test_id(path)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("chosen-section")).to_contain_text("第一单元")
    await expect(page.get_by_test_id("library-list").locator("a")).to_have_count(3)
    await _picture(page, "library-chapter")
    await page.get_by_test_id("library-search").fill("xxdc")
    await expect(page.locator("mark").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("library-list").locator("a")).to_have_count(3)
    await expect(page.get_by_test_id(path)).to_have_attribute("aria-selected", "true")
    await page.get_by_test_id("chosen-section").click()
    await expect(page.get_by_test_id("chosen-section")).to_have_count(0)


async def _others(page: Page) -> None:
    """Records of other libraries stand by library, and link to the Web only."""
    groups = page.get_by_test_id("federated").locator("h3")
    await expect(groups).to_have_text(["来自 绿水县资源库", "来自 市名师优课"])
    await expect(page.get_by_test_id("federated").locator("li")).to_have_count(12)
    await expect(page.get_by_test_id("federated").locator("a")).to_have_count(10)


async def _harvests(page: Page, inspector: Inspector) -> None:
    await page.get_by_test_id("harvest-sources").wait_for()
    await inspector.look("harvests", page, "harvest-sources")
    await _picture(page, "harvests")
    rows = page.get_by_test_id("harvest-sources").locator("tbody tr")
    await rows.nth(1).get_by_role("button", name="上移").click()
    await expect(rows.nth(0)).to_contain_text("市名师优课")
    await rows.nth(0).get_by_test_id("harvest-pause").click()
    await expect(rows.nth(0)).to_contain_text("已暂停")
    await page.get_by_test_id("harvest-new").click()
    await page.get_by_test_id("harvest-name").fill("邻县资源库")
    await page.get_by_test_id("harvest-url").fill("https://neighbour.example/oai?x=1")
    await page.get_by_test_id("harvest-add").click()
    await page.get_by_test_id("harvest-fault").wait_for()
    await _picture(page, "harvest-refused")
    await page.get_by_test_id("harvest-url").fill("https://neighbour.example/oai")
    await page.get_by_test_id("harvest-add").click()
    await expect(rows).to_have_count(3)


async def test_chapters_are_imported_and_resources_found_by_the_tree(tmp_path: Path) -> None:
    async with TongkeServer.start(tmp_path) as server, chromium() as browser:
        database = Database(f"sqlite+aiosqlite:///{server.data / 'tongke.db'}")
        try:
            await _fill(database)
        finally:
            await database.close()
        pages, inspector = Pages(server.url, browser), Inspector()
        admin = await pages.person("xianguan", "/resources/catalogue")
        await _import(admin, inspector, _file(tmp_path))
        await admin.goto(f"{server.url}/library")
        await _others(admin)
        await _find(admin, inspector)
        await admin.goto(f"{server.url}/resources/harvests")
        await _harvests(admin, inspector)
        await pages.close()
        assert pages.errors == []
        assert inspector.wrong == {}
