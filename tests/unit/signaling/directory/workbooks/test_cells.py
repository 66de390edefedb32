"""Cells and values: what is written is read again, and what cannot be has a reason."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.directory.wire import OrgLevel, SchoolKind
from signaling.directory.workbooks.cells import BadCell, Names, cell_of, value_of
from signaling.directory.workbooks.forms import FORMS, Refers
from signaling.directory.workbooks.wire import DirectoryNoun, ImportIssueCode
from signaling.files.workbooks.sheets import Cell


def names(code: ImportIssueCode, **known: str) -> Names:
    made = Names(code)
    for entry_id, name in known.items():
        made.add(entry_id, name)
    return made


REFERENCES = {
    Refers.SCHOOL: names(
        ImportIssueCode.UNKNOWN_SCHOOL, s1="中心小学", s2="山泉教学点", s3="山泉教学点"
    ),
    Refers.SUBJECTS: names(ImportIssueCode.UNKNOWN_SUBJECT, y="语文", m="美术"),
    Refers.NODE: names(ImportIssueCode.UNKNOWN_NODE, c1="青山县"),
}


def read(noun: DirectoryNoun, field: str, cell: Cell) -> Any:
    form = FORMS[noun]
    return value_of(form, form.column(field), cell, REFERENCES)


@pytest.mark.parametrize(
    ("noun", "field", "cell", "value"),
    [
        (DirectoryNoun.SCHOOLS, "kind", " 教学点 ", SchoolKind.TEACHING_POINT),
        (DirectoryNoun.SCHOOLS, "uplink_mbps", 4, 4.0),
        (DirectoryNoun.SCHOOLS, "uplink_mbps", "4.5", 4.5),
        (DirectoryNoun.SCHOOLS, "code", 2145000001, "2145000001"),
        (DirectoryNoun.ROOMS, "school_id", "中心小学", "s1"),
        (DirectoryNoun.ROOMS, "seats", "40", 40),
        (DirectoryNoun.ROOMS, "seats", None, None),
        (DirectoryNoun.TEACHERS, "staff_no", 1002, "1002"),
        (DirectoryNoun.TEACHERS, "subject_ids", "语文,美术、语文", ("m", "y")),
        (DirectoryNoun.TEACHERS, "subject_ids", None, ()),
        (DirectoryNoun.PAIRINGS, "valid_from", date(2026, 9, 1), date(2026, 9, 1)),
        (DirectoryNoun.PAIRINGS, "valid_from", "2026年9月1日", date(2026, 9, 1)),
        (DirectoryNoun.PAIRINGS, "valid_from", "2026.9.1", date(2026, 9, 1)),
        (DirectoryNoun.CLASSES, "name", "2026.9.1", "2026.9.1"),  # a name is no date
        (DirectoryNoun.NODES, "level", "县", OrgLevel.COUNTY),
    ],
)
def test_cells_as_offices_write_them(
    noun: DirectoryNoun, field: str, cell: Cell, value: object
) -> None:
    assert read(noun, field, cell) == value


@pytest.mark.parametrize(
    ("noun", "field", "cell", "code"),
    [
        (DirectoryNoun.SCHOOLS, "kind", "幼儿园", ImportIssueCode.BAD_VALUE),
        (DirectoryNoun.SCHOOLS, "code", "12", ImportIssueCode.BAD_VALUE),
        (DirectoryNoun.ROOMS, "seats", 4.5, ImportIssueCode.BAD_VALUE),
        (DirectoryNoun.ROOMS, "name", "教\u202e室", ImportIssueCode.TEXT_NOT_CLEAN),
        (DirectoryNoun.ROOMS, "school_id", "别校", ImportIssueCode.UNKNOWN_SCHOOL),
        (DirectoryNoun.ROOMS, "school_id", "山泉教学点", ImportIssueCode.AMBIGUOUS),
        (DirectoryNoun.TEACHERS, "subject_ids", "语文、武术", ImportIssueCode.UNKNOWN_SUBJECT),
        (DirectoryNoun.PAIRINGS, "valid_from", "2026.13.1", ImportIssueCode.BAD_VALUE),
        (DirectoryNoun.PAIRINGS, "valid_from", "九月", ImportIssueCode.BAD_VALUE),
    ],
)
def test_cells_that_cannot_be_have_a_reason(
    noun: DirectoryNoun, field: str, cell: Cell, code: ImportIssueCode
) -> None:
    with pytest.raises(BadCell) as bad:
        read(noun, field, cell)
    assert bad.value.code is code


VALUES: dict[tuple[DirectoryNoun, str], st.SearchStrategy[Any]] = {
    (DirectoryNoun.SCHOOLS, "kind"): st.sampled_from(SchoolKind),
    (DirectoryNoun.SCHOOLS, "uplink_mbps"): st.none() | st.floats(0.5, 1000),
    (DirectoryNoun.ROOMS, "seats"): st.none() | st.integers(0, 100_000),
    (DirectoryNoun.ROOMS, "school_id"): st.just("s1"),
    (DirectoryNoun.TEACHERS, "subject_ids"): st.sampled_from([(), ("y",), ("m", "y")]),
    (DirectoryNoun.PAIRINGS, "valid_to"): st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
}


@given(st.data())
def test_a_value_survives_its_cell(data: st.DataObject) -> None:
    (noun, field), strategy = data.draw(st.sampled_from(sorted(VALUES.items(), key=repr)))
    value = data.draw(strategy)
    column = FORMS[noun].column(field)
    assert read(noun, field, cell_of(column, value, REFERENCES)) == value
