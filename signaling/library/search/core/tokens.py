"""Tokens: what the index keeps of a document, the same in every database.

A run of word characters becomes its bigrams, whatever the script, so that a part of a word is found
like a part of a Chinese sentence. Fields that are short also give their single characters. Tokens
of other kinds have three characters or more, so that no text makes one:

| token | meaning |
|---|---|
| `浮力`, `un`, `3` | two neighbours of a run, or a run of one |
| `c浮c` | a character of a short field |
| `pfu0` | a syllable of a short field |
| `pfu0li` | two neighbouring syllables |
| `ifl` | the initials of two neighbours |
| `k…` | a key that the caller gives, such as a facet or who may see it |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, product

from signaling.library.search.core.pinyin import Readings, initials

# A token has ASCII letters, digits, and characters beyond ASCII: FTS5's `ascii` tokenizer keeps
# just these together.
_LONGEST_TOKEN = 64


def grams(text: str) -> Iterator[str]:
    """Yield the bigrams of each run of a folded text; a run of one character is its own token."""
    for run in text.split():
        if len(run) == 1:
            yield run
        yield from (first + second for first, second in pairwise(run))


def characters(text: str) -> Iterator[str]:
    """Yield a token for each character of a folded text."""
    return (character(one) for one in text if one != " ")


def character(one: str) -> str:
    """Return the token of a single character of a short field."""
    return f"c{one}c"


def syllable(one: str) -> str:
    """Return the token of one syllable."""
    return f"p{one}0"


def syllables(first: str, second: str) -> str:
    """Return the token of two neighbouring syllables."""
    return f"p{first}0{second}"


def initial_pair(first: str, second: str) -> str:
    """Return the token of two neighbouring initials."""
    return f"i{first}{second}"


def key(kind: str, value: str) -> str:
    """Return the token of a key.

    Args:
        kind: ASCII letters, such as `subject`.
        value: any text; other characters than letters and digits are written as their numbers.
    """
    plain = "".join(one if _is_plain(one) else f"0{ord(one):x}0" for one in value)
    return f"k{kind}0{plain}"[:_LONGEST_TOKEN]


def _is_plain(one: str) -> bool:
    return one.isalnum() and one == one.lower()


def sounds(readings: Readings) -> Iterator[str]:
    """Yield the tokens of syllables and initials of a short field."""
    for one in readings:
        yield from map(syllable, one)
    for first, second in pairwise(readings):
        yield from (syllables(a, b) for a, b in product(first, second))
        yield from (initial_pair(a, b) for a, b in product(initials(first), initials(second)))


def unique(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens in their order, each once."""
    return tuple(dict.fromkeys(tokens))
