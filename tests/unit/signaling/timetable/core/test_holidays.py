"""Years of the holiday notice: what is shipped, what its make-up days teach, what is refused."""

from datetime import date

import msgspec
import pytest

from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.holiday_file import HolidayDay, HolidayYear
from signaling.timetable.core.holidays import (
    BadYear,
    YearProblem,
    checked_year,
    default_pairs,
    special_days,
)
from signaling.timetable.holidays import shipped_years

# 国办发明电〔2024〕12号, and the notice of 2025-11-04: written by hand, not from the files.
OFF = {
    2025: "01-01 01-28…02-04 04-04…04-06 05-01…05-05 05-31…06-02 10-01…10-08",
    2026: "01-01…01-03 02-15…02-23 04-04…04-06 05-01…05-05 06-19…06-21 09-25…09-27 10-01…10-07",
}
TAUGHT = {
    2025: "01-26←02-03 02-08←02-04 04-27←05-05 09-28←10-07 10-11←10-08",
    2026: "01-04←01-02 02-14←02-20 02-28←02-23 05-09←05-05 09-20←10-06 10-10←10-07",
}


def _days(year: int, spans: str) -> set[date]:
    found: set[date] = set()
    for span in spans.split():
        first, _, last = span.partition("…")
        begin = date.fromisoformat(f"{year}-{first}").toordinal()
        end = date.fromisoformat(f"{year}-{last or first}").toordinal()
        found |= {date.fromordinal(day) for day in range(begin, end + 1)}
    return found


def test_the_years_of_which_there_is_a_notice_are_shipped() -> None:
    assert set(shipped_years()) == {2025, 2026}  # 2027 is told in November 2026


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_shipped_year_is_the_notice(year: int) -> None:
    shipped = checked_year(shipped_years()[year])
    days = {day.on: day for day in special_days(shipped)}
    assert {on for on, day in days.items() if day.kind is DayKind.OFF} == _days(year, OFF[year])
    taught = {on: day.teaches for on, day in days.items() if day.kind is DayKind.MAKE_UP}
    pairs = (pair.split("←") for pair in TAUGHT[year].split())
    assert taught == {
        date.fromisoformat(f"{year}-{on}"): date.fromisoformat(f"{year}-{of}") for on, of in pairs
    }


def test_a_make_up_day_without_a_day_off_to_give_back_has_no_default() -> None:
    days = (HolidayDay("元旦", date(2027, 1, 2), False), HolidayDay("元旦", date(2027, 1, 3), True))
    assert default_pairs(days) == {}  # 3 January 2027 is a Sunday


@pytest.mark.parametrize(
    ("days", "problem", "index"),
    [
        ((), YearProblem.EMPTY, 0),
        (("2027-01-01", "2027-01-01"), YearProblem.DAY_TWICE, 1),
        (("2027-01-01", "2028-01-01"), YearProblem.DAY_OUTSIDE, 1),
        (("2026-11-30",), YearProblem.DAY_OUTSIDE, 0),
    ],
)
def test_a_file_that_is_no_year_is_refused_at_the_day(
    days: tuple[str, ...], problem: YearProblem, index: int
) -> None:
    year = HolidayYear(2027, tuple(HolidayDay("元旦", date.fromisoformat(d), True) for d in days))
    with pytest.raises(BadYear) as caught:
        checked_year(year)
    assert (caught.value.problem, caught.value.index) == (problem, index)


def test_the_files_of_holiday_cn_are_read_as_they_are() -> None:
    text = """{"$schema": "…", "$id": "…", "year": 2027, "papers": [],
        "days": [{"name": "元旦", "date": "2026-12-31", "isOffDay": true}]}"""
    year = checked_year(msgspec.json.decode(text, type=HolidayYear))
    assert year.days == (HolidayDay("元旦", date(2026, 12, 31), True),)
