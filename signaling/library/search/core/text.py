"""One form of text for search, and where each of its characters stood before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_HAN_NAMES = ("CJK UNIFIED", "CJK COMPATIBILITY IDEO")
_WORD_CATEGORIES = ("L", "N", "M")  # letters, numbers, marks; all else divides words


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in the form in which it is searched.

    Attributes:
        text: lower case, width and compatibility forms folded, runs of word characters with one
            space between them.
        places: for each character of `text`, the index in the original text.
    """

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the interval of the original text behind `text[start:end]`, which is not empty."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold a text.

    Each character is folded by itself, so that a find can be shown in the original text. Texts that
    people enter are stored in NFC, so composed letters stay whole.
    """
    characters: list[str] = []
    places: list[int] = []
    for place, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original.casefold()).casefold():
            if not _is_of_word(character):
                if not characters or characters[-1] == " ":
                    continue
                character = " "  # noqa: PLW2901
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
