"""Labels of weekdays and periods: 星期一, 周五; 第1节, 8-9节, 0102, 8:20-9:00, 下午第1节."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

from signaling.timetable.core.bells import MAX_PERIODS
from signaling.timetable.imports.core.wording import dashed, number_of

_DAYS = {day: number for number, day in enumerate("一二三四五六日", start=1)} | {"天": 7}
_DAYS |= {str(number): number for number in range(1, 8)}
_ENGLISH = {
    day: number
    for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start=1)
}
_DAY = re.compile(r"(?:星期|周|礼拜)(?P<day>[一二三四五六日天1-7])(?![\d,~-])")
_ENGLISH_DAY = re.compile(r"(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?")
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::|点)(?P<minute>\d{2})分?")
_TIMES = re.compile(rf"[(\[]?{_CLOCK.pattern}(?:-\d{{1,2}}(?::|点)\d{{2}}分?)?[)\]]?")
_PART = re.compile(r"(?P<part>上午|下午|晚上|中午|早上|上|下|晚)(?=第|\d|[一二三四五六七八九十]|$)")
_PERIODS = re.compile(
    rf"第?(?P<first>{_NUMBER})节?课?(?:[-,、]第?(?P<last>{_NUMBER}))*(?P<word>节|课时)?课?"
)
_PAIRED = re.compile(r"(?:\d\d){2,8}")
_PARTS = {"上": "上午", "早上": "上午", "下": "下午", "晚": "晚上"}


@dataclass(frozen=True, slots=True)
class PeriodLabel:
    """One label of a period.

    Attributes:
        text: as it stands in the file.
        first: number of the first period; None where the label has none.
        count: periods that it takes.
        starts: clock time at which it begins.
        part: 上午, 下午, 中午 or 晚上, before whose numbers the day may count anew.
    """

    text: str
    first: int | None = None
    count: int = 1
    starts: time | None = None
    part: str = ""


def weekday_of(text: str, *, bare: bool = False) -> int | None:
    """Read a weekday, 1…7.

    Args:
        text: such as 星期一, 周日, 星期三(10月8日) or Monday.
        bare: whether 一 or 3 alone are weekdays, since the header of the column says so.
    """
    word = dashed(text)
    found = _DAY.match(word)
    if found is not None:
        return _DAYS[found["day"]]
    english = _ENGLISH_DAY.fullmatch(word)
    if english is not None:
        return _ENGLISH[english["day"]]
    return _DAYS.get(word) if bare else None


def period_of(text: str) -> PeriodLabel:
    """Read the label of a period. It has neither number nor time where it is only a name."""
    return _read(text)[0]


def is_period(text: str, *, bare: bool = False) -> bool:
    """Tell whether a text is the label of a period, and nothing else.

    Args:
        text: such as 第1节 or 0102.
        bare: whether a number alone is one, as it is beside a grid.
    """
    label, rest = _read(text)
    if label.first is None:
        return label.starts is not None and not rest
    marked = label.starts is not None or "节" in text or text.lstrip().startswith("0")
    return bare or marked


def _read(text: str) -> tuple[PeriodLabel, str]:
    """Read a label; the second value is what is neither time nor part of the day."""
    rest, starts, part = dashed(text), None, ""
    clock = _TIMES.search(rest)
    if clock is not None:
        starts = _time(clock)
        rest = rest[: clock.start()] + rest[clock.end() :]
    day_part = _PART.match(rest)
    if day_part is not None:
        part = _PARTS.get(day_part["part"], day_part["part"])
        rest = rest[day_part.end() :]
    first, count = _numbers(rest)
    return PeriodLabel(text, first, count, starts, part), rest


def _numbers(text: str) -> tuple[int | None, int]:
    """Return the first period and how many there are; (None, 1) where there is no number."""
    digits = text.rstrip("节")
    if digits.isdigit() and len(digits) % 2 and len(digits) > 1:
        digits = "0" + digits  # a spreadsheet took 0102 for a number
    if _PAIRED.fullmatch(digits):
        numbers = [int(digits[i : i + 2]) for i in range(0, len(digits), 2)]
        return _run(numbers)
    found = _PERIODS.fullmatch(text)
    if found is None:
        return None, 1
    words = re.findall(_NUMBER, text)
    numbers = [number for word in words if (number := number_of(word)) is not None]
    if "-" in text and len(numbers) == 2:
        numbers = list(range(numbers[0], numbers[1] + 1))
    return _run(numbers)


def _run(numbers: list[int]) -> tuple[int | None, int]:
    """Return a run of periods; (None, 1) where the numbers do not follow one another."""
    if not numbers or not 1 <= numbers[0] <= MAX_PERIODS or numbers[-1] > MAX_PERIODS:
        return None, 1
    follow = all(b == a + 1 for a, b in pairwise(numbers))
    return (numbers[0], len(numbers)) if follow else (None, 1)


def _time(found: re.Match[str]) -> time | None:
    hour, minute = int(found["hour"]), int(found["minute"])
    return time(hour, minute) if hour < 24 and minute < 60 else None
