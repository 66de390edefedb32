"""Names as people write them, in one form: spaces, widths and number words do not count."""

from __future__ import annotations

import re
import unicodedata

_DASHES = str.maketrans(dict.fromkeys("~～—–―−‐‑至到", "-"))
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
}
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_JUNIOR = {"初": 6, "高": 9}  # years before the first one: 初一 is grade 7
_MAX_GRADE = 12
_CLASS = re.compile(
    rf"(?:小学|初中|高中)?(?P<stage>[初高])?(?P<grade>{_NUMBER})(?P<year>年级|年)?"
    rf"[.(\[-]?(?P<number>{_NUMBER})[)\]]?(?P<word>班)?"
)
_SHORT_CLASS = re.compile(r"(?P<grade>\d)(?P<number>\d\d)班?")
_GRADE = re.compile(rf"(?P<stage>[初高])?(?P<grade>{_NUMBER})(?P<year>年级|年)?")


def plain(text: str) -> str:
    """Return a name without spaces, in one width and case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def dashed(text: str) -> str:
    """Return a plain text in which every dash, and 至 and 到, is a hyphen."""
    return plain(text.translate(_DASHES)).translate(_DASHES)


def number_of(word: str) -> int | None:
    """Read a number from 0 to 99 in digits or Chinese."""
    if word.isascii() and word.isdigit():
        return int(word)
    tens, ten, ones = word.partition("十")
    if not ten:
        return _DIGITS.get(word)
    if (tens and tens not in _DIGITS) or (ones and ones not in _DIGITS):
        return None
    return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)


def class_form(text: str) -> str | None:
    """Return one form for the names of a class: 三(1)班, 三年级一班, 3.1班 and 301班 are g3c1.

    None where a text does not read as a class.
    """
    name = plain(text)
    short = _SHORT_CLASS.fullmatch(name)
    if short is not None and int(short["grade"]) and int(short["number"]):
        return f"g{int(short['grade'])}c{int(short['number'])}"
    found = _CLASS.fullmatch(name)
    if found is None or not (found["word"] or found["year"] or found["stage"]):
        return None
    grade, number = _grade(found), number_of(found["number"])
    return None if grade is None or not number else f"g{grade}c{number}"


def grade_form(text: str) -> str | None:
    """Return one form for a grade: 三年级, 3年级 and 三 are g3; 初一 is g7."""
    found = _GRADE.fullmatch(plain(text))
    grade = None if found is None else _grade(found)
    return None if grade is None else f"g{grade}"


def _grade(found: re.Match[str]) -> int | None:
    number = number_of(found["grade"])
    if number is None:
        return None
    grade = number + _JUNIOR.get(found["stage"] or "", 0)
    return grade if 1 <= grade <= _MAX_GRADE else None


def likeness(one: str, other: str) -> float:
    """Return how alike two plain names are, from 0 to 1: the share of common letter pairs."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    if one in other or other in one:
        return min(len(one), len(other)) / max(len(one), len(other)) * 0.5 + 0.5
    ones, others = _pairs(one), _pairs(other)
    return 2 * len(ones & others) / (len(ones) + len(others))


def _pairs(name: str) -> frozenset[str]:
    """Return single letters and pairs: names of two letters differ in one and are still alike."""
    return frozenset(name) | {name[i : i + 2] for i in range(len(name) - 1)}
