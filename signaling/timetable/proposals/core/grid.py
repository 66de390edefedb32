"""The grid of a school: which moments are which period of which week, and what lies in them.

A problem knows only slots and weeks. The grid turns lessons with absolute times into those: by the
school's own days off, make-up days and bell schedules. So a lesson of another school, with other
bells, takes each slot that it overlaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from signaling.timetable.core.bells import Period
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.calendar import Taught, Term
from signaling.timetable.core.expansion import Surroundings
from signaling.timetable.core.slots import Bell, slot_on
from signaling.timetable.proposals.core.problem import (
    BaseLoad,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    WeekSlot,
)

Cell = tuple[WeekSlot, int]  # a slot in a week


@dataclass(frozen=True, slots=True)
class _Moment:
    """A period of one date: the cell whose lessons it teaches."""

    cell: Cell
    starts_at: datetime
    ends_at: datetime


class Grid:
    """The periods of one school from a date to the end of a term."""

    def __init__(
        self,
        around: Surroundings,
        term: Term,
        school_id: str,
        begins: date,
        weekdays: Collection[int],
    ) -> None:
        self._moments: dict[date, list[_Moment]] = defaultdict(list)
        self._periods: dict[int, set[int]] = {}
        self._schedules: set[tuple[Period, ...]] = set()
        for day in term.days():
            taught = around.calendar(school_id).taught_on(day, term)
            if day >= begins and isinstance(taught, Taught) and taught.weekday in weekdays:
                self._add(around, school_id, day, taught)

    def _add(self, around: Surroundings, school_id: str, day: date, taught: Taught) -> None:
        schedule = around.bells.schedule(school_id, day)
        if schedule is None:  # nothing is taught on such a date, whatever is planned
            return
        self._schedules.add(schedule.periods)
        numbers = {period.number for period in schedule.periods}
        # A lesson needs its period on every date: summer and winter bells may differ in number.
        known = self._periods.setdefault(taught.weekday, numbers)
        known &= numbers
        for number in sorted(numbers):
            slot = slot_on(
                day, Bell(number), bells=around.bells, school_id=school_id, zone=around.zone
            )
            if slot is not None:
                cell = (WeekSlot(taught.weekday, number), taught.week)
                self._moments[day].append(_Moment(cell, slot.starts_at, slot.ends_at))

    @property
    def slots(self) -> tuple[WeekSlot, ...]:
        """The slots that there are in every week."""
        return tuple(
            sorted(
                WeekSlot(day, number) for day, found in self._periods.items() for number in found
            )
        )

    def breaks(self, longest: timedelta) -> tuple[int, ...]:
        """Return the periods after which a pause is longer than that, by any schedule."""
        found = set()
        for periods in self._schedules:
            for before, after in pairwise(periods):
                if _since_midnight(after.starts) - _since_midnight(before.ends) > longest:
                    found.add(before.number)
        return tuple(sorted(found))

    def cells(self, booking: Booking) -> Iterator[Cell]:
        """Yield the cells that a lesson overlaps."""
        for moment in self._moments.get(booking.on, ()):
            if moment.starts_at < booking.ends_at and booking.starts_at < moment.ends_at:
                yield moment.cell


def taken(
    grid: Grid, bookings: Iterable[Booking], concerned: Collection[Resource]
) -> tuple[Taken, ...]:
    """Return the slots in which resources are in lessons that stay."""
    weeks: dict[tuple[Resource, WeekSlot], int] = defaultdict(int)
    for booking in bookings:
        wanted = [one for one in resources_of(booking) if one in concerned]
        if wanted:
            for slot, week in grid.cells(booking):
                for resource in wanted:
                    weeks[resource, slot] |= 1 << week
    return tuple(
        Taken(resource, slot, bits, TakenBy.LESSON)
        for (resource, slot), bits in sorted(weeks.items())
    )


def base_loads(
    grid: Grid, bookings: Iterable[Booking], capacity_id: str, loads: Iterable[int]
) -> tuple[BaseLoad, ...]:
    """Return what lessons that stay take of a capacity.

    Lessons in one slot are added up even if one ends before the other begins: that errs on the
    safe side.
    """
    used: dict[Cell, int] = defaultdict(int)
    for booking, amount in zip(bookings, loads, strict=True):
        for cell in grid.cells(booking) if amount else ():
            used[cell] += amount
    weeks: dict[tuple[WeekSlot, int], int] = defaultdict(int)
    for (slot, week), amount in used.items():
        weeks[slot, amount] |= 1 << week
    return tuple(
        BaseLoad(capacity_id, slot, bits, amount) for (slot, amount), bits in sorted(weeks.items())
    )


def resources_of(booking: Booking) -> frozenset[Resource]:
    """Return the teacher, rooms and classes of a lesson."""
    teacher_id = booking.teacher_id
    teacher = [] if teacher_id is None else [Resource(ResourceKind.TEACHER, teacher_id)]
    return frozenset(
        teacher
        + [Resource(ResourceKind.ROOM, one) for one in booking.rooms]
        + [Resource(ResourceKind.CLASS, one) for one in booking.classes]
    )


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
