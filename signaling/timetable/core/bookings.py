"""Lessons as clash rules see them: who and what each needs, and from when to when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from signaling.timetable.core.calendar import DAY
from signaling.timetable.core.codes import UnwantedLevel
from signaling.timetable.core.expansion import Seat

# Sent by one picture with sound: 720p is 0.8–1.2 Mbit/s (DOMAIN, rules and figures).
PICTURE_KBPS = 1_200
LEAD_PICTURES = 2  # 双流: camera and courseware


@dataclass(frozen=True, slots=True)
class Booking:
    """One lesson, as far as it takes people, places and bandwidth.

    Attributes:
        lesson_id: its id; the lesson to be checked may have none yet, and is then "".
        on: the date in the county's time zone.
        teacher_id: the lead teacher; None where nobody teaches live (`resource_push`).
        lead_room_id: the lead room.
        lead_school_id: the school that hosts the lesson live; None for `resource_push`.
        lead_class_id: the class in the lead room.
        seats: receive rooms with their classes.
        subject_id: its subject, for wishes about periods.
        periods: numbers of the periods that it takes; empty where it follows no bell.
    """

    lesson_id: str
    on: date
    starts_at: datetime
    ends_at: datetime
    teacher_id: str | None = None
    lead_room_id: str | None = None
    lead_school_id: str | None = None
    lead_class_id: str | None = None
    seats: tuple[Seat, ...] = ()
    subject_id: str | None = None
    periods: tuple[int, ...] = ()

    def overlaps(self, other: Booking) -> bool:
        """Tell whether two lessons have a moment in common; touching ones have none."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    @property
    def rooms(self) -> frozenset[str]:
        """All rooms that it takes."""
        rooms = {seat.room_id for seat in self.seats}
        return frozenset(rooms if self.lead_room_id is None else {*rooms, self.lead_room_id})

    @property
    def classes(self) -> frozenset[str]:
        """All classes that attend it."""
        classes = (self.lead_class_id, *(seat.class_id for seat in self.seats))
        return frozenset(class_id for class_id in classes if class_id is not None)

    @property
    def schools(self) -> frozenset[str]:
        """All schools that give or receive it."""
        schools = (self.lead_school_id, *(seat.school_id for seat in self.seats))
        return frozenset(school_id for school_id in schools if school_id is not None)

    def uplink_kbps(self, school_id: str) -> int:
        """Return what a school sends for it: each camera one picture, the lead two."""
        if self.lead_school_id is None:
            return 0
        points = sum(seat.school_id == school_id for seat in self.seats)
        leads = LEAD_PICTURES if self.lead_school_id == school_id else 0
        return (points + leads) * PICTURE_KBPS

    @property
    def relay_kbps(self) -> int:
        """Rate that the relay sends for it: each point sees the lead, and the lead each point."""
        if self.lead_school_id is None:
            return 0
        return len(self.seats) * (LEAD_PICTURES + 1) * PICTURE_KBPS


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A wish that a subject, a teacher or a school has no lesson in a period.

    Attributes:
        period: the number of the period.
        weekday: 1…7, or None for every day.
        subject_id: whose wish it is; or
        teacher_id: whose wish it is; or
        school_id: whose wish it is, whether it gives the lesson or receives it.
        level: 不宜 or 不可.
    """

    period: int
    weekday: int | None = None
    subject_id: str | None = None
    teacher_id: str | None = None
    school_id: str | None = None
    level: UnwantedLevel = UnwantedLevel.AVOID

    def concerns(self, booking: Booking) -> bool:
        """Tell whether a lesson lies in the period."""
        on_day = self.weekday is None or self.weekday == booking.on.isoweekday()
        return on_day and self.period in booking.periods and self._is_of(booking)

    def _is_of(self, booking: Booking) -> bool:
        if self.teacher_id is not None:
            return self.teacher_id == booking.teacher_id
        if self.school_id is not None:
            return self.school_id in booking.schools
        return self.subject_id == booking.subject_id


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of everything that lessons share.

    Attributes:
        uplink_kbps: by school; a school without a figure has no limit.
        max_lessons: lessons that a school hosts at once, by school.
        relay_kbps: of the server; None is no limit.
        max_consecutive: periods in a row after which a teacher should rest.
        longest_break: the longest pause between two lessons that are in a row.
        unwanted: wishes about periods.
    """

    uplink_kbps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    max_lessons: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    relay_kbps: int | None = None
    max_consecutive: int = 3
    longest_break: timedelta = timedelta(minutes=20)
    unwanted: frozenset[Unwanted] = frozenset()


class Agenda:
    """Lessons by day: those that a check of one lesson has to look at."""

    def __init__(self, bookings: Iterable[Booking] = ()) -> None:
        self._by_day: defaultdict[date, list[Booking]] = defaultdict(list)
        for booking in bookings:
            self.add(booking)

    def add(self, booking: Booking) -> None:
        """Take in a lesson."""
        self._by_day[booking.on].append(booking)

    def remove(self, lesson_id: str, on: date) -> None:
        """Take out a lesson."""
        self._by_day[on] = [one for one in self._by_day[on] if one.lesson_id != lesson_id]

    def __iter__(self) -> Iterator[Booking]:
        return (booking for bookings in self._by_day.values() for booking in bookings)

    def near(self, wish: Booking) -> list[Booking]:
        """Return the lessons of the wish's day, and those of the night before and after."""
        days = (wish.on - DAY, wish.on, wish.on + DAY)
        return [
            other
            for day in days
            for other in self._by_day.get(day, ())
            if day == wish.on or other.overlaps(wish)
        ]
