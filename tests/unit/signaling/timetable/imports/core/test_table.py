"""Long tables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from signaling.files.workbooks.sheets import Cell, Sheet
from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.imports.core.columns import HEADERS, Field, field_of
from signaling.timetable.imports.core.drafts import Reading, SeatText
from signaling.timetable.imports.core.table import find_header, read_table
from signaling.timetable.imports.wire import ImportReason
from tests.unit.signaling.timetable.imports.core.county import sheet

HEADER: list[Cell] = ["学校", "教室", "班级", "学科", "教师", "星期", "节次", "周次", "听课教室"]
ROW: list[Cell] = [
    "中心小学",
    "多媒体教室",
    "三1班",
    "音乐",
    "张三",
    "星期一",
    3,
    "1-16周",
    "东山教学点/一号教室",
]


def read(one: Sheet, answers: Mapping[str, str | None] | None = None) -> Reading:
    header = find_header(one, answers or {})
    assert header is not None
    return read_table(one, header, answers or {}, 18)


def test_a_row_is_a_lesson() -> None:
    (draft,) = read(sheet([["县专递课堂课表"], HEADER, ROW])).drafts
    assert (draft.school, draft.room, draft.class_name) == ("中心小学", "多媒体教室", "三1班")
    assert (draft.subject, draft.teacher, draft.weekday) == ("音乐", "张三", 1)
    assert (draft.period.first, draft.weeks) == (3, WeekSet.span(1, 16))
    assert draft.seats == (SeatText("东山教学点", "一号教室"),)
    assert draft.source.cell == "D3"


def test_every_header_of_the_template_is_known() -> None:
    assert [field_of(headers[0]) for headers in HEADERS.values()] == list(HEADERS)
    words = [header for headers in HEADERS.values() for header in headers]
    assert len(words) == len(set(words))


def test_optional_columns_have_defaults_and_words() -> None:
    header = [*HEADER, "课堂类型", "授课方式", "课题", "工号", "册次", "章节", "年级"]
    row = [*ROW, "名师课堂", "无生", "大鱼", "1001", "五下", "第三单元", "三年级"]
    plain, full = read(sheet([HEADER, ROW])).drafts[0], read(sheet([header, row])).drafts[0]
    assert (plain.class_kind, plain.delivery_mode) == (
        ClassKind.DEDICATED,
        DeliveryMode.LEAD_WITH_PUPILS,
    )
    assert (full.class_kind, full.delivery_mode, full.title) == (
        ClassKind.MASTER,
        DeliveryMode.LEAD_WITHOUT_PUPILS,
        "大鱼",
    )
    assert (full.staff_no, full.textbook_volume, full.textbook_section) == (
        "1001",
        "五下",
        "第三单元",
    )


@pytest.mark.parametrize(
    ("header", "cells", "seats"),
    [
        (
            ["听课教室"],
            ["东山教学点/一号教室(三年级)、西河教学点/二号教室"],
            [("东山教学点", "一号教室(三年级)", ""), ("西河教学点", "二号教室", "")],
        ),
        (
            ["听课学校", "听课教室", "听课班级"],
            ["东山教学点\n西河教学点", "一号教室\n二号教室", "三年级\n四年级"],
            [("东山教学点", "一号教室", "三年级"), ("西河教学点", "二号教室", "四年级")],
        ),
        (["教学点"], ["东山教学点；西河教学点"], [("东山教学点", "", ""), ("西河教学点", "", "")]),
        (
            ["听课学校", "听课教室"],
            ["东山教学点", "一号教室,二号教室"],
            [("东山教学点", "一号教室", ""), ("东山教学点", "二号教室", "")],
        ),
        (["听课教室"], [None], []),
    ],
)
def test_who_listens(
    header: list[Cell], cells: list[Cell], seats: list[tuple[str, str, str]]
) -> None:
    (draft,) = read(sheet([[*HEADER[:8], *header], [*ROW[:8], *cells]])).drafts
    assert draft.seats == tuple(SeatText(*seat) for seat in seats)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (3, None, ImportReason.NO_SUBJECT),
        (5, "星期八", ImportReason.BAD_DAY),
        (5, None, ImportReason.BAD_DAY),
        (6, None, ImportReason.NO_PERIOD),
        (7, "十几周", ImportReason.BAD_WEEKS),
        (7, "1-40周", ImportReason.WEEKS_BEYOND_TERM),
    ],
)
def test_a_cell_that_cannot_be_taken_is_told_and_its_row_left(
    column: int, value: Cell, reason: ImportReason
) -> None:
    bad = [*ROW[:column], value, *ROW[column + 1 :]]
    reading = read(sheet([HEADER, bad, ROW]))
    (finding,) = reading.findings
    assert (finding.source.cell, finding.reason) == (f"{'ABCDEFGHI'[column]}2", reason)
    assert len(reading.drafts) == 1


def test_headers_again_and_empty_rows_are_no_lessons() -> None:
    assert len(read(sheet([HEADER, ROW, HEADER, [None], ROW])).drafts) == 2


def test_merged_cells_count_for_all_their_rows() -> None:
    second = [None, None, None, "美术", "李四", "星期二", 4]
    found = read(sheet([HEADER, ROW, second], [(1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 2, 2)])).drafts
    assert [draft.school for draft in found] == ["中心小学", "中心小学"]


def test_a_header_that_nobody_knows_is_answered_once() -> None:
    header = [*HEADER[:3], "教什么", *HEADER[4:]]
    one = sheet([header, ROW])
    assert find_header(one, {}) is None
    reading = read(one, {"教什么": Field.SUBJECT, "教师": None})
    assert (reading.drafts[0].subject, reading.drafts[0].teacher) == ("音乐", "")
    assert [seen.field for seen in reading.headers][3:5] == [Field.SUBJECT, None]


def test_a_grid_is_no_table() -> None:
    assert find_header(sheet([["节次", "星期一"], [1, "语文"]]), {}) is None
