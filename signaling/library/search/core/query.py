"""Queries: the typed words as conditions on tokens, and the same words told exactly.

Tokens narrow: they may let a document through in which two bigrams of a word do not touch. `finds`
looks at the texts themselves and says whether a word is there and where. Nothing that `finds` would
find is kept out by the tokens; a property test proves that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from signaling.library.search.core import tokens
from signaling.library.search.core.documents import SHORT, Document, Field, FieldText
from signaling.library.search.core.pinyin import completions, cuts, initials
from signaling.library.search.core.text import fold

MAX_QUERY_CHARS = 100
MAX_WORDS = 8  # further words are not looked at

AnyOf = tuple[str, ...]  # one of these tokens
Way = tuple[AnyOf, ...]  # all of these, each one of its tokens


@dataclass(frozen=True, slots=True)
class Word:
    """One word, and the ways in which a document may hold it: any of them is enough."""

    text: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the index: all words, and for each group of keys any of them.

    Attributes:
        words: in the order of typing.
        keys: groups of key tokens, such as the subjects that a viewer chose.
    """

    words: tuple[Word, ...]
    keys: tuple[AnyOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a word was found: in the original text of a field."""

    field: Field
    start: int
    end: int
    aloud: bool  # by its sound, not by its letters


def read_query(typed: str, keys: tuple[AnyOf, ...] = ()) -> Query:
    """Read what somebody typed."""
    words = dict.fromkeys(fold(typed[:MAX_QUERY_CHARS]).text.split())
    return Query(tuple(Word(one, _ways(one)) for one in tuple(words)[:MAX_WORDS]), keys)


def _ways(word: str) -> tuple[Way, ...]:
    if len(word) == 1:
        return (((tokens.character(word), word),),)
    letters: Way = tuple((one,) for one in tokens.unique(tokens.grams(word)))
    return (letters, *_aloud(word))


def may_be_sound(word: str) -> bool:
    """Return whether a word may be pinyin or initials, and not only letters."""
    return len(word) > 1 and word.isascii() and word.isalpha()


def _aloud(word: str) -> Iterator[Way]:
    """Yield the ways to find letters as initials and as syllables."""
    if not may_be_sound(word):
        return
    yield tuple((tokens.initial_pair(a, b),) for a, b in pairwise(word))
    for cut in cuts(word):
        yield _syllables(cut)


def _syllables(cut: tuple[str, ...]) -> Way:
    *whole, last = cut
    if not whole:
        return (tuple(map(tokens.syllable, completions(last))),)
    pairs = [(tokens.syllables(a, b),) for a, b in pairwise(whole)]
    return (*pairs, tuple(tokens.syllables(whole[-1], one) for one in completions(last)))


def finds(word: Word, document: Document) -> list[Found]:
    """Return where a word is in a document: in each field the first place, letters before sound."""
    found = []
    for field, text in document.fields.items():
        place = _by_letters(word.text, field, text)
        if place is None and field in SHORT:
            place = _by_sound(word.text, field, text)
        if place is not None:
            found.append(place)
    return found


def _by_letters(word: str, field: Field, text: FieldText) -> Found | None:
    if len(word) == 1 and field not in SHORT:  # a long text is not asked for single characters
        start = f" {text.folded.text} ".find(f" {word} ")
    else:
        start = text.folded.text.find(word)
    if start < 0:
        return None
    return Found(field, *text.folded.span(start, start + len(word)), aloud=False)


def _by_sound(word: str, field: Field, text: FieldText) -> Found | None:
    if not may_be_sound(word):
        return None
    begin = word[0]
    ways = cuts(word)
    for start, may in enumerate(text.readings):
        if begin not in initials(may):
            continue
        if _begins(tuple(word), text, start):
            return Found(field, *text.folded.span(start, start + len(word)), aloud=True)
        for cut in ways:
            if _sounds(cut, text, start):
                return Found(field, *text.folded.span(start, start + len(cut)), aloud=True)
    return None


def _begins(letters: tuple[str, ...], text: FieldText, start: int) -> bool:
    """Return whether the characters from `start` may have these initials."""
    here = text.readings[start : start + len(letters)]
    return len(here) == len(letters) and all(
        letter in initials(may) for letter, may in zip(letters, here, strict=True)
    )


def _sounds(cut: tuple[str, ...], text: FieldText, start: int) -> bool:
    """Return whether the characters from `start` may be read so; the last one may go on."""
    here = text.readings[start : start + len(cut)]
    if len(here) < len(cut):
        return False
    *whole, last = cut
    return all(one in may for one, may in zip(whole, here, strict=False)) and any(
        syllable.startswith(last) for syllable in here[-1]
    )
