"""A small county by name, for tests of imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from signaling.files.workbooks.sheets import Cell, Place, Range, Sheet
from signaling.timetable.core.bells import Period
from signaling.timetable.imports.core.catalogue import (
    Catalogue,
    Index,
    Named,
    Pairing,
    SchoolClass,
    class_key,
)

SUBJECTS = ("语文", "数学", "英语", "科学", "书法", "体育", "音乐", "美术")
TEACHERS = ("张三", "李四", "王五", "赵六", "孙七")
PERIODS = tuple(
    Period(number, time(8 + (number - 1), 20), time(9 + (number - 1), 0)) for number in range(1, 8)
)


def catalogue(**changes: object) -> Catalogue:
    """One centre school with two classes and two points; 张三 teaches at both."""
    values: dict[str, object] = {
        "schools": Index(
            [
                Named("center", "中心小学"),
                Named("east", "东山教学点"),
                Named("west", "西河教学点"),
            ]
        ),
        "rooms": Index(
            [
                Named("c1", "三年级1班教室", "center"),
                Named("cm", "多媒体教室", "center"),
                Named("e1", "一号教室", "east"),
                Named("w1", "一号教室", "west"),
                Named("w2", "二号教室(西)", "west"),
            ]
        ),
        "classes": Index(
            [
                SchoolClass("k31", "三年级1班", "center", grade="三年级"),
                SchoolClass("k32", "三年级2班", "center", grade="三年级"),
                SchoolClass("e3", "三年级", "east", grade="三年级"),
                SchoolClass("w3", "三年级", "west", grade="三年级"),
            ],
            class_key,
        ),
        "subjects": Index([Named(f"s{n}", name) for n, name in enumerate(SUBJECTS)]),
        "teachers": Index(
            [
                *(Named(f"t{n}", name, "center", f"100{n}") for n, name in enumerate(TEACHERS)),
                Named("t-east", "张三", "east", "2001"),
            ]
        ),
        "pairings": (
            Pairing("center", "east", frozenset(("s6", "s7"))),
            Pairing("center", "west", frozenset(("s6",))),
        ),
        "bells": {"": (PERIODS,)},
    }
    return Catalogue(**{**values, **changes})  # type: ignore[arg-type]


def sheet(
    rows: Sequence[Sequence[Cell]],
    merged: Sequence[tuple[int, int, int, int]] = (),
    name: str = "课表",
) -> Sheet:
    """A sheet; a merged range is first row, first column, last row, last column."""
    width = max(map(len, rows))
    filled = tuple(tuple(row) + (None,) * (width - len(row)) for row in rows)
    ranges = tuple(Range(Place(a, b), Place(c, d)) for a, b, c, d in merged)
    return Sheet(name, filled, ranges)
