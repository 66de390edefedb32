"""From a plan to its occurrences: each with absolute times, and each that falls out with why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from signaling.timetable.core.bells import BellBook
from signaling.timetable.core.calendar import Calendar, Skipped, Taught, Term
from signaling.timetable.core.codes import SkipReason
from signaling.timetable.core.slots import Place, Slot, slot_on
from signaling.timetable.core.weeks import WeekSet


@dataclass(frozen=True, slots=True)
class Seat:
    """One class at one receive room. A room without a class has its school's pupils."""

    room_id: str
    school_id: str
    class_id: str | None = None


@dataclass(frozen=True, slots=True)
class Weekly:
    """周期排课: a weekday in a set of teaching weeks."""

    weekday: int
    weeks: WeekSet


@dataclass(frozen=True, slots=True)
class OnDates:
    """临时排课 and 假期排课: single dates. Only the latter may be days off or outside of a term."""

    dates: tuple[date, ...]
    in_holidays: bool = False


@dataclass(frozen=True, slots=True)
class PlanShape:
    """Part of a plan that decides its occurrences."""

    when: Weekly | OnDates
    place: Place
    lead_school_id: str | None
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts that a county gives to the expansion of its plans."""

    term: Term | None
    county: Calendar
    schools: Mapping[str, Calendar]
    bells: BellBook
    zone: tzinfo

    def calendar(self, school_id: str | None) -> Calendar:
        """Return the days of a school."""
        return self.schools.get(school_id or "", self.county)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One lesson of a plan.

    Attributes:
        source: the date whose lesson it is: what identifies it within the plan for life. On a
            make-up day that teaches another date it is that date.
        slot: when it takes place.
        seats: the rooms whose schools do not have the day off.
    """

    source: date
    slot: Slot
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class FallenOut:
    """A planned date that does not occur, or occurs without one room, and why.

    Attributes:
        source: the planned date.
        week: the planned teaching week; None outside of the term.
        reason: why.
        name: the name of the day off.
        room_id: the room that is left out; None if the whole lesson is.
    """

    source: date
    week: int | None
    reason: SkipReason
    name: str = ""
    room_id: str | None = None


@dataclass(slots=True)
class Expansion:
    """Occurrences of a plan by time, and what fell out."""

    occurrences: list[Occurrence] = field(default_factory=list)
    fallen: list[FallenOut] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Date:
    """A planned date: where it is held, and its week as the plan counts."""

    source: date
    on: date
    week: int | None


def expand(shape: PlanShape, around: Surroundings, not_before: datetime) -> Expansion:
    """Return a plan's occurrences. Each planned week or date occurs, or has fallen out.

    The calendar of the lead room's school decides. A teaching point whose school has the day off
    is left out of that lesson.

    Args:
        shape: the plan.
        around: term, calendars and bells.
        not_before: lessons that would begin earlier fall out as past.
    """
    found = Expansion()
    for planned in _dates(shape, around):
        if isinstance(planned, FallenOut):
            found.fallen.append(planned)
        else:
            _hold(shape, around, planned, not_before, found)
    found.occurrences.sort(key=lambda one: one.slot.starts_at)
    found.fallen.sort(key=lambda one: one.source)
    return found


def _dates(shape: PlanShape, around: Surroundings) -> Iterator[_Date | FallenOut]:
    calendar = around.calendar(shape.lead_school_id)
    if isinstance(shape.when, OnDates):
        for day in sorted(set(shape.when.dates)):
            yield _single(day, shape.when, around.term, calendar)
    elif around.term is not None:
        yield from _weekly(shape.when, around.term, calendar)


def _single(day: date, when: OnDates, term: Term | None, calendar: Calendar) -> _Date | FallenOut:
    week = None if term is None else term.week_of(day)
    if not when.in_holidays:
        if week is None:
            return FallenOut(day, None, SkipReason.OUTSIDE_TERM)
        if calendar.is_off(day):
            return FallenOut(day, week, SkipReason.DAY_OFF, calendar.special[day].name)
    return _Date(day, day, week)


def _weekly(when: Weekly, term: Term, calendar: Calendar) -> Iterator[_Date | FallenOut]:
    held: set[date] = set()
    for day, taught in calendar.teaching(when.weekday, term):
        if taught.week in when.weeks:
            held.add(taught.source)
            yield _Date(taught.source, day, taught.week)
    for week in when.weeks:
        day = term.day_of(week, when.weekday)
        if day not in held:
            skipped = calendar.taught_on(day, term)
            if isinstance(skipped, Taught):  # the day teaches another weekday's lessons
                name = calendar.special[day].name
                skipped = Skipped(SkipReason.MAKE_UP_DAY, name)
            yield FallenOut(day, week, skipped.reason, skipped.name)


def _hold(
    shape: PlanShape,
    around: Surroundings,
    planned: _Date,
    not_before: datetime,
    found: Expansion,
) -> None:
    """Add a planned date to the occurrences, or to what fell out."""
    slot = slot_on(
        planned.on,
        shape.place,
        bells=around.bells,
        school_id=shape.lead_school_id,
        zone=around.zone,
    )
    if slot is None:
        found.fallen.append(FallenOut(planned.source, planned.week, SkipReason.NO_PERIOD))
        return
    if slot.starts_at < not_before:
        found.fallen.append(FallenOut(planned.source, planned.week, SkipReason.PAST))
        return
    seats = _seats(shape, around, planned, found)
    if shape.seats and not seats:
        found.fallen.append(FallenOut(planned.source, planned.week, SkipReason.NO_ROOM))
        return
    found.occurrences.append(Occurrence(planned.source, slot, seats))


def _seats(
    shape: PlanShape, around: Surroundings, planned: _Date, found: Expansion
) -> tuple[Seat, ...]:
    """Return the seats whose schools are open, and name those that are not."""
    if isinstance(shape.when, OnDates) and shape.when.in_holidays:
        return shape.seats
    open_seats: list[Seat] = []
    for seat in shape.seats:
        calendar = around.calendar(seat.school_id)
        if calendar.is_off(planned.on):
            name = calendar.special[planned.on].name
            out = FallenOut(planned.source, planned.week, SkipReason.DAY_OFF, name, seat.room_id)
            found.fallen.append(out)
        else:
            open_seats.append(seat)
    return tuple(open_seats)
