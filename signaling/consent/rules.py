"""Rules of consent: what may be filmed, kept and shown. Pure; days are those of the county."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType

from signaling.consent.wire import (
    ConsentLack,
    ConsentPurpose,
    ConsentScope,
    ConsentState,
    SeatingRemedy,
    SourcePart,
)

LONGEST_COVER = timedelta(days=370)  # a term with the holidays after it
LONGEST_SHOWN = timedelta(days=3660)  # ten years after the last lesson

# From narrow to wide; each holds those before it.
_LADDER = (
    ConsentPurpose.RECORD,
    ConsentPurpose.SHOW_SCHOOL,
    ConsentPurpose.SHOW_COUNTY,
    ConsentPurpose.SHOW_PLATFORM,
    ConsentPurpose.SHOW_PUBLIC,
)
_NEEDED: Mapping[ConsentScope, ConsentPurpose] = MappingProxyType(
    {
        ConsentScope.PRIVATE: ConsentPurpose.RECORD,
        ConsentScope.SCHOOL: ConsentPurpose.SHOW_SCHOOL,
        ConsentScope.COUNTY: ConsentPurpose.SHOW_COUNTY,
        ConsentScope.SIGNED_IN: ConsentPurpose.SHOW_PLATFORM,
        ConsentScope.PASSWORD: ConsentPurpose.SHOW_PUBLIC,
        ConsentScope.PUBLIC: ConsentPurpose.SHOW_PUBLIC,
    }
)


@dataclass(frozen=True, slots=True)
class Home:
    """The school and county to which a class or a resource belongs."""

    school_id: str
    county_id: str


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as the rules take it."""

    class_id: str
    purposes: frozenset[ConsentPurpose]
    covers_from: date
    covers_to: date
    until: date
    refusals: int = 0
    remedy: SeatingRemedy | None = None
    withdrawn: bool = False

    def covers(self, day: date) -> bool:
        """Tell whether lessons of a day are meant."""
        return self.covers_from <= day <= self.covers_to


@dataclass(frozen=True, slots=True)
class SourceSeat:
    """A source of a lesson, and the classes that may be seen or heard in it.

    Attributes:
        place: the name of the room, for readers.
        home: where the classes belong; None for what nobody knows.
        class_ids: the class; all classes of the school where the lesson names none.
    """

    source_id: str
    participant_id: str
    part: SourcePart
    place: str = ""
    home: Home | None = None
    class_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Showing:
    """A wish to show the sources of a lesson.

    Attributes:
        scope: to whom.
        of_resource: where the resource belongs; None for what nobody knows.
        day: of the lesson.
        today: the day of the question.
    """

    scope: ConsentScope
    of_resource: Home | None
    day: date
    today: date


@dataclass(frozen=True, slots=True)
class Lacking:
    """A source that may not be shown, with the classes at fault."""

    seat: SourceSeat
    lack: ConsentLack
    allowed: ConsentScope | None
    class_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageTime:
    """Seconds of a recording during which a participant was on stage."""

    participant_id: str
    start_s: float
    end_s: float


def completed(purposes: Iterable[ConsentPurpose]) -> tuple[ConsentPurpose, ...]:
    """Return the purposes with the narrower ones that each holds, in their one order."""
    told = set(purposes)
    widest = max((_LADDER.index(one) for one in told if one in _LADDER), default=-1)
    told.update(_LADDER[: widest + 1])
    return tuple(one for one in ConsentPurpose if one in told)


def needed(scope: ConsentScope, of_class: Home, of_resource: Home) -> ConsentPurpose:
    """Return the purpose without which a class may not be shown in a scope of a resource.

    School and county of a scope are the resource's. A class of another school is shown beyond its
    own school by it, and one of another county beyond its own county.
    """
    purpose = _NEEDED[scope]
    if purpose in {ConsentPurpose.SHOW_SCHOOL, ConsentPurpose.SHOW_COUNTY}:
        if of_class.county_id != of_resource.county_id:
            return ConsentPurpose.SHOW_PLATFORM
        if of_class.school_id != of_resource.school_id:
            return ConsentPurpose.SHOW_COUNTY
    return purpose


def fault_of(given: Given, today: date) -> ConsentLack | None:
    """Return why a consent does not count today, for whatever purpose; None where it does."""
    if given.withdrawn:
        return ConsentLack.WITHDRAWN
    if given.until < today:
        return ConsentLack.EXPIRED
    if given.refusals > 0 and given.remedy is None:
        return ConsentLack.UNSEATED
    return None


def state_of(given: Given | None, today: date) -> ConsentState:
    """Return the state of a class."""
    if given is None:
        return ConsentState.NONE
    fault = fault_of(given, today)
    return ConsentState.GIVEN if fault is None else ConsentState(fault)


def lack_of(
    consents: Iterable[Given], purpose: ConsentPurpose, day: date, today: date
) -> ConsentLack | None:
    """Return why a class may not be shown for a purpose; None where it may.

    Args:
        consents: all of the class.
        purpose: what is to be done.
        day: of the lesson.
        today: the day of the question.
    """
    lacks = {
        fault_of(one, today) or (None if purpose in one.purposes else ConsentLack.PURPOSE)
        for one in consents
        if one.covers(day)
    }
    if None in lacks:
        return None
    return next((one for one in ConsentLack if one in lacks), ConsentLack.NONE)


def lacking(
    seats: Iterable[SourceSeat], consents: Collection[Given], showing: Showing
) -> tuple[Lacking, ...]:
    """Return the sources that may not be shown so, each with its reason.

    Args:
        seats: the sources that are to be shown.
        consents: all of their classes.
        showing: to whom, and when.
    """
    told, of_class = [], _of_day(consents, showing)
    for seat in seats:
        fault = _fault(seat, of_class, showing)
        if fault is not None:
            scopes = (replace(showing, scope=one) for one in ConsentScope)
            allowed = [one.scope for one in scopes if _fault(seat, of_class, one) is None]
            told.append(Lacking(seat, fault[0], allowed[-1] if allowed else None, fault[1]))
    return tuple(told)


@dataclass(slots=True)
class _Standing:
    """Purposes for which a class may be shown, and why it may not for any other."""

    allowed: set[ConsentPurpose] = field(default_factory=set)
    lack: ConsentLack = ConsentLack.NONE


_NOBODY = _Standing()
_RANKS = {one: rank for rank, one in enumerate(ConsentLack)}


def _of_day(consents: Iterable[Given], showing: Showing) -> Mapping[str, _Standing]:
    """Return how classes stand by the consents that cover the lesson's day.

    Where a school names no class, hundreds are asked, for each scope: so each is judged once.
    """
    found: dict[str, _Standing] = {}
    for one in consents:
        if not one.covers(showing.day):
            continue
        fault = fault_of(one, showing.today)
        lack = fault or ConsentLack.PURPOSE
        known = found.get(one.class_id)
        if known is None:
            known = found[one.class_id] = _Standing(lack=lack)
        elif _RANKS[lack] < _RANKS[known.lack]:
            known.lack = lack
        if fault is None:
            known.allowed |= one.purposes
    return found


def _fault(
    seat: SourceSeat, of_class: Mapping[str, _Standing], showing: Showing
) -> tuple[ConsentLack, tuple[str, ...]] | None:
    """Return why a source may not be shown, and the classes at fault; None where it may."""
    if seat.part is SourcePart.NOTHING:
        return None
    if seat.home is None or showing.of_resource is None or not seat.class_ids:
        return ConsentLack.UNKNOWN_CLASS, ()
    purpose = needed(showing.scope, seat.home, showing.of_resource)
    lacks = {
        class_id: standing.lack
        for class_id in seat.class_ids
        if purpose not in (standing := of_class.get(class_id, _NOBODY)).allowed
    }
    if not lacks:
        return None
    return max(lacks.values(), key=_RANKS.__getitem__), tuple(lacks)


def shown_until(
    seats: Sequence[SourceSeat], consents: Collection[Given], showing: Showing
) -> date | None:
    """Return the last day on which all sources may be shown so.

    None: no class is in them, or one may not be shown today already.
    """
    if showing.of_resource is None or lacking(seats, consents, showing):
        return None
    ends = []
    for seat in seats:
        if seat.part is SourcePart.NOTHING or seat.home is None:
            continue
        purpose = needed(showing.scope, seat.home, showing.of_resource)
        for class_id in seat.class_ids:
            own = (one for one in consents if one.class_id == class_id)
            ends.append(max(one.until for one in own if _counts(one, purpose, showing)))
    return min(ends, default=None)


def _counts(given: Given, purpose: ConsentPurpose, showing: Showing) -> bool:
    return lack_of((given,), purpose, showing.day, showing.today) is None


def spills(missing: Iterable[Lacking], stage: Iterable[StageTime]) -> tuple[StageTime, ...]:
    """Return when the voice of a room without consent may be in the teacher's microphone.

    A room is heard in the lead room while it is on stage. Times of one room that touch are one.
    """
    silent = {one.seat.participant_id for one in missing if one.seat.part is SourcePart.WHOLE}
    merged: list[StageTime] = []
    for one in sorted(
        (one for one in stage if one.participant_id in silent and one.start_s < one.end_s),
        key=lambda one: (one.participant_id, one.start_s),
    ):
        last = merged[-1] if merged else None
        if last and last.participant_id == one.participant_id and one.start_s <= last.end_s:
            end = max(last.end_s, one.end_s)
            merged[-1] = StageTime(one.participant_id, last.start_s, end)
        else:
            merged.append(one)
    return tuple(sorted(merged, key=lambda one: (one.start_s, one.participant_id)))


def narrower(before: Given, after: Given) -> bool:
    """Tell whether a change takes back something that was allowed before."""
    return (
        not before.purposes <= after.purposes
        or after.covers_from > before.covers_from
        or after.covers_to < before.covers_to
        or after.until < before.until
        or (after.refusals > 0 and after.remedy is None)
        or after.withdrawn
    )


def overlapping(wish: Given, others: Sequence[Given]) -> bool:
    """Tell whether another consent that stands covers one of the days."""
    return any(
        one.covers_from <= wish.covers_to and wish.covers_from <= one.covers_to
        for one in others
        if not one.withdrawn
    )
