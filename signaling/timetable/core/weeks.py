"""Sets of teaching weeks: 1-16周, 1-4,6-17周, 单周, 双周 and 10周 are one type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from signaling.timetable.core.codes import Parity

MAX_WEEKS = 30  # of a term; the school year has 39 (课程方案 2022)
MAX_TEXT_CHARS = 120  # of a set in words; "1,3,…,29" has 40

_ODD = sum(1 << week for week in range(1, MAX_WEEKS + 1, 2))
_SHORTEST_STRIDE = 3  # weeks that are written as 1-5周(单) and not one by one

# One group: ranges, 周, and 单 or 双 for all of its ranges; each part may be missing.
_GROUP = re.compile(
    r"(?P<ranges>\d{1,3}(?:-\d{1,3})?(?:,\d{1,3}(?:-\d{1,3})?)*)?"
    r"周?(?:(?P<open>[(\[])?(?P<parity>[单双])周?(?(open)[)\]])周?)?"
)
_DASHES = str.maketrans(dict.fromkeys("~—–―−至到～", "-"))
_COMMAS = str.maketrans(dict.fromkeys("、,;；.．", ","))
_EVERY = frozenset({"每周", "全周", "全"})


class WeeksProblem(StrEnum):
    """Reasons why a text is no set of weeks."""

    UNREADABLE = "unreadable"
    BEYOND_TERM = "beyond_term"
    EMPTY = "empty"


class BadWeeks(ValueError):
    """A text that is no set of weeks of the term."""

    def __init__(self, problem: WeeksProblem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class WeekSet:
    """A set of teaching weeks, from week 1 on. Bit n stands for week n."""

    bits: int = 0

    def __post_init__(self) -> None:
        if self.bits & 1 or not 0 <= self.bits < 1 << MAX_WEEKS + 1:
            raise ValueError("a week lies outside of 1…30")

    @classmethod
    def of(cls, weeks: Iterable[int]) -> WeekSet:
        """Return the set of these weeks. Raises ValueError outside of 1…`MAX_WEEKS`."""
        bits = 0
        for week in weeks:
            if not 1 <= week <= MAX_WEEKS:
                raise ValueError("a week lies outside of 1…30")
            bits |= 1 << week
        return cls(bits)

    @classmethod
    def span(cls, first: int, last: int) -> WeekSet:
        """Return the weeks from `first` to `last`."""
        return cls.of(range(first, last + 1))

    def only(self, parity: Parity) -> WeekSet:
        """Return the weeks of one parity."""
        return WeekSet(self.bits & (_ODD if parity is Parity.ODD else ~_ODD))

    def __contains__(self, week: int) -> bool:
        return 0 < week <= MAX_WEEKS and bool(self.bits >> week & 1)

    def __iter__(self) -> Iterator[int]:
        return (week for week in range(1, MAX_WEEKS + 1) if self.bits >> week & 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __and__(self, other: WeekSet) -> WeekSet:
        return WeekSet(self.bits & other.bits)

    def __or__(self, other: WeekSet) -> WeekSet:
        return WeekSet(self.bits | other.bits)

    def __sub__(self, other: WeekSet) -> WeekSet:
        return WeekSet(self.bits & ~other.bits)


def parity_of(week: int) -> Parity:
    """Return whether a teaching week is 单 or 双."""
    return Parity.ODD if week % 2 else Parity.EVEN


def parse_weeks(text: str, last: int) -> WeekSet:
    """Read a set of weeks as schools write it.

    A 单 or 双 counts for the ranges before it, back to the 周 or 单 or 双 before:
    `1-8,10-16周(单)` has no even week, and `1-8周,10-16周(单)` has even weeks to 8.

    Args:
        text: such as 1-4,6-17周.
        last: the number of weeks of the term; 单周 alone means all its odd weeks.

    Raises:
        BadWeeks: the text cannot be read, or names no week of the term or one after it.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise BadWeeks(WeeksProblem.UNREADABLE)
    plain = _plain(text)
    if plain in _EVERY:
        return WeekSet.span(1, last)
    found = WeekSet()
    place = 0
    while place < len(plain):
        group = _GROUP.match(plain, place)
        if group is None or group.end() == place:
            raise BadWeeks(WeeksProblem.UNREADABLE)
        found |= _weeks_of(group, last)
        place = group.end()
        if place < len(plain):
            if plain[place] != "," or place + 1 == len(plain):
                raise BadWeeks(WeeksProblem.UNREADABLE)
            place += 1
    if not found:
        raise BadWeeks(WeeksProblem.EMPTY)
    return found


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text.translate(_DASHES).translate(_COMMAS))
    return "".join(normal.split()).translate(_DASHES).translate(_COMMAS).replace("第", "")


def _weeks_of(group: re.Match[str], last: int) -> WeekSet:
    ranges, parity = group["ranges"], group["parity"]
    if ranges is None and parity is None:
        raise BadWeeks(WeeksProblem.UNREADABLE)
    found = WeekSet() if ranges else WeekSet.span(1, last)
    for part in ranges.split(",") if ranges else ():
        first, _, until = part.partition("-")
        begin, end = int(first), int(until or first)
        if not 1 <= begin <= end:
            raise BadWeeks(WeeksProblem.UNREADABLE)
        if end > last:
            raise BadWeeks(WeeksProblem.BEYOND_TERM)
        found |= WeekSet.span(begin, end)
    if parity is None:
        return found
    return found.only(Parity.ODD if parity == "单" else Parity.EVEN)


def format_weeks(weeks: WeekSet, last: int) -> str:
    """Write a set of weeks as schools do; `parse_weeks` reads it back.

    Args:
        weeks: the set; it has no week after `last`.
        last: the number of weeks of the term.
    """
    if not weeks:
        return ""
    every = WeekSet.span(1, last)
    for parity, word in ((Parity.ODD, "单"), (Parity.EVEN, "双")):
        if weeks == every.only(parity) and last > 1:
            return f"{word}周"
    if (stride := _stride(weeks)) is not None:
        return stride
    runs = (f"{a}" if a == b else f"{a}-{b}" for a, b in _runs(weeks))
    return f"{','.join(runs)}周"


def _stride(weeks: WeekSet) -> str | None:
    """Write 3, 5, 7 as 3-7周(单), or return None where weeks of one parity are missing."""
    members = list(weeks)
    first, until = members[0], members[-1]
    parity = parity_of(first)
    if len(members) < _SHORTEST_STRIDE or weeks != WeekSet.span(first, until).only(parity):
        return None
    word = "单" if parity is Parity.ODD else "双"
    return f"{first}-{until}周({word})"


def _runs(weeks: WeekSet) -> Iterator[tuple[int, int]]:
    begin = before = 0
    for week in weeks:
        if week != before + 1 or not begin:
            if begin:
                yield begin, before
            begin = week
        before = week
    yield begin, before
