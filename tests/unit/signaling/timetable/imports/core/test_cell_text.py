"""Cells of a grid: one reading or a reason, never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.core.weeks import WeekSet, format_weeks
from signaling.timetable.imports.core.cell_text import (
    CellLesson,
    UnreadableCell,
    is_blank,
    read_cell,
)
from signaling.timetable.imports.wire import ImportReason
from tests.unit.signaling.timetable.imports.core.county import SUBJECTS, TEACHERS, catalogue

WORDS = catalogue()
LAST = 18


def read(text: str) -> list[tuple[str, ...]]:
    """Subject, teacher, room and weeks of each lesson."""
    return [
        (one.subject, one.teacher, one.room, format_weeks(one.weeks or WeekSet(), LAST))
        for one in read_cell(text, WORDS, LAST)
    ]


@pytest.mark.parametrize(
    ("text", "lessons"),
    [
        ("语文\n张三", [("语文", "张三", "", "")]),
        ("语文(张三)", [("语文", "张三", "", "")]),
        ("张三 语文", [("语文", "张三", "", "")]),
        ("语文/张三", [("语文", "张三", "", "")]),
        ("语文/张三/多媒体教室", [("语文", "张三", "多媒体教室", "")]),
        ("科学(单)/书法(双)", [("科学", "", "", "单周"), ("书法", "", "", "双周")]),
        (
            "科学（单周）张三\n书法（双周）李四",
            [("科学", "张三", "", "单周"), ("书法", "李四", "", "双周")],
        ),
        (
            "科学\n张三(单)/书法\n李四(双)",
            [("科学", "张三", "", "单周"), ("书法", "李四", "", "双周")],
        ),
        ("音乐[1-8周]/美术[9-16周]", [("音乐", "", "", "1-8周"), ("美术", "", "", "9-16周")]),
        ("数学[1-16周]", [("数学", "", "", "1-16周")]),
        ("数学【1～16周】王五", [("数学", "王五", "", "1-16周")]),
        ("数学1-4,6-17周 王五 多媒体教室", [("数学", "王五", "多媒体教室", "1-4,6-17周")]),
        ("数学{第1-9周(单)}", [("数学", "", "", "1-9周(单)")]),
        ("数学 1-9周 单", [("数学", "", "", "1-9周(单)")]),
        ("数学◇1-16周◇王五", [("数学", "王五", "", "1-16周")]),
        ("数学 每周", [("数学", "", "", "1-18周")]),
        ("双语", [("双语", "", "", "")]),  # 双 in a name is no 双周
        ("剪纸 周大福", [("剪纸", "周大福", "", "")]),  # nobody knows them: by their places
        ("李至刚", [("李至刚", "", "", "")]),  # 至 is a dash between numbers only
        ("剪纸(单)/舞蹈(双)", [("剪纸", "", "", "单周"), ("舞蹈", "", "", "双周")]),
    ],
)
def test_what_schools_write(text: str, lessons: list[tuple[str, ...]]) -> None:
    assert read(text) == lessons


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [("体育 8-9节", 8, 2), ("体育第3节", 3, 1), ("体育◇0102节", 1, 2), ("体育(3、4节)", 3, 2)],
)
def test_a_cell_may_name_its_periods(text: str, first: int, count: int) -> None:
    (lesson,) = read_cell(text, WORDS, LAST)
    assert lesson.period is not None
    assert (lesson.subject, lesson.period.first, lesson.period.count) == ("体育", first, count)


@pytest.mark.parametrize("text", ["", "/", "-", "——", "无", "×", "  "])
def test_marks_of_an_empty_cell(text: str) -> None:
    assert is_blank(text)
    assert read_cell(text, WORDS, LAST) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("剪纸/舞蹈", ImportReason.UNCLEAR_SLASH),
        ("科学/剪纸", ImportReason.UNCLEAR_SLASH),
        ("科学/书法", ImportReason.TWO_WITHOUT_WEEKS),
        ("科学(单)/书法", ImportReason.TWO_WITHOUT_WEEKS),
        ("张三", ImportReason.NO_SUBJECT),
        ("1-16周", ImportReason.NO_SUBJECT),
        ("(单)", ImportReason.NO_SUBJECT),
        ("语文[9-99周]", ImportReason.WEEKS_BEYOND_TERM),
        ("语文[9-3周]", ImportReason.BAD_WEEKS),
        ("语文(单)(双)", ImportReason.WEEKS_EMPTY),
        ("语文 张三 李四", ImportReason.TOO_MANY_WORDS),
        ("语文 a b c", ImportReason.TOO_MANY_WORDS),
        ("语文 1节 2节", ImportReason.TOO_MANY_WORDS),
        ("语文 1、3节", ImportReason.BAD_PERIOD),
        ("字" * 401, ImportReason.TEXT_TOO_LONG),
        ("\n".join(f"{subject}(单)" for subject in SUBJECTS), ImportReason.TOO_MANY_WORDS),
    ],
)
def test_what_has_no_one_reading_has_a_reason(text: str, reason: ImportReason) -> None:
    with pytest.raises(UnreadableCell) as unread:
        read_cell(text, WORDS, LAST)
    assert unread.value.reason is reason


# --- properties ----------------------------------------------------------------------------------

weeks = st.sets(st.integers(1, LAST), min_size=1).map(WeekSet.of)


@st.composite
def lessons(draw: st.DrawFn) -> list[CellLesson]:
    """One or two lessons, told apart by weeks."""
    subjects = draw(st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=2, unique=True))
    return [
        CellLesson(
            subject,
            draw(st.sampled_from(("", *TEACHERS[1:]))),
            draw(st.sampled_from(("", "多媒体教室"))),
            weeks=draw(weeks) if len(subjects) > 1 else draw(st.none() | weeks),
        )
        for subject in subjects
    ]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, list[CellLesson]]:
    """Lessons, and a cell in which a school may write them."""
    wanted = draw(lessons())
    gap = draw(st.sampled_from(("\n", " ", "  ", "◇")))
    brackets = draw(st.sampled_from(("[]", "()", "（）", "【】", "{}")))
    parts = []
    for one in wanted:
        words = [one.subject, one.teacher, one.room]
        if one.weeks is not None:
            text = brackets[0] + format_weeks(one.weeks, LAST) + brackets[1]
            place = draw(st.sampled_from((0, 1, 2)))
            words[place] += text
        parts.append(gap.join(filter(None, words)))
    return draw(st.sampled_from(("/", "\n", "／"))).join(parts), wanted


@given(written())
def test_what_is_written_is_read(cell: tuple[str, list[CellLesson]]) -> None:
    text, wanted = cell
    assert list(read_cell(text, WORDS, LAST)) == wanted


@given(st.text(st.sampled_from("语文数学科张三李/()（）[]【】1-9,、周单双节第至~ \n◇:0123456789")))
def test_any_cell_is_read_or_has_a_reason(text: str) -> None:
    try:
        found = read_cell(text, WORDS, LAST)
    except UnreadableCell as unread:
        assert unread.reason in ImportReason
    else:
        assert all(one.subject for one in found)
        assert len(found) < 2 or all(one.weeks for one in found)
