"""The shape of a year of the holiday notice: that of NateScarlet/holiday-cn."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from signaling.base.text import line

_MAX_DAYS = 120  # of a year; a notice names about 40


class HolidayDay(msgspec.Struct, frozen=True, rename="camel"):
    """A day off, or a day of the weekend on which people work."""

    name: Annotated[str, line(40)]
    date: date
    is_off_day: bool


class HolidayYear(msgspec.Struct, frozen=True):
    """One year's days; other fields of the file do not count."""

    year: Annotated[int, msgspec.Meta(ge=2000, le=2100)]
    days: Annotated[tuple[HolidayDay, ...], msgspec.Meta(max_length=_MAX_DAYS)]
