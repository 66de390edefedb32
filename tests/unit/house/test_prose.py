"""Sentences and openings."""

from pathlib import Path

import pytest

from house.prose import (
    Sentence,
    bad_opening,
    comment_sentences,
    docstring_sentences,
    longer_than,
    markdown,
    script_sentences,
)
from tests.unit.house.checkouts import module

_PAGE = """# A title
One two three. Four [five six](x.md) `seven eight` 9
ten!
```
no words. here
```
- an item
  that goes on
- another (e.g. this one)

| a cell | two cells |
|---|---|
| last. | one? |
"""


def test_a_page_falls_into_sentences_items_and_cells() -> None:
    found = [(one.place, one.text, one.words) for one in markdown(_PAGE, "p.md")]
    assert found == [
        ("p.md:1", "A title", 2),
        ("p.md:2", "One two three.", 3),
        ("p.md:2", "Four five six Code 9 ten!", 6),
        ("p.md:7", "an item that goes on", 5),
        ("p.md:9", "another (eg this one)", 4),
        ("p.md:11", "a cell", 2),
        ("p.md:11", "two cells", 2),
        ("p.md:13", "last.", 1),
        ("p.md:13", "one?", 1),
    ]


@pytest.mark.parametrize(
    ("docstring", "word"),
    [
        ("What it is.", "what"),
        ("It's late.", "it's"),
        ("Whether a room is open.", "whether"),
        ("Tell whether a room is open.", ""),
        ("Item of a list.", ""),
        ("`it` is code.", ""),
    ],
)
def test_an_opening_is_bad_by_its_first_word(docstring: str, word: str) -> None:
    assert bad_opening(docstring) == word


def test_attributes_of_a_docstring_are_blocks_of_their_own(tmp_path: Path) -> None:
    text = "First line.\n\nAttributes:\n    one: a thing\n        that goes on\n    two: more\n"
    found = [one.text for one in docstring_sentences(module(tmp_path, f'"""{text}"""'))]
    assert found == ["First line.", "Attributes:", "one: a thing that goes on", "two: more"]


def test_comments_below_each_other_are_one_block_and_those_behind_code_are_not(
    tmp_path: Path,
) -> None:
    text = "# one\n# two. three\nA = 1  # s; four\nB = 2  # s; five\nC = 3  # noqa: E501\n"
    found = [one.text for one in comment_sentences(module(tmp_path, text))]
    assert found == ["one two.", "three", "s; four", "s; five"]


def test_comments_of_a_script_are_read_and_addresses_are_none() -> None:
    text = '/** One\n * two. */\nconst a = "http://x"; // three\n// four\n// five\n'
    assert [(one.place, one.text) for one in script_sentences(text, "a.ts")] == [
        ("a.ts:1", "One two."),
        ("a.ts:3", "three"),
        ("a.ts:4", "four five"),
    ]


def test_only_what_is_longer_is_listed_longest_first() -> None:
    found = [Sentence("a", "one two"), Sentence("b", "one two three"), Sentence("c", "a b c d")]
    assert [one.place for one in longer_than(2, found)] == ["c", "b"]
