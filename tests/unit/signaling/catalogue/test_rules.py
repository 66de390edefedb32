"""What an import changes."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.catalogue.rules import (
    EDITIONS,
    GRADES,
    SUBJECTS,
    VOLUMES,
    Book,
    Known,
    clean_name,
    merged,
    plan,
    section_of,
)
from signaling.catalogue.wire import CatalogueChangeKind, CatalogueStage

BOOK = Book(CatalogueStage.PRIMARY, "语文", "统编版", "一年级", "上册")
SECTIONS = st.lists(st.sampled_from("abcdef"), max_size=6)


def _after(known: dict[Book, Known], file: dict[Book, list[str]]) -> dict[Book, Known]:
    """The catalogue once a plan was written, as the store writes it."""
    found = plan(file, known)
    after = {book: Known(dict(one.sections), set(one.gone)) for book, one in known.items()}
    for book in found.new_books:
        after[book] = Known()
    for book, sections in found.sections.items():
        after[book].gone |= set(found.gone.get(book, ()))
        after[book].gone -= set(sections)
        after[book].sections |= {name: place for place, name in enumerate(sections)}
    return after


@given(SECTIONS, SECTIONS)
def test_a_second_import_of_the_same_file_changes_nothing(
    first: list[str], second: list[str]
) -> None:
    known = _after(_after({}, {BOOK: first}), {BOOK: second})
    again = plan({BOOK: second}, known)
    assert again.is_empty
    assert again.unchanged == len(set(second))


@given(SECTIONS, SECTIONS)
def test_no_chapter_is_ever_lost(first: list[str], second: list[str]) -> None:
    known = _after(_after({}, {BOOK: first}), {BOOK: second})
    assert set(known[BOOK].sections) == {*first, *second}
    if second:
        assert known[BOOK].gone == set(first) - set(second)


def test_the_plan_tells_what_is_new_moved_and_gone() -> None:
    found = plan({BOOK: ["b", "c"]}, {BOOK: Known({"a": 0, "b": 1})})
    assert [(one.kind, one.section) for one in found.changes] == [
        (CatalogueChangeKind.MOVED, "b"),
        (CatalogueChangeKind.NEW, "c"),
        (CatalogueChangeKind.GONE, "a"),
    ]


def test_a_book_that_the_file_does_not_name_stays() -> None:
    other = Book(CatalogueStage.PRIMARY, "数学", "人教版", "一年级", "上册")
    assert plan({BOOK: []}, {BOOK: Known({"a": 0}), other: Known({"b": 0})}).is_empty


def test_names_are_kept_in_one_form() -> None:
    assert clean_name("  第一\u00a0单元\u200b \n春 ") == "第一 单元 春"
    assert section_of(["第一单元", "", "1 春"]) == "第一单元 / 1 春"
    assert len(section_of(["字" * 150, "词" * 150])) <= 200


def test_every_stage_ships_names() -> None:
    for stage in CatalogueStage:
        assert all((SUBJECTS[stage], GRADES[stage], VOLUMES[stage]))
    for names in (EDITIONS, *SUBJECTS.values(), *VOLUMES.values()):
        assert len(set(names)) == len(names)
        assert all(clean_name(one) == one for one in names)


def test_imported_names_come_first_and_once() -> None:
    assert merged(("人教版", "苏教版"), ("苏教版", "本县版")) == ("苏教版", "本县版", "人教版")
