"""Week pages: by whom they are read, and the questions that are refused by the field."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.planned_county import SECOND_TEACHER, PlannedCounty, refused
from tests.support.server import Client, ProblemError

pytestmark = pytest.mark.asyncio(loop_scope="module")

BASE = "/api/timetable"
POINT = "school-shanquan"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two_plans(county_of_module: PlannedCounty) -> AsyncIterator[PlannedCounty]:
    county = county_of_module
    await county.plan(lead_class_id="center-1")
    other = county.second(title="科学", subject_id="science")
    await county.admin.call("POST", f"{BASE}/plans", other)
    yield county


async def _week(client: Client, county: PlannedCounty, by: str, id_: str) -> Any:
    term = county.term["term_id"]
    return await client.call("GET", f"{BASE}/weeks?term={term}&week=3&by={by}&id={id_}")


@pytest.mark.parametrize(
    ("by", "id_", "name", "titles"),
    [
        ("teacher", "teacher-wang", "王老师", ["音乐"]),
        ("teacher", SECOND_TEACHER, SECOND_TEACHER, ["科学"]),
        ("school", "school-center", "青山中心小学", ["科学", "音乐"]),
        ("school", POINT, "山泉教学点", ["音乐"]),
        ("room", "yunling1", "云岭教学点复式班教室", ["科学"]),
        ("room", "leadroom1", "青山中心小学录播教室", ["音乐"]),
        ("subject", "science", "科学", ["科学"]),
        ("class", "shanquan-1", "山泉教学点一(1)班", ["音乐"]),
        ("class", "center-1", "青山中心小学一(1)班", ["音乐"]),
    ],
)
async def test_a_week_is_read_by_teacher_school_room_subject_and_class(
    two_plans: PlannedCounty, by: str, id_: str, name: str, titles: list[str]
) -> None:
    county = two_plans
    page = await _week(county.admin, county, by, id_)
    assert sorted(one["title"] for one in page["lessons"]) == titles
    assert (page["name"], page["more"]) == (name, False)
    assert page["days"][0]["date"] == "2026-09-14"
    assert len(page["periods"]) == 7


async def test_each_sees_the_own_week_and_that_of_the_own_branch(two_plans: PlannedCounty) -> None:
    county = two_plans
    clients = {one: await county.sign_in(one) for one in ("wang", "zhu", "jiaoyan", "yuanguan")}
    terminal = await county.browser()
    issued = await county.admin.call("POST", "/api/rooms/shanquan1/device-token")
    await terminal.terminal_login(device_token=issued["device_token"])
    clients["terminal"] = terminal
    pages = [
        ("teacher", "teacher-wang"),
        ("teacher", SECOND_TEACHER),
        ("school", POINT),
        ("school", "school-yunling"),
        ("room", "shanquan1"),
        ("room", "yunling1"),
        ("subject", "music"),
        ("class", "shanquan-1"),
        ("class", "yunling-1"),
    ]
    seen: dict[str, list[int]] = {}
    for login, client in clients.items():
        seen[login] = []
        for by, id_ in pages:
            try:
                await _week(client, county, by, id_)
                seen[login].append(200)
            except ProblemError as error:
                seen[login].append(error.status)
    assert seen == {
        "wang": [200, 403, 403, 403, 403, 403, 403, 403, 403],
        "zhu": [403, 403, 200, 403, 200, 403, 403, 200, 403],
        "jiaoyan": [200] * 9,
        "yuanguan": [404] * 9,
        "terminal": [403, 403, 403, 403, 200, 403, 403, 403, 403],
    }


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("by=teacher&id=teacher-wang&week=21&term={term}", 422, "week"),
        ("by=teacher&id=teacher-wang&week=x&term={term}", 422, "week"),
        ("by=teacher&id=teacher-wang&term={term}", 422, "week"),
        ("by=teacher&id=teacher-wang&term=nothing&week=1", 404, "term"),
        ("by=planet&id=earth", 422, "by"),
        ("by=teacher", 422, "id"),
        ("by=teacher&id=nobody", 404, "id"),
        ("by=teacher&id=teacher-wang&date=2026-13-01", 422, "date"),
        ("by=teacher&id=teacher-wang&date=9999-12-31", 422, "date"),
        ("by=teacher&id=teacher-wang&date=0001-01-01", 422, "date"),
        ("by=teacher&id=teacher-wang&changed_since=yesterday", 422, "changed_since"),
    ],
)
async def test_a_page_that_cannot_be_is_refused_by_the_field(
    two_plans: PlannedCounty, query: str, status: int, field: str
) -> None:
    county = two_plans
    path = f"{BASE}/weeks?{query.format(term=county.term['term_id'])}"
    problem = await refused(county.admin, "GET", path)
    assert (problem.status, problem.field) == (status, field)
