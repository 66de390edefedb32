"""One form of text for search, and where each of its characters stood before."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_HAN_NAMES = ("CJK UNIFIED", "CJK COMPATIBILITY IDEO")
_WORD_CATEGORIES = ("L", "N", "M")  # letters, numbers, marks; all else divides words
_MAX_KEPT = 40_000  # characters whose folded form is kept: more than all of GB 18030's common ones


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in the form in which it is searched.

    Attributes:
        text: lower case, width and compatibility forms folded, runs of word characters with one
            space between them.
        places: for each character of `text`, the index in the original text.
    """

    text: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the interval of the original text behind `text[start:end]`, which is not empty."""
        return self.places[start], self.places[end - 1] + 1


class _Folding(dict[int, str]):
    """Folded forms of characters, by their code points: each is asked of Unicode's tables once."""

    def __missing__(self, code: int) -> str:
        whole = unicodedata.normalize("NFKC", chr(code).casefold()).casefold()
        folded = "".join(one if _is_of_word(one) else " " for one in whole)
        if len(self) < _MAX_KEPT:
            self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> Folded:
    """Fold a text.

    Each character is folded by itself, so that a find can be shown in the original text. Texts that
    people enter are stored in NFC, so composed letters stay whole.
    """
    folded = text.translate(_FOLDING)
    if len(folded) == len(text) and "  " not in folded and folded == folded.strip(" "):
        return Folded(folded, range(len(text)))  # nearly every text: one character for each
    characters: list[str] = []
    places: list[int] = []
    for place, original in enumerate(text):
        for character in _FOLDING[ord(original)]:
            if character == " " and (not characters or characters[-1] == " "):
                continue
            characters.append(character)
            places.append(place)
    if characters and characters[-1] == " ":
        characters.pop()
        places.pop()
    return Folded("".join(characters), tuple(places))


@lru_cache(maxsize=16384)
def is_han(character: str) -> bool:
    """Return whether a character is written with one syllable: a Chinese one."""
    name = unicodedata.name(character, "")
    return name.startswith(_HAN_NAMES) or character == "\u3007"  # 〇


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character).startswith(_WORD_CATEGORIES)
