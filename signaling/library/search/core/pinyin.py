"""Pinyin: how Chinese characters may be read, and what a typed word may stand for.

Readings come from pypinyin, which weighs some 60 MB in memory and is loaded when first used. What
people type is cut by the table of syllables below, without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from signaling.library.search.core.text import is_han

Readings = tuple[tuple[str, ...], ...]  # for each character, its syllables; none if not Chinese

MAX_READINGS = 3  # of one character, the likeliest first
MAX_TYPED = 24  # letters of a word that is taken for pinyin: eight syllables
_MAX_CUTS = 16  # ways to cut one word into syllables

# Syllables of Standard Chinese without tones, by initial (GB/T 16159); v stands for ü.
_FINALS = {
    "": "a ai an ang ao e ei en eng er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan un uo v ve",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u ua uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}
SYLLABLES = frozenset(
    initial + final for initial, finals in _FINALS.items() for final in finals.split()
)
_LONGEST = max(map(len, SYLLABLES))
_BEGINNINGS = frozenset(one[:end] for one in SYLLABLES for end in range(1, len(one) + 1))


def load() -> None:
    """Load the readings, which takes a third of a second; a process that serves does so first."""
    readings("\u6c49")  # 汉


@lru_cache(maxsize=4096)  # teachers and schools come again and again
def readings(text: str) -> Readings:
    """Return how each character may be read. A character that is not Chinese has no reading."""
    from pypinyin import Style, pinyin  # noqa: PLC0415  # slow to load, and only writers need it

    found: list[tuple[str, ...]] = []
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and is_han(text[end]) == is_han(text[start]):
            end += 1
        run = text[start:end]
        if is_han(run[0]):
            likely = pinyin(run, style=Style.NORMAL)
            found += [
                _chosen((*first, *_alone(one))) for first, one in zip(likely, run, strict=True)
            ]
        else:
            found += [()] * len(run)
        start = end
    return tuple(found)


@lru_cache(maxsize=8192)  # characters that occur: some 3,500 are in daily use
def _alone(character: str) -> tuple[str, ...]:
    """Return all readings of a character, whatever stands beside it."""
    from pypinyin import Style, pinyin  # noqa: PLC0415

    return tuple(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


def _chosen(syllables: Sequence[str]) -> tuple[str, ...]:
    known = dict.fromkeys(one for one in syllables if one in SYLLABLES)
    return tuple(known)[:MAX_READINGS]


@lru_cache(maxsize=4096)  # there are some 400 syllables, and few characters have more than one
def initials(syllables: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first letters of syllables, each once."""
    return tuple(dict.fromkeys(one[0] for one in syllables))


@lru_cache(maxsize=1024)
def cuts(typed: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to read letters as syllables; the last one may be its beginning only.

    Example: "fuli" is fu-li, "xian" is xian and xi-an, "ful" is fu-l.
    """
    if not typed.isascii() or not typed.isalpha() or len(typed) > MAX_TYPED:
        return ()
    return tuple(_cut(typed, _MAX_CUTS))


def _cut(typed: str, most: int) -> list[tuple[str, ...]]:
    """Cut letters, longer first syllables first; at most so many ways.

    Each rest is cut once, from the end: letters that end in no syllable have thousands of cuts.
    """
    ways_of_rest: list[list[tuple[str, ...]]] = [[] for _ in typed]
    for start in reversed(range(len(typed))):
        ways = ways_of_rest[start]
        for end in range(min(start + _LONGEST, len(typed)), start, -1):
            head = typed[start:end]
            if end == len(typed) and head in _BEGINNINGS:
                ways.append((head,))
            elif end < len(typed) and head in SYLLABLES:
                ways += [(head, *tail) for tail in ways_of_rest[end]]
        del ways[most:]
    return ways_of_rest[0] if typed else []


@lru_cache(maxsize=512)
def completions(beginning: str) -> tuple[str, ...]:
    """Return the syllables that begin so, in the order of the alphabet."""
    return tuple(sorted(one for one in SYLLABLES if one.startswith(beginning)))
