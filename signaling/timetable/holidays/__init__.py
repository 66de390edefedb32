"""Years of days off that come with the program.

A file is one year of the State Council's notice, in the shape of NateScarlet/holiday-cn.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from signaling.timetable.core.holiday_file import HolidayYear


@cache
def shipped_years() -> dict[int, HolidayYear]:
    """Return the years that come with the program."""
    found = (
        msgspec.json.decode(file.read_bytes(), type=HolidayYear)
        for file in files(__package__).iterdir()
        if file.name.endswith(".json")
    )
    return {year.year: year for year in found}
