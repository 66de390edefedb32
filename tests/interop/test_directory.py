"""基础数据 in real Chromium: kept by the keyboard, by two people at once, and by Excel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from signaling.files.workbooks.reading import read_workbook
from signaling.files.workbooks.writing import Column, Table, write_workbook
from tests.interop.test_accessibility import Inspector
from tests.support.browser import chromium
from tests.support.pages import Pages
from tests.support.server import TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one server and one browser for all

NOUNS = ("nodes", "schools", "rooms", "classes", "teachers", "subjects", "pairings")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class DirectoryPages(Pages):
    """Pages of the server's people."""

    server: TongkeServer = field(kw_only=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[DirectoryPages]:
    folder = tmp_path_factory.mktemp("directory")
    async with TongkeServer.start(folder) as server, chromium() as browser:
        yield DirectoryPages(server.url, browser, server=server)


@pytest_asyncio.fixture(loop_scope="module")
async def pages(shared_pages: DirectoryPages) -> AsyncIterator[DirectoryPages]:
    """The pages of one test."""
    yield shared_pages
    await shared_pages.close()


async def _type(page: Page, name: str, text: str) -> None:
    await page.get_by_test_id(f"input-{name}").fill(text)


async def _is_told(page: Page, words: str) -> None:
    await expect(page.get_by_test_id("directory-told")).to_contain_text(words)


async def _make_school(page: Page, name: str) -> None:
    """Make a teaching point by the keyboard; what is missing or wrong is told at its field."""
    await page.get_by_test_id("directory-create").press("Enter")
    await expect(page.get_by_test_id("input-name")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("fault-name")).to_be_visible()
    await expect(page.get_by_test_id("fault-kind")).to_be_visible()
    await page.keyboard.type("石桥教学点")  # there is one already
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("choice-teaching_point")).to_be_checked()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("fault-name")).to_contain_text("已经有了")
    await expect(page.get_by_test_id("input-name")).to_be_focused()
    await _type(page, "name", name)
    await page.keyboard.press("Enter")
    await _is_told(page, name)


async def test_a_school_a_room_and_a_class_are_kept_by_the_keyboard(pages: DirectoryPages) -> None:
    page = await pages.person("xianguan", "/directory/schools")
    await _make_school(page, "龙潭教学点")
    row = page.locator("tr", has_text="龙潭教学点")
    await row.get_by_test_id("to-rooms").press("Enter")
    await expect(page.get_by_test_id("list-empty")).to_be_visible()
    await page.get_by_test_id("directory-create").press("Enter")  # for the school of the filter
    await _type(page, "name", "多媒体教室")
    await _type(page, "seats", "很多")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("fault-seats")).to_be_visible()
    await _type(page, "seats", "45")
    await page.keyboard.press("Enter")
    await _is_told(page, "龙潭教学点 多媒体教室")
    await page.get_by_test_id("menu-directory-schools").press("Enter")
    await row.get_by_test_id("to-classes").wait_for()
    await page.keyboard.press("/")
    await expect(page.get_by_test_id("list-search")).to_be_focused()
    await page.keyboard.type("龙潭")
    await expect(page.get_by_test_id("list-range")).to_contain_text("共 1 条")
    await row.get_by_test_id("to-classes").press("Enter")
    await expect(page.get_by_test_id("list-empty")).to_be_visible()
    await page.get_by_test_id("directory-create").press("Enter")
    await _type(page, "name", "一年级1班")
    await _type(page, "grade", "一年级")
    await _type(page, "pupils", "23")
    await page.keyboard.press("Enter")
    await _is_told(page, "龙潭教学点 一年级1班")
    admin = await pages.server.sign_in("xianguan")
    classes = await admin.call("GET", f"/api/directory/classes?q={quote('龙潭')}")
    assert [(one["name"], one["pupils"]) for one in classes["entries"]] == [("一年级1班", 23)]
    assert pages.errors == []


async def _two_change_a_school(pages: DirectoryPages, first: Page, second: Page) -> None:
    """The second sees what the first changed, and loses nothing of what was typed."""
    for page in (first, second):
        await page.get_by_test_id("entry-school-shanquan").get_by_test_id("entry-edit").click()
    await _type(first, "uplink_mbps", "50")
    await first.get_by_test_id("entry-save").press("Enter")
    await _is_told(first, "山泉教学点")
    await _type(second, "name", "山泉小学教学点")
    await second.keyboard.press("Enter")
    changed = second.get_by_test_id("changed-uplink_mbps")
    await expect(changed).to_contain_text("50")
    await expect(second.get_by_test_id("input-name")).to_have_value("山泉小学教学点")
    await expect(second.get_by_test_id("input-uplink_mbps")).to_have_value("50")
    await second.get_by_test_id("entry-save").press("Enter")
    await _is_told(second, "山泉小学教学点")
    admin = await pages.server.sign_in("xianguan")
    school = await admin.call("GET", "/api/directory/schools/school-shanquan")
    assert (school["name"], school["uplink_mbps"]) == ("山泉小学教学点", 50)


async def _disable_a_room(page: Page, inspector: Inspector) -> None:
    """The lessons ahead are listed first; the room can be enabled again."""
    await page.get_by_test_id("menu-directory-rooms").press("Enter")
    row = page.get_by_test_id("entry-yunling1")
    await row.get_by_test_id("entry-disable").press("Enter")
    await page.get_by_test_id("disable-reason").fill("教室漏雨")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("lessons-ahead")).to_contain_text("下周的课")
    await inspector.look("disable", page, "lessons-ahead")
    await expect(row.get_by_test_id("entry-state")).to_contain_text("在用")
    await page.get_by_test_id("confirm-yes").press("Enter")
    await expect(row.get_by_test_id("entry-state")).to_contain_text("停用")
    await expect(row.get_by_test_id("entry-edit")).to_be_focused()
    await row.get_by_test_id("entry-enable").press("Enter")
    await expect(row.get_by_test_id("entry-state")).to_contain_text("在用")


async def test_two_people_and_a_disabled_room(pages: DirectoryPages) -> None:
    inspector = Inspector()
    teacher = await pages.server.sign_in("wang")
    await teacher.new_lesson(rooms=["yunling1"], title="下周的课")
    first = await pages.person("xianguan", "/directory/schools")
    second = await pages.person("xianguan", "/directory/schools")
    await _two_change_a_school(pages, first, second)
    await _disable_a_room(first, inspector)
    admin = await pages.server.sign_in("xianguan")
    log = await admin.call("GET", "/api/audit?action=directory_disable")
    assert "教室漏雨" in log["lines"][0]["detail"]
    assert inspector.wrong == {}
    assert pages.errors == []


def _rooms(*rows: tuple[str, str, int | str]) -> FilePayload:
    """A workbook of rooms: school, name, seats."""
    columns = tuple(Column(title) for title in ("学校", "教室名称", "座位数"))
    data = write_workbook([Table("教室", columns, rows)], datetime(2026, 11, 29, tzinfo=UTC))
    return {"name": "教室.xlsx", "mimeType": XLSX, "buffer": data}


async def test_rooms_come_from_excel_and_go_there(pages: DirectoryPages, tmp_path: Path) -> None:
    inspector = Inspector()
    page = await pages.person("xianguan", "/directory/rooms")
    await page.get_by_test_id("directory-import").press("Enter")
    good = ("石桥教学点", "科学教室", 30)
    bad = ("没有的学校", "音乐教室", 20)
    await page.get_by_test_id("file-input").set_input_files(_rooms(good, bad))
    issues = page.get_by_test_id("import-issues")
    await expect(issues).to_contain_text("教室 A3")
    await expect(issues).to_contain_text("没有这所学校")
    await expect(page.get_by_test_id("import-apply")).to_be_disabled()
    await inspector.look("import with a bad row", page, "import-issues")
    await page.get_by_test_id("file-input").set_input_files(_rooms(good))
    await expect(page.get_by_test_id("import-added")).to_have_text("1")
    await expect(page.get_by_test_id("import-apply")).to_be_enabled()
    await page.get_by_test_id("import-apply").press("Enter")
    await expect(page.get_by_test_id("import-stand")).to_contain_text("已导入")
    await page.get_by_test_id("import-close").press("Enter")
    await expect(page.get_by_test_id("rooms")).to_contain_text("科学教室")

    async with page.expect_download() as coming:
        await page.get_by_test_id("directory-export").press("Enter")
    path = tmp_path / "rooms.xlsx"
    await (await coming.value).save_as(path)
    head, *rows = read_workbook(path.read_bytes()).sheets[0].rows
    assert head[:4] == ("编号", "学校", "教室名称", "座位数")
    assert ("石桥教学点", "科学教室", 30) in [row[1:4] for row in rows]
    await expect(page.get_by_test_id("workbook-link")).to_be_visible()
    await inspector.look("export", page, "workbook-link")
    assert inspector.wrong == {}
    assert pages.errors == []


async def _fill(server: TongkeServer) -> None:
    """A class, a subject and a pairing, so that no page is empty."""
    admin = await server.sign_in("xianguan")
    school = "school-shiqiao"
    form = {"school_id": school, "name": "一年级", "grade": "一年级"}
    await admin.call("POST", "/api/directory/classes", form)
    subject = {"county_id": "county-qingshan", "name": "音乐"}
    music = (await admin.call("POST", "/api/directory/subjects", subject))["subject_id"]
    pairing = {
        "center_school_id": "school-center",
        "point_school_id": school,
        "subject_ids": [music],
        "valid_from": "2026-09-01",
    }
    await admin.call("POST", "/api/directory/pairings", pairing)


async def test_no_page_breaks_a_serious_rule(pages: DirectoryPages) -> None:
    await _fill(pages.server)
    inspector = Inspector()
    page = await pages.person("xianguan", "/directory/nodes")
    for noun in NOUNS:
        await page.get_by_test_id(f"menu-directory-{noun}").press("Enter")
        await inspector.look(noun, page, noun)
    await page.get_by_test_id("directory-create").press("Enter")
    await inspector.look("new pairing", page, "entry-save")
    await page.get_by_test_id("entry-cancel").press("Enter")  # Esc may close a list of the form
    await expect(page.get_by_test_id("entry-save")).to_have_count(0)
    await page.get_by_test_id("menu-directory-nodes").press("Enter")
    county = page.get_by_test_id("entry-county-qingshan").get_by_test_id("entry-edit")
    await county.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_test_id("entry-school-yunling")).to_have_count(0)
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_test_id("entry-school-yunling")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("schools")).to_be_visible()

    # Who may not keep them finds none of them.
    teacher = await pages.person("wang", "/directory/rooms")
    await expect(teacher.get_by_test_id("not-allowed")).to_be_visible()
    await expect(teacher.get_by_test_id("nav-directory")).to_have_count(0)
    assert inspector.wrong == {}
    assert pages.errors == []
