"""Queries: tokens never keep out what the words would find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.library.search.core.documents import Document, Field, read_document, tokens_of
from signaling.library.search.core.query import MAX_WORDS, Word, finds, read_query
from signaling.library.search.core.text import fold

LETTERS = "浮力实验单重庆长行abcfulisxhn12"


def document(title: str, people: str = "", words: str = "") -> Document:
    """One document."""
    texts = {Field.TITLE: title, Field.PEOPLE: people, Field.WORDS: words}
    return read_document("r", texts, frozenset())


def lets_through(word: Word, one: Document) -> bool:
    """Whether the tokens let a document through, as the engines do it."""
    held = set(tokens_of(one))
    return any(all(any(token in held for token in group) for group in way) for way in word.ways)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("浮力", "浮力"),
        ("力", "力"),
        ("fuli", "浮力"),
        ("FuLi", "浮力"),
        ("fl", "浮力"),
        ("ful", "浮力"),
        ("shiyan", "实验"),
        ("fulisy", None),
        ("lf", None),
        ("flsy", "浮力实验"),
        ("实验探究", None),
    ],
)
def test_finding_in_a_title(typed: str, shown: str | None) -> None:
    one = document("《浮力实验》探究")
    (word,) = read_query(typed).words
    found = finds(word, one)
    if shown is None:
        assert not found
    else:
        title = one.fields[Field.TITLE].shown
        assert [title[f.start : f.end] for f in found] == [shown]
        assert lets_through(word, one)


def test_a_teacher_is_found_by_any_reading_of_the_name() -> None:
    one = document("课", "单小华")
    for typed in ("shanxiaohua", "danxiaohua", "sxh", "单小华", "小华"):
        (word,) = read_query(typed).words
        assert finds(word, one), typed


def test_long_texts_are_searched_by_letters_only() -> None:
    one = document("课", "", "浮力 与生活")
    assert finds(read_query("与生").words[0], one)
    assert not finds(read_query("fl").words[0], one)


texts = st.text(st.sampled_from(LETTERS + " -A"), max_size=12)


@given(texts, texts, texts, st.text(st.sampled_from(LETTERS), min_size=1, max_size=6))
def test_tokens_keep_out_nothing_that_the_words_find(
    title: str, people: str, words: str, typed: str
) -> None:
    one = document(title, people, words)
    for word in read_query(typed).words:
        if finds(word, one):
            assert lets_through(word, one)


@given(texts, st.data())
def test_each_part_of_a_title_finds_it(title: str, data: st.DataObject) -> None:
    one = document(title)
    for run in fold(title).text.split():
        start = data.draw(st.integers(0, len(run) - 1))
        end = data.draw(st.integers(start + 1, len(run)))
        (word,) = read_query(run[start:end]).words
        assert finds(word, one)
        assert lets_through(word, one)


def test_words_are_bounded_and_told_once() -> None:
    assert len(read_query(" ".join("abcdefghijkl")).words) == MAX_WORDS
    assert len(read_query("a A ａ").words) == 1
    assert read_query("  《》 ").words == ()
