"""Lessons of the week in the county's own ids: what the timetable shall have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from signaling.lessons.wire import ClassKind, DeliveryMode
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.imports.core.drafts import Source


@dataclass(frozen=True, slots=True)
class Wish:
    """One plan as the file wants it.

    Attributes:
        title: empty where the file says nothing of it; so are the textbook's two.
    """

    weekday: int
    period: int
    period_count: int
    weeks: WeekSet
    subject_id: str
    subject: str
    teacher_id: str
    grade: str
    lead_school_id: str | None
    lead_room_id: str | None
    lead_class_id: str | None
    seats: tuple[Seat, ...]
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    title: str = ""
    textbook_volume: str = ""
    textbook_section: str = ""


@dataclass(slots=True)
class Wanted:
    """A wish, and the cells that say it, the first one first."""

    wish: Wish
    sources: list[Source] = field(default_factory=list)


def gathered(wishes: Sequence[tuple[Wish, Source]]) -> tuple[list[Wanted], list[Source]]:
    """Join wishes that differ in their receive rooms only, as rows of one lesson do.

    The second value lists cells that say again what another one said.
    """
    found: dict[Wish, Wanted] = {}
    again: list[Source] = []
    for wish, source in wishes:
        key = replace(wish, seats=())
        wanted = found.get(key)
        if wanted is None:
            found[key] = Wanted(wish, [source])
            continue
        rooms = {seat.room_id for seat in wanted.wish.seats}
        more = tuple(seat for seat in wish.seats if seat.room_id not in rooms)
        if not more:
            again.append(source)
            continue
        wanted.wish = replace(wanted.wish, seats=wanted.wish.seats + more)
        wanted.sources.append(source)
    return list(found.values()), again
