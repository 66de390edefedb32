"""The check of a proposal by the clash rules of the timetable, date by date.

The solver knows slots and weeks. Here every lesson gets its dates and absolute times, as it would
when the proposal is accepted, and goes through the same rules as a lesson that somebody drags.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time

from msgspec.structs import replace

from signaling.timetable.core.bookings import Agenda, Booking
from signaling.timetable.core.clashes import Clash, find_clashes
from signaling.timetable.core.codes import ClashLevel, ClashRule, WhoKind
from signaling.timetable.core.expansion import PlanShape, Weekly, expand
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.proposals.building import Built
from signaling.timetable.proposals.core.named_rules import NamedRule, RuleKind, allowed_slots
from signaling.timetable.proposals.core.proposal import Blocking, Placed, Proposal, Unplaced

_SEPARATOR = "@"  # between a lesson of the proposal and its date, in ids of bookings
_RULES = {
    (ClashRule.TEACHER, WhoKind.PERSON): RuleKind.TEACHER_ONCE,
    (ClashRule.LEAD_ROOM, WhoKind.ROOM): RuleKind.ROOM_ONCE,
    (ClashRule.RECEIVE_ROOM, WhoKind.ROOM): RuleKind.ROOM_ONCE,
    (ClashRule.CLASS, WhoKind.CLASS): RuleKind.CLASS_ONCE,
    (ClashRule.UPLINK, WhoKind.SCHOOL): RuleKind.UPLINK,
    (ClashRule.HOST, WhoKind.SCHOOL): RuleKind.HOSTED_LESSONS,
    (ClashRule.RELAY, WhoKind.SERVER): RuleKind.RELAY,
    (ClashRule.FORBIDDEN_PERIOD, WhoKind.PERSON): RuleKind.TEACHER_ABSENT,
}


def hard_clashes(built: Built, proposal: Proposal) -> Iterator[tuple[Placed, Clash]]:
    """Yield every hard clash of a proposal, with the lesson of the proposal that has it."""
    lessons = {f"{number}": one for number, one in enumerate(proposal.placed)}
    bookings = [
        booking for key, placed in lessons.items() for booking in _bookings(built, placed, key)
    ]
    agenda = Agenda((*built.standing, *bookings))
    for booking in bookings:
        for clash in find_clashes(booking, agenda.near(booking), built.limits):
            if clash.level is ClashLevel.HARD:
                yield lessons[booking.lesson_id.partition(_SEPARATOR)[0]], clash


def without_clashes(built: Built, proposal: Proposal) -> Proposal:
    """Return a proposal without the lessons that clash, which are then unplaced, with the rule.

    A solver that keeps its rules leaves nothing to do here.
    """
    while (first := next(hard_clashes(built, proposal), None)) is not None:
        placed, clash = first
        kind = _RULES.get((clash.rule, clash.who.kind))
        rule = allowed_slots(placed.need_id) if kind is None else NamedRule(kind, clash.who.id)
        gone = Unplaced(placed.need_id, placed.number, 1, (Blocking(rule, 1),))
        kept = tuple(one for one in proposal.placed if one is not placed)
        unplaced = (*proposal.unplaced, gone)
        proposal = replace(proposal, placed=kept, unplaced=unplaced, optimal=False)
    return proposal


def _bookings(built: Built, placed: Placed, key: str) -> Iterator[Booking]:
    """Yield the lessons of one weekly lesson on their dates."""
    described, position = built.needs[placed.need_id], placed.position
    need = described.need
    bell = Bell(position.slot.period, need.lengths[placed.number])
    shape = PlanShape(
        Weekly(position.slot.day, WeekSet(position.weeks)),
        bell,
        described.lead_school_id,
        described.seats,
    )
    begins = datetime.combine(built.begins, time(), built.around.zone)
    for occurrence in expand(shape, built.around, begins).occurrences:
        yield Booking(
            lesson_id=f"{key}{_SEPARATOR}{occurrence.source}",
            on=occurrence.slot.on,
            starts_at=occurrence.slot.starts_at,
            ends_at=occurrence.slot.ends_at,
            teacher_id=position.teacher_id if need.live else None,
            lead_room_id=position.lead_room_id,
            lead_school_id=described.lead_school_id if need.live else None,
            lead_class_id=described.lead_class_id,
            seats=occurrence.seats,
            periods=tuple(range(bell.period, bell.period + bell.period_count)),
        )
