"""Events of the timetable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class TimetableChanged:
    """Lessons were planned, changed, cancelled or taken out.

    Attributes:
        county_id: whose timetable it is.
        lesson_ids: the lessons.
        person_ids: their teachers, before and after.
        room_ids: their rooms, before and after.
        school_ids: the schools of the rooms.
    """

    county_id: str
    lesson_ids: frozenset[str]
    person_ids: frozenset[str]
    room_ids: frozenset[str]
    school_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class TeachingDaysChanged:
    """A county may teach on other days from a day on: its terms or days off have changed."""

    county_id: str
    first: date
