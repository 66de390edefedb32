"""Grids as schools lay them out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from signaling.files.workbooks.sheets import Cell, Sheet
from signaling.timetable.imports.core.drafts import Reading
from signaling.timetable.imports.core.grid import read_grid
from signaling.timetable.imports.wire import ImportReason
from tests.unit.signaling.timetable.imports.core.county import catalogue, sheet

WORDS = catalogue()


def read(one: Sheet) -> Reading:
    return read_grid(one, WORDS, 18, "中心小学")


def drafts(one: Sheet) -> list[tuple[object, ...]]:
    """Cell, day, period, class, subject and teacher of each lesson; nothing may stay unread."""
    reading = read(one)
    assert reading.findings == []
    return [
        (
            draft.source.cell,
            draft.weekday,
            draft.period.first or draft.period.text,
            draft.class_name,
            draft.subject,
            draft.teacher,
        )
        for draft in reading.drafts
    ]


def test_one_class_under_a_title() -> None:
    rows: list[list[Cell]] = [
        ["三年级1班课程表", None, None],
        ["节次", "星期一", "星期二"],
        [1, "语文\n张三", "数学\n王五"],
        ["午休", "午休", "午休"],
        [2, "体育", "/"],
        ["早读", "语文", None],
    ]
    assert drafts(sheet(rows, [(0, 0, 0, 2), (3, 0, 3, 2)])) == [
        ("B3", 1, 1, "三年级1班", "语文", "张三"),
        ("C3", 2, 1, "三年级1班", "数学", "王五"),
        ("B5", 1, 2, "三年级1班", "体育", ""),
        ("B6", 1, "早读", "三年级1班", "语文", ""),
    ]


def test_classes_below_merged_days() -> None:
    rows: list[list[Cell]] = [
        ["节次", "星期一", None, "星期二", None],
        [None, "三1班", "三2班", "三1班", "三2班"],
        ["第一节", "语文 张三", "数学", "科学(单)/书法(双)", "体育"],
        ["第二节", None, None, None, None],
    ]
    assert drafts(sheet(rows, [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)])) == [
        ("B3", 1, 1, "三1班", "语文", "张三"),
        ("C3", 1, 1, "三2班", "数学", ""),
        ("D3", 2, 1, "三1班", "科学", ""),
        ("D3", 2, 1, "三1班", "书法", ""),
        ("E3", 2, 1, "三2班", "体育", ""),
    ]


def test_days_below_merged_classes() -> None:
    rows: list[list[Cell]] = [
        ["节次", "三1班", None, "三2班", None],
        [None, "周一", "周二", "周一", "周二"],
        ["1", "语文", "数学", "英语", "科学"],
        ["2", "体育", None, None, None],
    ]
    assert drafts(sheet(rows, [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4)])) == [
        ("B3", 1, 1, "三1班", "语文", ""),
        ("C3", 2, 1, "三1班", "数学", ""),
        ("D3", 1, 1, "三2班", "英语", ""),
        ("E3", 2, 1, "三2班", "科学", ""),
        ("B4", 1, 2, "三1班", "体育", ""),
    ]


def test_classes_beside_and_periods_below_merged_days() -> None:
    rows: list[list[Cell]] = [
        ["序号", "班级", "星期一", None, "星期二", None],
        [None, None, 1, 2, 1, 2],
        [1, "三(1)班", "语文", "数学", "科学", "体育"],
        [2, "三(2)班", "英语", None, "音乐", None],
    ]
    merged = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5), (3, 4, 3, 5)]
    found = read(sheet(rows, merged)).drafts
    assert [
        (d.weekday, d.period.first, d.period.count, d.class_name, d.subject) for d in found
    ] == [
        (1, 1, 1, "三(1)班", "语文"),
        (1, 2, 1, "三(1)班", "数学"),
        (2, 1, 1, "三(1)班", "科学"),
        (2, 2, 1, "三(1)班", "体育"),
        (1, 1, 1, "三(2)班", "英语"),
        (2, 1, 2, "三(2)班", "音乐"),  # merged over both periods
    ]


def test_merged_days_and_periods_beside() -> None:
    rows: list[list[Cell]] = [
        ["星期", "节次", "三1班", "三2班"],
        ["星期一", 1, "语文", "数学"],
        [None, 2, "英语", None],
        ["星期二", 1, "科学", "体育"],
        [None, 2, None, "音乐"],
    ]
    assert [row[1:5] for row in drafts(sheet(rows, [(1, 0, 2, 0), (3, 0, 4, 0)]))] == [
        (1, 1, "三1班", "语文"),
        (1, 1, "三2班", "数学"),
        (1, 2, "三1班", "英语"),
        (2, 1, "三1班", "科学"),
        (2, 1, "三2班", "体育"),
        (2, 2, "三2班", "音乐"),
    ]


@pytest.mark.parametrize("merged", [True, False])
def test_subject_and_teacher_in_two_rows_of_a_period(merged: bool) -> None:
    rows: list[list[Cell]] = [
        ["三年级1班"],
        ["节次", "星期一", "星期二"],
        [1, "语文", "数学"],
        [None, "张三", "王五"],
        [2, "体育", "音乐"],
        [None, "赵六", "李四"],
    ]
    areas = [(2, 0, 3, 0), (4, 0, 5, 0)] if merged else []
    assert [row[2:] for row in drafts(sheet(rows, areas))] == [
        (1, "三年级1班", "语文", "张三"),
        (1, "三年级1班", "数学", "王五"),
        (2, "三年级1班", "体育", "赵六"),
        (2, "三年级1班", "音乐", "李四"),
    ]


def test_a_lesson_merged_over_two_periods() -> None:
    rows: list[list[Cell]] = [
        ["三年级1班", None, None],
        ["节次", "星期一", "星期二"],
        ["第3节", "美术", "数学"],
        ["第4节", None, "语文"],
    ]
    found = read(sheet(rows, [(0, 0, 0, 2), (2, 1, 3, 1)])).drafts
    assert [(d.weekday, d.period.first, d.period.count, d.subject) for d in found] == [
        (1, 3, 2, "美术"),
        (2, 3, 1, "数学"),
        (2, 4, 1, "语文"),
    ]


def test_tables_one_below_the_other() -> None:
    rows: list[list[Cell]] = [
        ["三年级1班课程表", None, None],
        ["节次", "星期一", "星期二"],
        [1, "语文", "数学"],
        [2, None, None],
        [None, None, None],
        ["三年级2班课程表", None, None],
        ["节次", "星期一", "星期二"],
        [1, "英语", "科学"],
    ]
    assert [row[1:5] for row in drafts(sheet(rows, [(0, 0, 0, 2), (5, 0, 5, 2)]))] == [
        (1, 1, "三年级1班", "语文"),
        (2, 1, "三年级1班", "数学"),
        (1, 1, "三年级2班", "英语"),
        (2, 1, "三年级2班", "科学"),
    ]


def test_numbers_that_begin_anew_in_the_afternoon_name_no_period() -> None:
    rows: list[list[Cell]] = [
        ["三年级1班", None, None, None],
        [None, "节次", "星期一", "星期二"],
        ["上午", 1, "语文", "数学"],
        [None, 2, "语文", "数学"],
        ["下午", 1, "体育", "音乐"],
    ]
    found = drafts(sheet(rows, [(0, 0, 0, 3), (2, 0, 3, 0)]))
    assert [row[2] for row in found] == [1, 1, 2, 2, "下午1", "下午1"]


def test_class_of_the_sheet_and_lessons_of_one_teacher() -> None:
    rows: list[list[Cell]] = [["节次", "周一", "周二"], [1, "语文", None], [2, None, "数学"]]
    found = drafts(sheet(rows, name="三年级1班"))
    assert [row[3] for row in found] == ["三年级1班", "三年级1班"]
    rows = [["节次", "周一", "周二"], [1, "语文 三1班", None], [2, None, "数学 三(2)班"]]
    found = drafts(sheet(rows, name="王五"))
    assert [row[3:] for row in found] == [("三1班", "语文", "王五"), ("三年级2班", "数学", "王五")]


@pytest.mark.parametrize(
    ("rows", "cell", "reason"),
    [
        ([["填表说明"], ["一、请勿改动表头"]], "A1", ImportReason.NO_LAYOUT),
        (
            [["节次", "周一", "周二", None], [1, "语文", None, "数学"], [2]],
            "D2",
            ImportReason.NO_DAY,
        ),
        (
            [["节次", "周一", "周二"], [1, "语文 张三 李四"], [2, "英语"]],
            "B2",
            ImportReason.TOO_MANY_WORDS,
        ),
        ([["节次", "周一", "周二"], [1, "语文 1-99周"], [2]], "B2", ImportReason.WEEKS_BEYOND_TERM),
        ([["节次", "周一", "周二"], [1, "语文 三2班"], [2]], "B2", ImportReason.TOO_MANY_WORDS),
    ],
)
def test_cells_that_are_not_read_are_told(
    rows: Sequence[Sequence[Cell]], cell: str, reason: ImportReason
) -> None:
    findings = read(sheet(rows, name="三1班")).findings
    assert [(one.source.cell, one.reason) for one in findings] == [(cell, reason)]


def test_a_lesson_without_a_class_is_told() -> None:
    findings = read(sheet([["节次", "周一", "周二"], [1, "语文"], [2, None, "数学"]])).findings
    assert [(one.source.cell, one.reason) for one in findings] == [
        ("B2", ImportReason.NO_CLASS),
        ("C3", ImportReason.NO_CLASS),
    ]
