"""Periods by label."""

from datetime import time

import pytest

from signaling.timetable.core.bells import Period
from signaling.timetable.imports.core.periods import NoSuchPeriod, UnclearPeriod, period_in
from signaling.timetable.imports.core.slot_labels import period_of

SUMMER = (
    Period(1, time(8, 20), time(9)),
    Period(2, time(9, 10), time(9, 50)),
    Period(5, time(14), time(14, 40)),
    Period(6, time(14, 50), time(15, 30), "社团"),
)
WINTER = tuple(Period(p.number, p.starts, p.ends, p.name) for p in SUMMER[:3])


@pytest.mark.parametrize(
    ("text", "number"),
    [("第1节", 1), ("5-6节", 5), ("8:20-9:00", 1), ("社团", 6), ("下午第5节", 5), ("上午第2节", 2)],
)
def test_labels_that_lead_to_one_period(text: str, number: int) -> None:
    assert period_in(period_of(text), (SUMMER, WINTER)) == number


@pytest.mark.parametrize("text", ["第7节", "6-7节", "第3节"])
def test_numbers_that_no_schedule_has(text: str) -> None:
    with pytest.raises(NoSuchPeriod):
        period_in(period_of(text), (SUMMER, WINTER))


@pytest.mark.parametrize("text", ["早读", "8:00", "下午第1节", "晚上第5节"])
def test_labels_that_somebody_has_to_explain(text: str) -> None:
    with pytest.raises(UnclearPeriod):
        period_in(period_of(text), (SUMMER, WINTER))
