"""The order in which the textbook tree shows its nodes."""

from signaling.library.publishing.tree import numbered, ordered
from signaling.library.publishing.wire import FacetCount, TreeLevel


def _of(*names: str) -> list[FacetCount]:
    return [FacetCount(name, 1) for name in names]


def _names(level: TreeLevel, *names: str, known: tuple[str, ...] = ()) -> list[str]:
    return [one.value for one in ordered(level, _of(*names), known)]


def test_stages_grades_and_volumes_stand_in_the_order_of_school() -> None:
    assert _names(TreeLevel.STAGE, "senior", "primary", "junior") == ["primary", "junior", "senior"]
    assert _names(TreeLevel.GRADE, "三年级", "八年级", "一年级") == ["一年级", "三年级", "八年级"]
    assert _names(TreeLevel.VOLUME, "下册", "别的", "上册") == ["上册", "下册", "别的"]


def test_chapters_stand_as_in_their_book_and_others_by_their_numbers() -> None:
    names = ("第十单元", "第二单元 / 12 古诗", "第二单元 / 3 雪", "第一单元")
    assert _names(TreeLevel.SECTION, *names) == [
        "第一单元",
        "第二单元 / 3 雪",
        "第二单元 / 12 古诗",
        "第十单元",
    ]
    assert _names(TreeLevel.SECTION, *names, known=("第十单元", "第一单元")) == [
        "第十单元",
        "第一单元",
        "第二单元 / 3 雪",
        "第二单元 / 12 古诗",
    ]


def test_chinese_numbers_are_read() -> None:
    names = ["第二课", "第九课", "第十课", "第十一课", "第二十课", "第二十三课", "第一百课"]
    mixed = names[::-1]
    assert sorted(mixed, key=numbered) == names
