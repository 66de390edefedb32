"""Bringing the lessons of a plan to what the plan says now: which stay, which change, which go.

A lesson keeps its id as long as the plan has a lesson in its place: on the same date, or else in
the same week. What cannot be changed any more, because it was held or cancelled, keeps its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date

from signaling.timetable.core.calendar import Term, monday_of
from signaling.timetable.core.expansion import Occurrence


@dataclass(frozen=True, slots=True)
class Present:
    """A lesson of a plan as it stands; `movable` if it is still to come and not cancelled."""

    lesson_id: str
    source: date
    movable: bool


@dataclass(slots=True)
class Settlement:
    """Effect of a plan on its lessons.

    Attributes:
        follow: lessons that take the place of an occurrence.
        create: occurrences that have no lesson yet.
        withdraw: lessons whose place is gone.
    """

    follow: list[tuple[str, Occurrence]] = field(default_factory=list)
    create: list[Occurrence] = field(default_factory=list)
    withdraw: list[str] = field(default_factory=list)


def settle(
    present: Sequence[Present], occurrences: Sequence[Occurrence], term: Term | None
) -> Settlement:
    """Match the lessons of a plan with its occurrences."""
    found = Settlement()
    if not present:  # a new plan
        found.create = sorted(occurrences, key=lambda one: one.source)
        return found
    lessons, open_places = list(present), list(occurrences)
    for key in (_by_date, _by_week(term)):
        lessons, open_places = _match(lessons, open_places, key, found)
    found.create = open_places
    found.withdraw = [one.lesson_id for one in lessons if one.movable]
    return found


def _by_date(source: date) -> Hashable:
    return source


def _by_week(term: Term | None) -> Callable[[date], Hashable]:
    if term is None:
        return monday_of
    return lambda source: (source - term.monday).days // 7


def _match(
    lessons: list[Present],
    places: list[Occurrence],
    key: Callable[[date], Hashable],
    found: Settlement,
) -> tuple[list[Present], list[Occurrence]]:
    """Match those with equal keys, in the order of their dates; return what is left of both."""
    waiting: defaultdict[Hashable, list[Occurrence]] = defaultdict(list)
    for place in sorted(places, key=lambda one: one.source):
        waiting[key(place.source)].append(place)
    left: list[Present] = []
    for lesson in sorted(lessons, key=lambda one: one.source):
        matching = waiting[key(lesson.source)]
        if not matching:
            left.append(lesson)
            continue
        place = matching.pop(0)
        if lesson.movable:
            found.follow.append((lesson.lesson_id, place))
    rest = [place for places_ in waiting.values() for place in places_]
    return left, sorted(rest, key=lambda one: one.source)
