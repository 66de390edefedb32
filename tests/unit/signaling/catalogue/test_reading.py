"""Files that are read as a catalogue."""

import io
import json
from typing import Any

import pytest
import xlsxwriter

from signaling.catalogue.reading import CatalogueRefused, read_catalogue
from signaling.catalogue.rules import Book
from signaling.catalogue.wire import CatalogueFault, CatalogueStage
from signaling.files.workbooks.refusals import WorkbookRefused

BOOK = Book(CatalogueStage.PRIMARY, "语文", "统编版", "一年级", "上册")


def tag(name: str, *below: dict[str, Any]) -> dict[str, Any]:
    """One entry in the shape of the national platform's tag file."""
    groups = [{"hierarchy_name": "x", "children": list(below)}] if below else None
    return {"tag_id": "0", "tag_name": name, "hierarchies": groups}


def _bytes(*tags: dict[str, Any]) -> bytes:
    return json.dumps(tag("教材", *tags), ensure_ascii=False).encode()


def test_a_tag_file_gives_books_and_their_chapters_in_order() -> None:
    volume = tag("上册", tag("第一单元", tag("1 春"), tag("2 济南的冬天")), tag("第二单元"))
    file = read_catalogue(_bytes(tag("小学", tag("语文", tag("统编版", tag("一年级", volume))))))
    assert file.books == {
        BOOK: ["第一单元", "第一单元 / 1 春", "第一单元 / 2 济南的冬天", "第二单元"]
    }


def test_books_of_the_senior_stage_have_no_grade() -> None:
    file = read_catalogue(
        _bytes(tag("高中", tag("物理", tag("人教版", tag("必修 第一册", tag("第一章 运动"))))))
    )
    assert file.books == {
        Book(CatalogueStage.SENIOR, "物理", "人教版", "", "必修 第一册"): ["第一章 运动"]
    }


def test_other_schools_and_paths_that_end_early_are_counted_not_guessed() -> None:
    file = read_catalogue(
        _bytes(
            tag("特殊教育", tag("盲校")),
            tag("小学(五•四学制)", tag("语文", tag("统编版", tag("一年级", tag("上册"))))),
            tag("初中", tag("历史")),
        )
    )
    assert (file.books, file.skipped) == ({BOOK: []}, 2)


def test_a_workbook_has_a_row_for_each_chapter() -> None:
    made = io.BytesIO()
    workbook = xlsxwriter.Workbook(made)
    sheet = workbook.add_worksheet()
    rows = (
        ("学段", "学科", "版本", "年级", "册次", "单元", "课", "备注"),
        ("小学", "语文", "统编版", "一年级", "上册", "第一单元", "1 春", "x"),
        ("小学", "语文", "统编版", "一年级", "上册", "第二单元", "", ""),
        ("大学", "语文", "统编版", "", "上册", "", "", ""),
    )
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    workbook.close()
    file = read_catalogue(made.getvalue())
    assert (file.books, file.skipped) == ({BOOK: ["第一单元 / 1 春", "第二单元"]}, 1)


def _nested(depth: int) -> bytes:
    start, end = b'{"tag_name":"x","hierarchies":[{"children":[', b"]}]}"
    return b'{"tag_name":"x","hierarchies":[{"children":[' + start * depth + end * depth + b"]}]}"


_LONG = tag("上册", *(tag(f"第{number}课") for number in range(1_001)))
_MANY = _bytes(tag("小学", tag("语文", tag("统编版", tag("一年级", _LONG)))))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"{", CatalogueFault.NOT_JSON),
        (b'{"hierarchies": 3}', CatalogueFault.NOT_JSON),
        (b"[]", CatalogueFault.NO_BOOKS),
        (_bytes(tag("大学")), CatalogueFault.NO_BOOKS),
        (_nested(40), CatalogueFault.TOO_DEEP),
        (_nested(50_000), CatalogueFault.TOO_DEEP),
        ("学段,学科\n小学,语文\n".encode(), CatalogueFault.NO_COLUMNS),
        (_MANY, CatalogueFault.TOO_MANY),
        (b"[" + b" " * 20_000_000, CatalogueFault.TOO_MANY),
    ],
)  # fmt: skip
def test_a_file_that_is_no_catalogue_is_refused_with_its_reason(
    data: bytes, fault: CatalogueFault
) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        read_catalogue(data)
    assert refused.value.fault is fault


def test_a_picture_is_refused_as_a_workbook() -> None:
    with pytest.raises(WorkbookRefused):
        read_catalogue(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
