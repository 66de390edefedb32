"""Very many lessons at once: those of a whole term, and which of them have to be looked at.

The rules of clashes look at all lessons of a day. A term has 80,000 lessons and a day a thousand,
but a lesson shares its teacher, rooms, classes and schools with few of them. Lessons that overlap
none of those few break no hard rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from signaling.timetable.core.bookings import Booking, Limits
from signaling.timetable.core.calendar import DAY
from signaling.timetable.core.clashes import Clash, find_clashes

_PERSON, _SCHOOL = "person", "school"

_Need = tuple[str, str]  # a kind, and an id
_Key = tuple[date, _Need]
_Load = tuple[datetime, datetime, int]  # from when to when, and how much


class Crowd:
    """Lessons by day and by what they need.

    Attributes:
        suspects: ids of the lessons that may break a hard rule; no other one does.
    """

    def __init__(self, bookings: Iterable[Booking], limits: Limits) -> None:
        self._limits = limits
        self._limited = frozenset({*limits.uplink_kbps, *limits.max_lessons})
        self._quiet = replace(limits, relay_kbps=None)
        self._by_key: defaultdict[_Key, list[Booking]] = defaultdict(list)
        self._by_day: defaultdict[date, list[Booking]] = defaultdict(list)
        self._needs: dict[object, tuple[_Need, ...]] = {}
        bookings = list(bookings)
        self._linked = frozenset(_linked_days(bookings))
        for booking in bookings:
            needs = self._needs_of(booking)
            for day in self._days(booking):
                self._by_day[day].append(booking)
                for need in needs:
                    self._by_key[day, need].append(booking)
        self._busy = frozenset(self._busy_days(limits.relay_kbps))
        self.suspects = frozenset(self._find_suspects())

    def clashes(self, wish: Booking) -> list[Clash]:
        """Return what a lesson of the crowd breaks: the same as a look at every other one."""
        if wish.lesson_id not in self.suspects:  # only soft rules, which look at the teacher's day
            day = self._by_key.get((wish.on, (_PERSON, wish.teacher_id or "")), ())
            return find_clashes(wish, day, self._quiet)
        busy = not self._busy.isdisjoint(self._days(wish))
        others = {one.lesson_id: one for one in self._related(wish)}
        if busy:
            days = self._days(wish)
            near = (one for day in days for one in self._by_day[day] if one.overlaps(wish))
            others |= {one.lesson_id: one for one in near}
        return find_clashes(wish, others.values(), self._limits if busy else self._quiet)

    def _related(self, wish: Booking) -> Iterator[Booking]:
        """Yield lessons that share something with a lesson on its days."""
        for day in self._days(wish):
            for need in self._needs_of(wish):
                yield from self._by_key.get((day, need), ())

    def _days(self, booking: Booking) -> Iterable[date]:
        """Return the days whose lessons a lesson can meet: its own, but for nights."""
        on, linked = booking.on, self._linked
        if not linked:
            return (on,)
        return [
            on,
            *([on + DAY] if on in linked else []),
            *([on - DAY] if on - DAY in linked else []),
        ]

    def _needs_of(self, booking: Booking) -> tuple[_Need, ...]:
        """Return what a lesson needs. The lessons of a plan need the same: it is found once."""
        whose = (
            booking.teacher_id,
            booking.lead_room_id,
            booking.lead_school_id,
            booking.lead_class_id,
            booking.seats,
        )
        found = self._needs.get(whose)
        if found is None:
            found = self._needs[whose] = tuple(self._find_needs(booking))
        return found

    def _find_needs(self, booking: Booking) -> Iterator[_Need]:
        if booking.teacher_id is not None:
            yield _PERSON, booking.teacher_id
        for room_id in booking.rooms:
            yield "room", room_id
        for class_id in booking.classes:
            yield "class", class_id
        schools = {seat.school_id for seat in booking.seats} | {booking.lead_school_id or ""}
        for school_id in schools & self._limited:
            yield _SCHOOL, school_id

    # --- suspects --------------------------------------------------------------------------------

    def _find_suspects(self) -> Iterator[str]:
        for (_, (kind, id_)), bookings in self._by_key.items():
            if kind == _SCHOOL:
                if self._is_exceeded(id_, bookings):
                    yield from (one.lesson_id for one in bookings)
            else:
                yield from _overlapping(bookings)
        for day in self._busy:
            yield from (one.lesson_id for one in self._by_day[day])

    def _is_exceeded(self, school_id: str, bookings: Sequence[Booking]) -> bool:
        """Tell whether a school sends or hosts too much at some moment of a day."""
        uplink = self._limits.uplink_kbps.get(school_id)
        sent = [(one.starts_at, one.ends_at, one.uplink_kbps(school_id)) for one in bookings]
        if uplink is not None and _exceeds(sent, uplink):
            return True
        most = self._limits.max_lessons.get(school_id)
        hosted = [
            (one.starts_at, one.ends_at, int(one.lead_school_id == school_id)) for one in bookings
        ]
        return most is not None and _exceeds(hosted, most)

    def _busy_days(self, most: int | None) -> Iterator[date]:
        """Yield days with a moment at which the relay cannot carry all lessons."""
        if most is None:
            return
        for day, bookings in self._by_day.items():
            loads = [(one.starts_at, one.ends_at, one.relay_kbps) for one in bookings]
            if _exceeds(loads, most):
                yield day


def _linked_days(bookings: Iterable[Booking]) -> Iterator[date]:
    """Yield days of which a lesson goes on while one of the next day has begun."""
    first: dict[date, datetime] = {}
    last: dict[date, datetime] = {}
    for one in bookings:
        first[one.on] = min(first.get(one.on, one.starts_at), one.starts_at)
        last[one.on] = max(last.get(one.on, one.ends_at), one.ends_at)
    for day, end in last.items():
        following = first.get(day + DAY)
        if following is not None and following < end:
            yield day


def _overlapping(bookings: Sequence[Booking]) -> Iterator[str]:
    """Yield the ids of lessons that overlap another one."""
    latest: Booking | None = None
    for one in sorted(bookings, key=lambda booking: (booking.starts_at, booking.ends_at)):
        if latest is not None and one.starts_at < latest.ends_at:
            yield one.lesson_id
            yield latest.lesson_id
        if latest is None or one.ends_at > latest.ends_at:
            latest = one


def _exceeds(loads: Sequence[_Load], most: int) -> bool:
    """Tell whether a sum is too high at any moment; where one ends another may begin."""
    if sum(load for _, _, load in loads) <= most:  # not even all of them at once
        return False
    steps: list[tuple[datetime, int]] = []
    for start, end, load in loads:
        if load:
            steps += [(start, load), (end, -load)]
    total = 0
    for _, step in sorted(steps):  # at one moment the ends come first: they are negative
        total += step
        if total > most:
            return True
    return False
