"""Workbooks of the directory: dry run, import, second import, export, and what cannot be."""

from datetime import date

import pytest

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.errors import ChangedMeanwhile, Forbidden
from signaling.directory.entries.pages import Search
from signaling.directory.entries.wire import EntryDisable
from signaling.directory.rooms.wire import RoomChange
from signaling.directory.workbooks import importing
from signaling.directory.workbooks.wire import DirectoryNoun, ImportIssueCode
from signaling.files.workbooks.sheets import Cell
from tests.integration.signaling.directory.counties import ADMIN, OTHER, ROOT, Counties
from tests.integration.signaling.directory.workbooks.runs import (
    cells_of,
    exported,
    form_titles,
    imported,
    run_of,
    sheet,
)

ROWS = 5000
ROOMS, SCHOOLS = DirectoryNoun.ROOMS, DirectoryNoun.SCHOOLS
_ONE_OF_EACH: dict[DirectoryNoun, tuple[Cell, ...]] = {
    SCHOOLS: ("云岭教学点", "教学点", "2145000123", 20, None),
    ROOMS: ("云岭教学点", "复式班教室", 30),
    DirectoryNoun.CLASSES: ("云岭教学点", "复式1班", "一年级", 12),
    DirectoryNoun.SUBJECTS: ("美术", 7),
    DirectoryNoun.PAIRINGS: (
        "中心小学",
        "云岭教学点",
        "语文、美术",
        date(2026, 9, 1),
        "2027-1-15",
        3,
        "人教版",
    ),
    DirectoryNoun.TEACHERS: ("李老师", 1002, None, "中心小学", "美术,语文"),
}


async def _fill(counties: Counties) -> None:
    """Import one entry of each noun."""
    for noun, row in _ONE_OF_EACH.items():
        data = sheet(noun, form_titles(noun), [row])
        tried = await imported(run_of(counties), noun, data, apply=False)
        assert (tried.applied, tried.issues, tried.added) == (False, (), 1), noun
        done = await imported(run_of(counties), noun, data)
        assert (done.applied, done.added, done.changed) == (True, 1, 0), noun


async def test_a_second_import_and_a_reimported_export_change_nothing(
    both_counties: Counties,
) -> None:
    await _fill(both_counties)
    await both_counties.desk.schools.disable(
        ADMIN, both_counties.point, EntryDisable(1, confirmed=True)
    )
    for noun in DirectoryNoun:
        first = await exported(run_of(both_counties), noun)
        again = await imported(run_of(both_counties), noun, first)
        assert (again.issues, again.added, again.changed) == ((), 0, 0), noun
        assert again.unchanged == again.rows > 0
        assert await exported(run_of(both_counties), noun) == first
    for noun, row in _ONE_OF_EACH.items():
        data = sheet(noun, form_titles(noun), [row])
        again = await imported(run_of(both_counties), noun, data)
        assert (again.issues, again.added, again.changed, again.unchanged) == ((), 0, 0, 1)
    rows = await both_counties.audit.entries(AuditAction.DIRECTORY_IMPORT)
    assert len(rows) == len(_ONE_OF_EACH)


async def test_an_imported_teacher_has_an_account_without_a_password(counties: Counties) -> None:
    await _fill(counties)
    (found,), _, _ = await counties.desk.teachers.listed(ADMIN, Search("李老师"))
    assert (found.login, found.staff_no) == ("1002", "1002")
    assert {one.name for one in found.subjects} == {"语文", "美术"}
    assert (await counties.desk.teachers.listed(OTHER, Search()))[0] == ()


async def test_five_thousand_rows_are_imported_and_found_unchanged(counties: Counties) -> None:
    rows = [("山泉教学点", f"教室{number}", number % 60) for number in range(ROWS)]
    data = sheet(ROOMS, form_titles(ROOMS), rows)
    done = await imported(run_of(counties), ROOMS, data)
    assert (done.applied, done.added, done.issues) == (True, ROWS, ())
    again = await imported(run_of(counties), ROOMS, data)
    assert (again.added, again.changed, again.unchanged) == (0, 0, ROWS)


async def test_five_thousand_schools_are_changed(counties: Counties) -> None:
    titles = form_titles(SCHOOLS)
    rows = [(f"学校{number}", "其他学校", None, None, None) for number in range(ROWS)]
    await imported(run_of(counties), SCHOOLS, sheet(SCHOOLS, titles, rows))
    changed = [(name, "教学点", f"{number:010}", 4.5, 2) for number, (name, *_) in enumerate(rows)]
    done = await imported(run_of(counties), SCHOOLS, sheet(SCHOOLS, titles, changed))
    assert (done.applied, done.changed) == (True, ROWS)


async def test_every_row_that_cannot_be_is_named_and_nothing_is_written(
    counties: Counties,
) -> None:
    rows: list[tuple[Cell, ...]] = [
        ("山泉教学点", "新教室", 40),
        ("绿水小学", "别县的教室", 40),  # 3: of the other county
        ("山泉教学点", "", 40),
        ("山泉教学点", "甲", "很多"),
        ("山泉教学点", "新教室", 41),  # 6: the same once more
        (None, "乙", -1),
        (None, None, None),
        ("山泉教学点", "长" * 81, 1),
    ]
    data = sheet(ROOMS, form_titles(ROOMS), rows)
    done = await imported(run_of(counties), ROOMS, data)
    assert [(one.cell, one.row, one.code) for one in done.issues] == [
        ("A3", 3, ImportIssueCode.UNKNOWN_SCHOOL),
        ("B4", 4, ImportIssueCode.CELL_EMPTY),
        ("C5", 5, ImportIssueCode.BAD_VALUE),
        ("A6", 6, ImportIssueCode.ROW_TWICE),
        ("C7", 7, ImportIssueCode.BAD_VALUE),
        ("B9", 9, ImportIssueCode.BAD_VALUE),
    ]
    assert (done.applied, done.rows, done.issues_total) == (False, 7, 6)
    assert (await counties.desk.rooms.listed(ADMIN, Search()))[1] == 1


@pytest.mark.parametrize(
    ("noun", "rows", "issues"),
    [
        (SCHOOLS, [("甲校", "幼儿园", None, None, None)], [("B2", "bad_value")]),
        (
            SCHOOLS,
            [("甲校", "教学点", "2145000001", 1, 1), ("乙校", "教学点", "2145000001", 1, 1)],
            [("C2", "taken"), ("C3", "taken")],
        ),
        (
            DirectoryNoun.TEACHERS,
            [
                ("张", None, None, "中心小学", None),
                ("赵", "A001", "zhao", "中心小学", None),
                ("孙", "A009", "sun", "中心小学", "武术"),
            ],
            [("C2", "login_missing"), ("B3", "taken"), ("E4", "unknown_subject")],
        ),
        (
            DirectoryNoun.PAIRINGS,
            [
                ("山泉教学点", "中心小学", "语文", "2026-09-01", None, None, None),
                ("中心小学", "中心小学", "语文", "2026-09-01", None, None, None),
                ("中心小学", "山泉教学点", "语文", "2026-09-01", "2026-08-01", None, None),
            ],
            [("A2", "not_a_center"), ("B3", "same_school"), ("E4", "ends_before_start")],
        ),
        (
            DirectoryNoun.PAIRINGS,
            [
                ("中心小学", "山泉教学点", "语文", "2026-09-01", "2026-12-31", None, "人教版"),
                ("中心小学", "山泉教学点", "语文", "2026-12-01", None, None, "人教版"),
            ],
            [("D2", "pairing_overlaps"), ("D3", "pairing_overlaps")],
        ),
    ],
)
async def test_rules_between_entries_hold_for_rows_as_for_forms(
    counties: Counties,
    noun: DirectoryNoun,
    rows: list[tuple[Cell, ...]],
    issues: list[tuple[str, str]],
) -> None:
    done = await imported(run_of(counties), noun, sheet(noun, form_titles(noun), rows))
    assert [(one.cell, one.code) for one in done.issues] == issues
    assert not done.applied


async def test_an_id_renames_an_entry_and_is_known_in_its_own_county_only(
    counties: Counties,
) -> None:
    titles = ("编号", *form_titles(ROOMS))
    renamed = sheet(ROOMS, titles, [(counties.room, "山泉教学点", "二年级教室", None)])
    done = await imported(run_of(counties), ROOMS, renamed)
    assert (done.applied, done.changed) == (True, 1)
    room = await counties.desk.rooms.get(ADMIN, counties.room)
    assert (room.name, room.version) == ("二年级教室", 2)
    moved = sheet(ROOMS, titles, [(counties.room, "中心小学", "二年级教室", None)])
    assert [one.code for one in (await imported(run_of(counties), ROOMS, moved)).issues] == [
        ImportIssueCode.CANNOT_MOVE
    ]
    run = run_of(counties, "/cn/c2/")
    run.actor = OTHER
    elsewhere = await imported(run, ROOMS, renamed)
    assert {one.code for one in elsewhere.issues} == {ImportIssueCode.UNKNOWN_ID}


async def test_a_column_that_is_left_out_keeps_what_is_there(counties: Counties) -> None:
    await counties.desk.rooms.change(
        ADMIN, counties.room, RoomChange(name="一年级教室", seats=33, version=1), 1
    )
    data = sheet(ROOMS, ("学校", "教室名称"), [("山泉教学点", "一年级教室")])
    assert (await imported(run_of(counties), ROOMS, data)).unchanged == 1
    lacking = sheet(ROOMS, ("教室名称", "座位数"), [("某教室", 20)])
    (issue,) = (await imported(run_of(counties), ROOMS, lacking)).issues
    assert (issue.code, issue.text) == (ImportIssueCode.COLUMN_MISSING, "学校")
    strange = sheet(ROOMS, ("甲", "乙"), [("1", "2")])
    (issue,) = (await imported(run_of(counties), ROOMS, strange)).issues
    assert issue.code is ImportIssueCode.COLUMN_MISSING


async def test_a_file_that_is_no_workbook_is_refused_by_its_reason(counties: Counties) -> None:
    page = b"<html><body><table><tr><td>1</td></tr></table></body></html>"
    done = await imported(run_of(counties), ROOMS, page)
    assert (done.applied, done.refused) == (False, "workbook_html")


async def test_a_change_while_the_sheet_is_read_stops_the_import(
    counties: Counties, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = importing.judged

    def judged_slowly(*arguments: object) -> object:
        stamps.append(1)
        return judged(*arguments)  # type: ignore[arg-type]

    stamps: list[int] = []
    monkeypatch.setattr(importing, "judged", judged_slowly)
    read_stamp = importing.read_stamp

    async def other_stamp(*arguments: object) -> tuple[int, int]:
        count, versions = await read_stamp(*arguments)  # type: ignore[arg-type]
        return count, versions + 1

    monkeypatch.setattr(importing, "read_stamp", other_stamp)
    data = sheet(ROOMS, form_titles(ROOMS), [("山泉教学点", "新", 1)])
    with pytest.raises(ChangedMeanwhile):
        await imported(run_of(counties), ROOMS, data)
    assert (await counties.desk.rooms.listed(ADMIN, Search()))[1] == 1


async def test_who_lost_the_branch_meanwhile_writes_nothing(counties: Counties) -> None:
    run = run_of(counties)
    run.actor = Actor("x", "x")
    with pytest.raises(Forbidden):
        await imported(run, ROOMS, sheet(ROOMS, form_titles(ROOMS), [("山泉教学点", "新", 1)]))


async def test_provinces_cities_and_counties_come_in_one_sheet(counties: Counties) -> None:
    nodes = DirectoryNoun.NODES
    rows: list[tuple[Cell, ...]] = [
        ("某省", "省", "中国", "450000"),
        ("某市", "市", "某省", "450100"),
        ("某县", "县", "某市", None),
        ("错省", "省", "某市", None),
    ]
    run = run_of(counties, "/cn/")
    run.actor = ROOT
    wrong = await imported(run, nodes, sheet(nodes, form_titles(nodes), rows))
    assert [(one.cell, one.code) for one in wrong.issues] == [("B5", ImportIssueCode.BAD_LEVEL)]
    data = sheet(nodes, form_titles(nodes), rows[:3])
    assert (await imported(run, nodes, data)).added == 3
    assert (await imported(run, nodes, data)).unchanged == 3
    found, _, _ = await counties.desk.nodes.listed(ROOT, Search("某"))
    assert [one.parent for one in found] == ["中国", "某省", "某市"]
    assert found[2].path.startswith(found[1].path)


async def test_a_template_has_the_columns_and_offers_the_names(counties: Counties) -> None:
    data = await exported(run_of(counties), ROOMS, template=True)
    assert cells_of(data) == (("编号", "学校", "教室名称", "座位数", "状态"),)
