"""The textbook catalogue: the names that ship, what an import changes, what may be chosen. Pure.

Names of 学段, 学科, 版本, 年级 and 册 are facts and ship with the program. Chapters come by import
of the operator's own file. Nothing of a book's contents is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from signaling.catalogue.wire import CatalogueChange, CatalogueChangeKind, CatalogueStage

MAX_NAME = 80  # characters of one name, as metadata takes them
MAX_SECTION = 200  # characters of the path of one chapter
MAX_BOOKS = 20_000  # of one county; the national platform lists some 3,600
MAX_CHAPTERS = 400_000  # of one county
MAX_CHAPTERS_OF_BOOK = 1_000
JOINER = " / "  # between a unit and its lesson, in one section

STAGE_NAMES: Mapping[str, CatalogueStage] = {
    "小学": CatalogueStage.PRIMARY,
    "初中": CatalogueStage.JUNIOR,
    "高中": CatalogueStage.SENIOR,
}
_COMMON = ("语文", "数学", "英语")
SUBJECTS: Mapping[CatalogueStage, tuple[str, ...]] = {
    CatalogueStage.PRIMARY: (
        *_COMMON, "道德与法治", "科学", "音乐", "美术", "体育与健康", "信息科技", "劳动",
        "书法练习指导", "综合实践活动",
    ),
    CatalogueStage.JUNIOR: (
        *_COMMON, "道德与法治", "历史", "地理", "物理", "化学", "生物学", "科学", "音乐", "美术",
        "体育与健康", "信息科技", "劳动", "日语", "俄语",
    ),
    CatalogueStage.SENIOR: (
        *_COMMON, "思想政治", "历史", "地理", "物理", "化学", "生物学", "音乐", "美术",
        "体育与健康", "信息技术", "通用技术", "日语", "俄语",
    ),
}  # fmt: skip
EDITIONS = (
    "统编版", "人教版", "北师大版", "苏教版", "外研社版", "教科版", "湘教版", "冀教版", "沪教版",
    "沪科版", "沪粤版", "青岛版", "西南大学版", "浙教版", "华东师大版", "鲁科版", "粤教版",
    "人音版", "人美版", "岭南版", "译林版", "科普版", "大象版", "鄂教版", "接力版", "晋人版",
    "中图版", "商务星球版",
)  # fmt: skip
GRADES: Mapping[CatalogueStage, tuple[str, ...]] = {
    CatalogueStage.PRIMARY: ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级"),
    CatalogueStage.JUNIOR: ("七年级", "八年级", "九年级"),
    CatalogueStage.SENIOR: ("高一", "高二", "高三"),
}
_SCHOOL_VOLUMES = ("上册", "下册", "全一册")
VOLUMES: Mapping[CatalogueStage, tuple[str, ...]] = {
    CatalogueStage.PRIMARY: _SCHOOL_VOLUMES,
    CatalogueStage.JUNIOR: _SCHOOL_VOLUMES,
    CatalogueStage.SENIOR: (
        "必修", "必修 上册", "必修 下册", "必修 第一册", "必修 第二册", "必修 第三册",
        "选择性必修 上册", "选择性必修 中册", "选择性必修 下册", "选择性必修 第一册",
        "选择性必修 第二册", "选择性必修 第三册", "选择性必修 第四册",
    ),
}  # fmt: skip
_GRADE = re.compile("^([一二三四五六七八九]年级|高[一二三]|[1-9]年级)$")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, order=True)
class Book:
    """One textbook by its names; `grade` is empty where a book is not made for one grade."""

    stage: CatalogueStage
    subject: str
    edition: str
    grade: str
    volume: str


@dataclass(slots=True)
class Known:
    """A book in the catalogue: whether an import dropped it, and its sections with their places.

    `gone` are sections that an import dropped. They are kept, since resources may name them.
    """

    sections: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


Books = Mapping[Book, Sequence[str]]  # the sections of each book, in order


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference between a file and the catalogue.

    Attributes:
        new_books: not in the catalogue yet.
        sections: for each book that changes, all its sections in order.
        gone: for each book, sections that the file no longer has.
        changes: one line for each difference, in the order of the file.
        unchanged: sections that stay as they are.
    """

    new_books: tuple[Book, ...]
    sections: Mapping[Book, tuple[str, ...]]
    gone: Mapping[Book, tuple[str, ...]]
    changes: tuple[CatalogueChange, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether the file says what the catalogue has."""
        return not self.changes


def clean_name(text: str, longest: int = MAX_NAME) -> str:
    """Return a name in the one form in which it is kept: NFC, single spaces, no control."""
    plain = "".join(
        one if unicodedata.category(one)[0] != "C" else " "
        for one in unicodedata.normalize("NFC", text)
    )
    return _SPACES.sub(" ", plain).strip()[:longest].strip()


def stage_of(name: str) -> CatalogueStage | None:
    """Return the stage of a name such as 小学 or 初中(五四学制); None for another school."""
    return next((stage for words, stage in STAGE_NAMES.items() if name.startswith(words)), None)


def is_grade(name: str) -> bool:
    """Return whether a name is a grade's."""
    return _GRADE.match(name) is not None


def section_of(parts: Iterable[str]) -> str:
    """Return the section of a chapter below others, such as 第二单元 / 6 一个豆荚里的五粒豆."""
    return clean_name(JOINER.join(filter(None, map(clean_name, parts))), MAX_SECTION)


def plan(file: Books, known: Mapping[Book, Known]) -> Plan:
    """Compare a file with the catalogue. What the file does not name stays as it is."""
    new: list[Book] = []
    wanted: dict[Book, tuple[str, ...]] = {}
    gone: dict[Book, tuple[str, ...]] = {}
    changes: list[CatalogueChange] = []
    unchanged = 0
    for book, named in file.items():
        sections = tuple(dict.fromkeys(named))
        before = known.get(book)
        if before is None:
            new.append(book)
            changes.append(_change(CatalogueChangeKind.NEW, book, ""))
            before = Known()
        told = list(_differences(book, sections, before))
        changes += told
        left = tuple(_left(sections, before))
        if told:
            wanted[book] = sections
        if left:
            gone[book] = left
        unchanged += len(sections) - sum(one.kind is not CatalogueChangeKind.GONE for one in told)
    return Plan(tuple(new), wanted, gone, tuple(changes), unchanged)


def _differences(book: Book, sections: Sequence[str], before: Known) -> Iterator[CatalogueChange]:
    for place, section in enumerate(sections):
        if section not in before.sections or section in before.gone:
            yield _change(CatalogueChangeKind.NEW, book, section)
        elif before.sections[section] != place:
            yield _change(CatalogueChangeKind.MOVED, book, section)
    for section in _left(sections, before):
        yield _change(CatalogueChangeKind.GONE, book, section)


def _left(sections: Sequence[str], before: Known) -> Iterator[str]:
    """Yield what the file dropped; a file that only names the book drops nothing."""
    there = set(sections)
    if there:
        yield from (one for one in before.sections if one not in there | before.gone)


def _change(kind: CatalogueChangeKind, book: Book, section: str) -> CatalogueChange:
    return CatalogueChange(
        kind, book.stage, book.subject, book.edition, book.grade, book.volume, section
    )


def merged(shipped: Iterable[str], imported: Iterable[str]) -> tuple[str, ...]:
    """Return the names that may be chosen: those of imported books first, then what ships."""
    return tuple(dict.fromkeys((*imported, *shipped)))
