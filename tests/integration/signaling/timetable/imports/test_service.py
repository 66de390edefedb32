"""A timetable from a workbook over HTTP: dry run, answers, applying, and once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from sqlalchemy import func, select

from signaling.audit.tables import AuditRow
from signaling.command.seed import CENTER_SCHOOL
from signaling.command.work import job_kinds
from signaling.lessons.tables import LessonRow
from signaling.timetable.tables import PlanRow
from tests.integration.signaling.stores import on_both_stores
from tests.integration.signaling.timetable.imports.school import (
    CLASSES,
    IMPORTS,
    answer,
    apply,
    begin,
    finished,
    furnish,
    grid,
    lines,
)
from tests.support.jobs import carry_out_jobs
from tests.support.planned_county import PlannedCounty, planned_county, refused
from tests.support.uploads import upload

WORKBOOKS = "/api/timetable/workbooks"
HEADER = "学校,教室,班级,学科,教师,星期,节次,周次,听课教室\n"
ROW = "青山中心小学,录播教室,一年级1班,音乐,老师甲,星期一,第5节,1-16周,山泉教学点/一年级教室\n"


@pytest_asyncio.fixture
async def county(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[PlannedCounty]:
    async with planned_county(tmp_path, **store) as county:
        await furnish(county)
        yield county


async def count(county: PlannedCounty, table: type) -> int:
    async with county.services.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


@on_both_stores
async def test_a_grid_of_twelve_classes_from_dry_run_to_a_second_import(
    county: PlannedCounty,
) -> None:
    made = await begin(county, grid(), "总课表.xls", school_id=CENTER_SCHOOL)
    assert made["state"] == "open"
    (finding,) = await lines(county, made, "findings")
    assert finding == {
        "sheet": "总课表",
        "cell": "B6",
        "reason": "unclear_slash",
        "text": "甲/乙",
    }
    # 自习 is no subject of the county; for all others somebody has to say who listens.
    asked = await lines(county, made, "questions")
    assert Counter(one["topic"] for one in asked) == {"subject": 1, "receivers": 12 * 4 + 1}
    (study,) = [one for one in asked if one["topic"] == "subject"]
    assert (study["text"], study["lessons"], study["cell"]) == ("自习", 11, "C5")
    (music,) = [one for one in asked if one["text"] == "一年级1班 音乐"]
    assert [one["name"] for one in music["proposal"]] == [
        "山泉教学点/一年级教室(一(1)班)",
        "云岭教学点/复式班教室(一(1)班)",
    ]
    nothing_written = await count(county, PlanRow)
    assert nothing_written == 0

    proposed = [one["id"] for one in music["proposal"]]
    made = await answer(
        county,
        made,
        [
            {"topic": "subject", "text": "自习", "targets": []},
            {"topic": "receivers", "scope": CENTER_SCHOOL, "text": "*", "targets": ["-"]},
            {
                "topic": "receivers",
                "scope": CENTER_SCHOOL,
                "text": music["text"],
                "targets": proposed,
            },
        ],
    )
    assert made["state"] == "ready"
    counts = made["counts"]
    assert (counts["added"], counts["skipped"], counts["hard_clashes"]) == (49, 11, 0)
    assert await lines(county, made, "questions") == []
    changes = await lines(county, made, "changes")
    (line,) = [one for one in changes if one["subject"] == "音乐"]
    assert (line["cell"], line["weeks"], line["class_name"]) == ("B5", "1-16周", "一年级1班")
    assert line["room"] == "一年级1班教室"
    assert line["receivers"] == [one["name"] for one in music["proposal"]]
    odd, even = [one for one in changes if one["cell"] == "N4"]
    assert [(one["subject"], one["weeks"]) for one in (odd, even)] == [
        ("科学", "单周"),
        ("书法", "双周"),
    ]
    sport = [one for one in changes if one["subject"] == "体育"]
    assert {(one["period"], one["period_count"]) for one in sport} == {(2, 2)}

    # Unread cells are left out only if somebody says so.
    path = f"{IMPORTS}/{made['import_id']}/apply"
    problem = await refused(county.admin, "POST", path, {"version": made["version"]})
    assert (problem.status, problem.code) == (409, "import_has_unread")
    applied = await apply(county, made, skip_unread=True)
    assert applied["state"] == "applied"
    assert await count(county, PlanRow) == 49
    assert await count(county, LessonRow) == counts["lessons"] > 600
    page = await county.week(5, "class", "k0")
    assert [(one["subject"], one["starts_at"][11:16]) for one in page["lessons"]] == [
        ("语文", "00:20"),
        ("音乐", "01:10"),
        ("科学", "00:20"),
        ("体育", "01:10"),
    ]

    # The same file once more: nothing is asked, and nothing changes.
    again = await begin(county, grid(), "总课表.xls", school_id=CENTER_SCHOOL)
    assert again["state"] == "ready"
    counts = again["counts"]
    assert (counts["unchanged"], counts["added"], counts["changed"], counts["missing"]) == (
        49,
        0,
        0,
        0,
    )
    before = await count(county, LessonRow)
    assert (await apply(county, again, skip_unread=True))["state"] == "applied"
    assert await count(county, LessonRow) == before


async def made_workbook(county: PlannedCounty, **wish: str) -> bytes:
    """Have a job make a workbook, and download it."""
    job = await county.admin.call("POST", WORKBOOKS, wish)
    await carry_out_jobs(county.services, job_kinds(county.services.config))
    job = await county.admin.call("GET", f"/api/jobs/{job['job_id']}")
    url = f"{county.url}/api/files/{job['result']['file_id']}/content"
    async with county.admin.http.get(url) as response:
        assert response.status == 200
        return await response.read()


async def test_export_is_a_long_table_that_changes_nothing(county: PlannedCounty) -> None:
    rows = (
        HEADER
        + ROW
        + ROW.replace("音乐", "美术")
        .replace("第5节", "6-7节")
        .replace("山泉教学点/一年级教室", "山泉教学点/一年级教室(一(1)班)、云岭教学点/复式班教室")
    )
    made = await apply(county, await begin(county, rows.encode("gbk"), "课表.csv"))
    assert made["state"] == "applied", made
    term = county.term["term_id"]
    data = await made_workbook(county, term_id=term)
    again = await begin(county, data, "课表.xlsx", remove_missing=True)
    assert (again["state"], again["counts"]["unchanged"]) == ("ready", 2)
    assert [again["counts"][name] for name in ("added", "changed", "missing", "removed")] == [0] * 4


async def test_the_template_can_be_filled_in(county: PlannedCounty) -> None:
    data = await made_workbook(county)
    made = await begin(county, data, "空模板.xlsx")
    assert (made["state"], made["counts"]["findings"], made["counts"]["added"]) == ("ready", 0, 0)


@on_both_stores
async def test_a_changed_file_changes_and_takes_out(county: PlannedCounty) -> None:
    second = ROW.replace("星期一", "星期二")
    first = await begin(county, (HEADER + ROW + second).encode(), "课表.csv")
    await apply(county, first)
    changed = (HEADER + ROW.replace("老师甲", "老师乙")).encode()
    made = await begin(county, changed, "课表.csv")
    counts = made["counts"]
    assert (counts["changed"], counts["missing"], counts["removed"]) == (1, 1, 0)
    made = await answer(county, made, [], remove_missing=True)
    assert (made["counts"]["missing"], made["counts"]["removed"]) == (0, 1)
    kinds = {one["kind"]: one for one in await lines(county, made, "changes")}
    assert kinds["changed"]["fields"] == ["teacher_id"]
    assert kinds["changed"]["teacher"] == "老师乙"
    assert kinds["removed"]["weekday"] == 2
    await apply(county, made)
    page = await county.week(3, "class", "k0")
    assert [one["lead_teacher"]["name"] for one in page["lessons"]] == ["老师乙"]


async def test_an_answer_is_taken_back_and_asked_again(county: PlannedCounty) -> None:
    table = (HEADER + ROW.replace("音乐", "唱歌") + ROW.replace("老师甲", "查无此人")).encode()
    made = await begin(county, table, "课表.csv")
    assert made["counts"]["questions"] == 2
    answers = [
        {"topic": "subject", "text": "唱歌", "targets": ["music"]},
        {"topic": "teacher", "scope": CENTER_SCHOOL, "text": "查无此人", "targets": []},
    ]
    asked = {one["topic"]: one for one in await lines(county, made, "questions")}
    answers[1]["scope"] = asked["teacher"]["scope"]
    made = await answer(county, made, answers)
    assert (made["state"], made["counts"]["questions"]) == ("ready", 0)
    given = [one for one in await lines(county, made, "matches") if one["answer"]]
    assert {one["text"] for one in given} == {"唱歌", "查无此人"}
    back = [
        {"topic": one["topic"], "scope": one["scope"] or None, "text": one["answer"]}
        for one in given
    ]
    made = await answer(county, made, [], withdrawn=back[:1])
    assert (made["state"], made["counts"]["questions"]) == ("open", 1)
    again = await begin(county, table, "课表.csv")
    assert again["counts"]["questions"] == 1
    made = await answer(county, made, [], withdrawn=back)
    assert made["counts"]["questions"] == 2


async def test_a_general_answer_is_taken_back_by_any_of_its_cells(county: PlannedCounty) -> None:
    made = await begin(county, grid(), "总课表.xls", school_id=CENTER_SCHOOL)
    everywhere = {"topic": "receivers", "scope": CENTER_SCHOOL, "text": "*", "targets": ["-"]}
    before = made["counts"]["questions"]
    made = await answer(county, made, [everywhere], school_id=CENTER_SCHOOL)
    given = [one for one in await lines(county, made, "matches") if one["topic"] == "receivers"]
    assert given
    assert {one["answer"] for one in given} == {"*"}
    back = [{"topic": "receivers", "scope": CENTER_SCHOOL, "text": "*"}]
    made = await answer(county, made, [], school_id=CENTER_SCHOOL, withdrawn=back)
    assert made["counts"]["questions"] == before


async def test_clashes_stand_by_cell_and_need_a_reason(county: PlannedCounty) -> None:
    await county.plan(weekday=1, period=5)  # 山泉教学点 listens to the first teacher already
    same_teacher = ROW.replace("录播教室,一年级1班", "第二录播教室,一年级2班").replace(
        "山泉教学点/一年级教室", "云岭教学点/复式班教室"
    )
    made = await begin(county, (HEADER + ROW + same_teacher).encode(), "课表.csv")
    found = [one for one in await lines(county, made, "clashes") if one["level"] == "hard"]
    assert {(one["rule"], one["cell"], one["other_cell"]) for one in found} == {
        ("teacher", "D2", "D3"),
        ("teacher", "D3", "D2"),
        ("receive_room", "D2", ""),
        ("lead_room", "D2", ""),
    }
    room = next(one for one in found if one["rule"] == "receive_room")
    assert (room["who"]["name"], room["other"]) == ("山泉教学点一年级教室", "音乐")
    assert room["times"] > 10
    path = f"{IMPORTS}/{made['import_id']}/apply"
    problem = await refused(county.admin, "POST", path, {"version": made["version"]})
    assert (problem.code, problem.field) == ("import_has_clashes", "waiver")
    applied = await apply(county, made, waiver="合班上课")
    assert applied["state"] == "applied"
    async with county.services.database.read() as session:
        waivers = set(await session.scalars(select(PlanRow.waiver)))
        details = list(
            await session.scalars(
                select(AuditRow.detail).where(AuditRow.action == "timetable_import_apply")
            )
        )
    assert waivers == {None, "合班上课"}
    assert details == ["课表.csv: 合班上课"]


async def test_nothing_is_done_where_the_timetable_is_no_more_what_was_agreed_to(
    county: PlannedCounty,
) -> None:
    await apply(county, await begin(county, (HEADER + ROW).encode(), "课表.csv"))
    changed = (HEADER + ROW.replace("老师甲", "老师乙")).encode()
    made = await begin(county, changed, "课表.csv")
    other = await begin(county, (HEADER + ROW.replace("老师甲", "老师丙")).encode(), "另.csv")
    await apply(county, other)
    late = await apply(county, made)
    assert (late["state"], late["problem"]["code"]) == ("failed", "changed_meanwhile")
    # Another look, and it is up to date.
    fresh = await answer(county, late, [])
    assert (fresh["state"], fresh["counts"]["changed"]) == ("ready", 1)


async def test_a_file_that_is_no_workbook_fails_with_its_code(county: PlannedCounty) -> None:
    made = await begin(county, "姓名,电话\n张三,1\n".encode(), "名单.csv")
    assert made["counts"]["findings"] == 1
    assert [one["reason"] for one in await lines(county, made, "findings")] == ["no_layout"]
    wide = await begin(county, ("a," * 9_999 + "a").encode(), "宽.csv")
    assert (wide["state"], wide["problem"]["code"]) == ("failed", "workbook_too_many_columns")
    assert wide["problem"]["facts"]["limit"] == 256


async def test_a_grid_without_a_school_asks_for_it(county: PlannedCounty) -> None:
    made = await begin(county, grid(), "总课表.xls")
    assert [one["reason"] for one in await lines(county, made, "findings")] == ["no_school"]
    made = await answer(county, made, [], school_id=CENTER_SCHOOL)
    assert made["counts"]["questions"] == 12 * 4 + 2


async def test_who_may_import_and_what_is_refused(county: PlannedCounty) -> None:
    made = await begin(county, (HEADER + ROW).encode(), "课表.csv")
    path = f"{IMPORTS}/{made['import_id']}"
    far = await county.sign_in("yuanguan")
    for method, where, body in (
        ("GET", path, None),
        ("GET", f"{path}/findings", None),
        ("PUT", path, {"version": 2}),
        ("POST", f"{path}/apply", {"version": 2}),
        ("POST", WORKBOOKS, {"term_id": county.term["term_id"]}),
        ("POST", WORKBOOKS, {"county_id": "county-qingshan"}),
    ):
        assert (await refused(far, method, where, body)).status == 404
    teacher = await county.sign_in("wang")
    assert (await refused(teacher, "POST", f"{path}/apply", {"version": 2})).status == 403
    file_id = await upload(county.admin, b"a,b", "x.csv")
    body = {"file_id": file_id, "term_id": "none"}
    assert (await refused(county.admin, "POST", IMPORTS, body)).code == "unknown_term"
    body = {"file_id": "none", "term_id": county.term["term_id"]}
    assert (await refused(county.admin, "POST", IMPORTS, body)).code == "file_not_found"
    stale = await refused(county.admin, "PUT", path, {"version": 1})
    assert (stale.status, stale.code) == (409, "changed_meanwhile")
    unsound = {"topic": "subject", "text": "音乐", "targets": ["a", "b"]}
    body = {"version": made["version"], "answers": [unsound]}
    assert (await refused(county.admin, "PUT", path, body)).field == "answers[0].targets"
    changed = await county.admin.call("PUT", path, {"version": made["version"]})
    body = {"version": changed["version"]}
    assert (await refused(county.admin, "PUT", path, body)).code == "import_under_way"
    made = await finished(county, changed)
    applied = await apply(county, made)
    body = {"version": applied["version"]}
    assert (await refused(county.admin, "PUT", path, body)).code == "import_applied_already"
    listed = await county.admin.call("GET", IMPORTS)
    assert [one["import_id"] for one in listed["imports"]] == [made["import_id"]]


async def test_lessons_of_the_past_are_not_made_again(tmp_path: Path) -> None:
    autumn = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
    async with planned_county(tmp_path, autumn) as county:
        await furnish(county)
        made = await begin(county, (HEADER + ROW).encode(), "课表.csv")
        assert 0 < made["counts"]["lessons"] < 12
        assert [one["cell"] for one in await lines(county, made, "findings")] == []
        over = ROW.replace("1-16周", "1-3周")
        late = await begin(county, (HEADER + over).encode(), "课表.csv")
        assert [one["reason"] for one in await lines(county, late, "findings")] == ["never_held"]
    assert len(CLASSES) == 12
