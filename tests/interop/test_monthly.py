"""开课台账 in real Chromium: charts that lead to lessons, areas, 月报, paper and Excel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Route, expect
from python_calamine import CalamineWorkbook

from tests.interop.test_accessibility import Inspector
from tests.support.ledger_pages import FAR_COUNTY, NATIONAL, LedgerPages, ledger_pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)  # 10:00 in the county, a Tuesday
MONTH = "2026-09"
COUNTY = "county-qingshan"
SPAN = "from=2026-09-14&to=2026-10-20"
CHARTS = ("trend", "subject", "point", "heat")
PAGE = re.compile(rb"/Type\s*/Page[^s]")
A4 = re.compile(rb"/MediaBox\s*\[0 0 59[45]\S* 84[12]\S*\]")  # points


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LedgerPages]:
    async with ledger_pages(tmp_path_factory.mktemp("monthly"), NOW) as opened:
        yield opened
    assert opened.errors == []


async def _ledger(county: LedgerPages, login: str = "xianguan") -> Page:
    page = await county.person(login, "/ledger/totals")
    await page.get_by_test_id("ledger-from").fill("2026-09-14")
    await page.get_by_test_id("ledger-show").click()
    await _chart(page, "heat").wait_for()
    await expect(page.get_by_test_id("ledger-charts")).to_have_attribute("aria-busy", "false")
    return page


def _chart(page: Page, name: str) -> Locator:
    return page.get_by_test_id(f"chart-{name}").get_by_role("application")


# The first name of a chart, and its height within the chart.
BESIDE_THE_FIRST = """(box) => {
  const name = box.querySelector("svg text")
  const { top, height } = name.getBoundingClientRect()
  return [name.textContent, top + height / 2 - box.getBoundingClientRect().top]
}"""

WEEKS = 20
MONDAYS = [str(date(2026, 8, 31) + timedelta(weeks=week)) for week in range(WEEKS)]


class Term:
    """Answers about a term of many points, in the pages of the server."""

    def __init__(self, like: dict[str, Any], points: int) -> None:
        self._like = like
        self._points = points

    async def totals(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        keys = {
            "point": [f"p{n}" for n in range(1, self._points + 1)],
            "week": MONDAYS,
            "subject": ["音乐"],
        }[query["by"][0]]
        start = int(query.get("after", ["0"])[0])
        figures = {
            **self._like["total"],
            **{"required": 6, "held": 5, "delivery_rate": 5 / 6},
        }
        row = {**self._like["rows"][0], "figures": figures}
        rows = [
            {**row, "key": key, "label": f"第{number}教学点", "week": number}
            for number, key in enumerate(keys, 1)
        ]
        following = str(start + 100) if len(rows) > start + 100 else None
        page = {"rows": rows[start : start + 100], "next": following}
        await route.fulfill(json={**self._like, **page})

    async def heat(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        start = int(query.get("after", ["0"])[0])
        cells = [{"week": week, "required": 6, "held": 5, "missed": 1} for week in MONDAYS]
        rows = [
            {"school_id": f"p{number}", "school": f"第{number}教学点", "cells": cells}
            for number in range(1, self._points + 1)
        ]
        following = str(start + 50) if len(rows) > start + 50 else None
        await route.fulfill(
            json={"weeks": MONDAYS, "rows": rows[start : start + 50], "next": following}
        )


async def _texts(chart: Locator) -> list[str]:
    return [text.strip() for text in await chart.locator("svg text").all_text_contents()]


def _rate(figures: dict[str, Any]) -> str:
    tenths = int(figures["held"] * 1000 // figures["required"])
    return f"{tenths / 10:g}%"


async def test_the_charts_say_what_the_api_says(county: LedgerPages) -> None:
    page = await _ledger(county)
    heat = await county.get(f"heat?{SPAN}")
    cells = [f"{one['held']}/{one['required']}" for row in heat["rows"] for one in row["cells"]]
    assert len(cells) > 40
    drawn = Counter(text for text in await _texts(_chart(page, "heat")) if "/" in text)
    assert drawn == Counter(cells)
    for name, by in (("trend", "week"), ("subject", "subject"), ("point", "point")):
        totals = await county.get(f"totals?by={by}&{SPAN}")
        rates = Counter(_rate(row["figures"]) for row in totals["rows"])
        texts = await _texts(_chart(page, name))
        if name == "trend":  # the axis has percents, too
            assert rates - Counter(texts) == Counter()
        else:
            assert Counter(text for text in texts if text.endswith("%")) == rates
            assert {row["label"] for row in totals["rows"]} <= set(texts)
        # The same stands in the table.
        await page.get_by_test_id(f"chart-{name}-table").click()
        lines = page.get_by_test_id(f"chart-{name}").locator("tbody tr")
        await expect(lines).to_have_count(len(totals["rows"]))
        found = [await line.locator("td").all_text_contents() for line in await lines.all()]
        wanted = [
            [str(row["figures"]["required"]), str(row["figures"]["held"]), _rate(row["figures"])]
            for row in totals["rows"]
        ]
        assert sorted(found) == sorted(wanted)
    total = (await county.get(f"totals?{SPAN}"))["total"]
    for name in ("planned", "required", "held", "valid", "excused", "unexcused", "awaiting"):
        await expect(page.get_by_test_id(f"ledger-sum-{name}")).to_have_text(str(total[name]))
    await expect(page.get_by_test_id("ledger-sum-rate")).to_have_text(_rate(total))


async def test_a_mark_leads_to_its_lessons_and_a_lesson_to_its_evidence(
    county: LedgerPages,
) -> None:
    page = await _ledger(county)
    # By the keyboard: the second point's first week.
    heat = _chart(page, "heat")
    await heat.focus()
    for key in ("Home", "ArrowDown"):
        await page.keyboard.press(key)
    row = (await county.get(f"heat?{SPAN}"))["rows"][1]
    said = heat.locator("[aria-live]")
    await expect(said).to_contain_text(row["school"])
    await expect(said).to_contain_text(f"实开 {row['cells'][0]['held']}")
    await page.keyboard.press("Enter")
    units = page.get_by_test_id("ledger-unit")
    await units.first.wait_for()
    monday = row["cells"][0]["week"]
    week = f"from={monday}&to={monday[:8]}{int(monday[8:]) + 6:02}&point={row['school_id']}"
    wanted = (await county.get(f"units?{week}"))["units"]
    await expect(units).to_have_count(len(wanted))
    await units.first.focus()
    await page.keyboard.press("Enter")
    evidence = page.get_by_test_id("ledger-evidence")
    await expect(evidence).to_contain_text(wanted[0]["title"])
    await expect(evidence).to_contain_text("在场记录")
    await expect(page.get_by_test_id("ledger-back")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(units.first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(units).to_have_count(0)

    # By a click: the bar of the point that stands first, beside its name. The page lies still again
    # when the drawer is gone.
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_test_id("ledger-charts")).to_have_attribute("aria-busy", "false")
    bars = _chart(page, "point")
    text, height = await bars.evaluate(BESIDE_THE_FIRST)
    await bars.click(position={"x": 130, "y": height})
    await units.first.wait_for()
    await expect(page.get_by_role("dialog")).to_contain_text(str(text).rstrip("."))
    await page.keyboard.press("Escape")

    # A row of classes leads to its lessons, too.
    await page.get_by_test_id("ledger-by-class").click()
    classes = (await county.get(f"totals?by=class&{SPAN}"))["rows"]
    rows = page.get_by_test_id("ledger-row")
    await expect(rows).to_have_count(len(classes))
    await rows.first.click()
    await units.first.wait_for()
    wanted = (await county.get(f"units?{SPAN}&class={classes[0]['key']}"))["units"]
    assert wanted
    await expect(units).to_have_count(len(wanted))


@pytest.mark.parametrize("points", [1, 200])
async def test_one_point_and_two_hundred_are_drawn_and_reached(
    county: LedgerPages, points: int
) -> None:
    """A whole term of so many points, as the server would answer it page by page."""
    page = await county.person("xianguan", "/ledger/months")
    await page.get_by_test_id("months").wait_for()
    term = Term(await county.get(f"totals?{SPAN}"), points)
    await page.route("**/api/ledger/totals?**", term.totals)
    await page.route("**/api/ledger/heat?**", term.heat)
    await page.goto(f"{county.url}/ledger/totals")
    heat = _chart(page, "heat")
    await heat.wait_for()
    await expect(page.get_by_test_id("ledger-charts")).to_have_attribute("aria-busy", "false")
    drawn = [text for text in await _texts(heat) if "/" in text and text[0].isdigit()]
    assert drawn.count("5/6") == points * WEEKS
    rates = [text for text in await _texts(_chart(page, "point")) if text.endswith("%")]
    assert rates == ["83.3%"] * points
    await heat.focus()
    await page.keyboard.press("End")
    last = page.get_by_test_id("chart-heat").locator("[aria-live]")
    await expect(last).to_contain_text(f"第{points}教学点")
    if points > 50:  # the chart scrolls to its end
        element = await heat.element_handle()
        await page.wait_for_function("(box) => box.scrollTop > 1000", arg=element)


async def test_one_who_sees_several_counties_chooses(county: LedgerPages) -> None:
    page = await _ledger(county, NATIONAL)
    held = (await county.get(f"totals?{SPAN}"))["total"]["held"]
    await expect(page.get_by_test_id("ledger-sum-held")).to_have_text(str(held))
    await page.get_by_test_id("ledger-by-county").click()
    await expect(page.get_by_test_id("ledger-row")).to_have_text(["青山县"])
    select = page.get_by_test_id("ledger-area")
    await select.click()
    await page.get_by_test_id(f"area-{FAR_COUNTY}").click()
    await expect(page.get_by_test_id("ledger-sum-held")).to_have_text("0")
    await select.click()
    await page.get_by_test_id("area-cn").click()
    row = page.get_by_test_id("ledger-row")
    await expect(row).to_have_text(["青山县"])
    await row.click()  # the county becomes the area
    await expect(row).to_have_count(12)
    # 月报 is of one county; a researcher reads it, and does not report.
    await page.get_by_test_id("menu-ledger-months").click()
    await page.get_by_test_id(f"month-{MONTH}").click()
    await page.get_by_test_id("month-state").wait_for()
    await expect(page.get_by_test_id("month-freeze")).to_have_count(0)


async def test_a_month_is_reported_and_what_changes_later_is_a_correction(
    county: LedgerPages,
) -> None:
    page = await county.person("xianguan", "/ledger/months")
    await page.get_by_test_id(f"month-{MONTH}").click()
    reported = await county.get(f"months/{MONTH}")
    await page.get_by_test_id("month-freeze").click()
    await expect(page.get_by_role("alertdialog")).to_contain_text("不能撤回")
    await expect(page.get_by_test_id("confirm-no")).to_be_focused()
    await page.keyboard.press("Tab")  # to 上报
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("month-state")).to_contain_text("李管理员 上报")
    await expect(page.get_by_test_id("month-changes")).to_contain_text("上报之后没有变化")

    query = "units?from=2026-09-01&to=2026-09-30&outcome=missed"
    unit = (await county.get(query))["units"][0]
    path = f"/api/ledger/units/{unit['lesson_id']}/{unit['room_id']}/confirm"
    wish = {"version": unit["version"], "reason": "lead_absent"}
    await county.admin.call("POST", path, wish)
    await page.reload()
    for name in ("excused", "unexcused", "held"):  # what was reported stays
        wanted = str(reported["total"][name])
        await expect(page.get_by_test_id(f"ledger-sum-{name}")).to_have_text(wanted)
    line = page.get_by_test_id("corrections").locator("tbody tr")
    await expect(line).to_contain_text(["因故 1 → 0、无故 0 → 1"])
    await expect(line).to_contain_text([unit["school"]])
    await page.get_by_test_id("correction-evidence").click()
    await expect(page.get_by_test_id("ledger-evidence")).to_contain_text("主讲无故停课")
    await page.keyboard.press("Escape")

    await page.goto(f"{county.url}/ledger/months/{MONTH}/print?county={COUNTY}")
    await expect(page.get_by_test_id("print-point").locator("tbody tr")).to_have_count(12)
    await expect(page.get_by_test_id("print-corrections")).to_contain_text("无故 0 → 1")
    await expect(page.get_by_test_id("print-figures")).to_contain_text("实开 ÷ 应开")
    pdf = await page.pdf(prefer_css_page_size=True)
    assert len(A4.findall(pdf)) == len(PAGE.findall(pdf)) >= 1

    await page.goto(f"{county.url}/ledger/months/{MONTH}?county={COUNTY}")
    sheets = await _exported(county, page)
    head, *points = sheets["按教学点"]
    held = head.index("实开课")
    assert sum(row[held] for row in points) == reported["total"]["held"]
    assert len(sheets["更正"]) == 2
    units = await county.get("units?from=2026-09-01&to=2026-09-30")
    assert units["next"] is None
    assert len(sheets["明细"]) == 1 + len(units["units"])


async def _exported(county: LedgerPages, page: Page) -> dict[str, list[list[Any]]]:
    """The workbook that 导出报表 makes of what a page shows."""
    async with page.expect_response("**/api/ledger/exports"):
        await page.get_by_test_id("ledger-export").click()
    await county.carry_out()
    async with page.expect_download() as coming:
        await page.get_by_test_id("export-download").click()
    file: Path = await (await coming.value).path()
    book = CalamineWorkbook.from_path(str(file))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def test_no_page_of_the_ledger_breaks_a_serious_rule(county: LedgerPages) -> None:
    inspector = Inspector()
    page = await _ledger(county)
    await inspector.look("ledger", page, "chart-heat")
    for name in CHARTS:
        await page.get_by_test_id(f"chart-{name}-table").click()
    await inspector.look("ledger as tables", page, "chart-heat")
    for name, path, shows in (
        ("months", "", "months"),
        ("month", f"/{MONTH}?county={COUNTY}", "month-state"),
        ("paper", f"/{MONTH}/print?county={COUNTY}", "print-point"),
    ):
        await page.goto(f"{county.url}/ledger/months{path}")
        await inspector.look(name, page, shows)
    assert inspector.wrong == {}
