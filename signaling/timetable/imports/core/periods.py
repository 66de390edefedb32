"""Periods of a bell schedule by their labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from signaling.timetable.core.bells import Period
from signaling.timetable.imports.core.slot_labels import PeriodLabel
from signaling.timetable.imports.core.wording import plain

_NOON = time(12)
_EVENING = time(17, 30)
_LATE = {"下午": (_NOON, time.max), "晚上": (_EVENING, time.max), "上午": (time.min, _NOON)}

Schedules = Sequence[tuple[Period, ...]]


class NoSuchPeriod(ValueError):
    """No schedule of the school has the number."""


class UnclearPeriod(ValueError):
    """The label leads to no one number."""


def period_in(label: PeriodLabel, schedules: Schedules) -> int:
    """Return the number of the first period that a label means.

    Args:
        label: of the file.
        schedules: those of the school in the term; seasons differ in times, not in numbers.

    Raises:
        NoSuchPeriod: it has a number that no schedule has.
        UnclearPeriod: it has only a name or a time, and more or less than one period fits.
    """
    if label.first is not None:
        found = _numbered(label.first, label.count, schedules)
        if not found:
            raise NoSuchPeriod(label.text)
        if not _fits_part(label.part, found):
            raise UnclearPeriod(label.text)
        return label.first
    numbers = {
        period.number for periods in schedules for period in periods if _is_meant(label, period)
    }
    if len(numbers) != 1:
        raise UnclearPeriod(label.text)
    return numbers.pop()


def _numbered(first: int, count: int, schedules: Schedules) -> list[Period]:
    """Return the period of this number in each schedule that has all of the run."""
    found = []
    for periods in schedules:
        numbers = [period.number for period in periods]
        if first in numbers:
            place = numbers.index(first)
            if place + count <= len(periods):
                found.append(periods[place])
    return found


def _fits_part(part: str, periods: Sequence[Period]) -> bool:
    """Tell whether 下午第1节 can be the first period of the day: it cannot."""
    earliest, latest = _LATE.get(part, (time.min, time.max))
    return all(earliest <= period.starts <= latest for period in periods)


def _is_meant(label: PeriodLabel, period: Period) -> bool:
    if label.starts is not None:
        return period.starts == label.starts
    return bool(period.name) and plain(period.name) == plain(label.text)
