"""Needs of a problem: from the weekly plans of a school, and from what is wished anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from signaling.lessons.wire import DeliveryMode
from signaling.timetable.core.bookings import Booking, Unwanted
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.codes import Parity, UnwantedLevel
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.proposals.core.outcome import OutcomeLesson
from signaling.timetable.proposals.core.outcome import Seat as OutcomeSeat
from signaling.timetable.proposals.core.problem import (
    Load,
    Need,
    Position,
    WeekSlot,
    Wish,
)
from signaling.timetable.proposals.wire import NeedWish, WeekPeriod
from signaling.timetable.records import PlanRecord

UNWANTED_COST = 2  # of a period that a subject or teacher does not want
_ANY_TIME = datetime(2000, 1, 3, tzinfo=UTC)  # of a booking that is asked for its loads alone


@dataclass(frozen=True, slots=True)
class Described:
    """A need, with what its lessons are for whoever reads the proposal."""

    need: Need
    lessons: tuple[OutcomeLesson, ...]
    lead_school_id: str
    lead_class_id: str | None
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class NeedMaker:
    """Makes needs.

    Attributes:
        school_id: the school that leads.
        first_week: the week in which the proposal begins.
        slots: all slots of the school.
        breaks: periods after which no lesson goes on.
        unwanted: wishes about periods.
        capacities: the limits by id, each with the id of the school whose it is.
        substitutes: teachers who may give the lessons of another, by (teacher, subject).
    """

    school_id: str
    first_week: int
    slots: tuple[WeekSlot, ...]
    breaks: tuple[int, ...]
    unwanted: Collection[Unwanted]
    capacities: Mapping[str, str]
    substitutes: Mapping[tuple[str, str], Sequence[str]]

    def of_plan(self, plan: PlanRecord) -> Described | None:
        """Return the need of a weekly plan; None where it is not to be touched.

        Nothing of it is to come, or it stands where this proposal would place nothing.
        """
        bell, weekday = plan.bell, plan.weekday
        weeks = later(plan.weeks, self.first_week)
        if bell is None or weekday is None or not weeks or not self._knows(weekday, bell):
            return None
        present = Position(
            WeekSlot(weekday, bell.period), weeks.bits, plan.lead_teacher_id, plan.lead_room_id
        )
        content = plan.content
        subject_id = content.subject_id or ""
        others = self.substitutes.get((plan.lead_teacher_id, subject_id), ())
        need = self._need(
            f"plan:{plan.plan_id}",
            (bell.period_count,),
            (weeks.bits,),
            (plan.lead_teacher_id, *others),
            () if plan.lead_room_id is None else (plan.lead_room_id,),
            seats=plan.seats,
            lead_class_id=content.lead_class_id,
            subject_id=subject_id,
            live=content.is_live,
            present=(present,),
        )
        lesson = OutcomeLesson(
            need_id=need.need_id,
            plan_id=plan.plan_id,
            plan_version=plan.version,
            wish=None,
            title=content.title,
            subject=content.subject,
            grade=content.grade,
            period_count=bell.period_count,
            seats=_outcome_seats(plan.seats),
            position=None,
            before=present,
            moved=False,
        )
        return Described(need, (lesson,), self.school_id, content.lead_class_id, plan.seats)

    def _knows(self, weekday: int, bell: Bell) -> bool:
        """Tell whether a lesson could be placed there at all."""
        last = bell.period + bell.period_count - 1
        run = {WeekSlot(weekday, period) for period in range(bell.period, last + 1)}
        parted = any(bell.period <= one < last for one in self.breaks)
        return run <= set(self.slots) and not parted

    def of_wish(
        self, number: int, wish: NeedWish, weeks: WeekSet, seats: tuple[Seat, ...], subject: str
    ) -> Described:
        """Return the need of a wish, whose seats and weeks were read."""
        weeks = later(weeks, self.first_week)
        halves = (weeks.only(Parity.ODD), weeks.only(Parity.EVEN)) if wish.alternate else (weeks,)
        need = self._need(
            f"need:{number}",
            wish.lengths,
            tuple(half.bits for half in halves if half),
            wish.lead_teacher_ids,
            wish.lead_room_ids,
            seats=seats,
            lead_class_id=wish.lead_class_id,
            subject_id=wish.subject_id,
            live=wish.delivery_mode is not DeliveryMode.RESOURCE_PUSH,
            slots=slots_of(wish.slots),
        )
        lessons = tuple(
            OutcomeLesson(
                need_id=need.need_id,
                plan_id=None,
                plan_version=0,
                wish=number,
                title=wish.title,
                subject=subject,
                grade=wish.grade,
                period_count=length,
                seats=_outcome_seats(seats),
                position=None,
                before=None,
                moved=False,
            )
            for length in wish.lengths
        )
        return Described(need, lessons, self.school_id, wish.lead_class_id, seats)

    def _need(
        self,
        need_id: str,
        lengths: tuple[int, ...],
        week_choices: tuple[int, ...],
        teacher_ids: tuple[str, ...],
        lead_room_ids: tuple[str, ...],
        *,
        seats: tuple[Seat, ...],
        lead_class_id: str | None,
        subject_id: str,
        live: bool,
        slots: tuple[WeekSlot, ...] | None = None,
        present: tuple[Position | None, ...] = (),
    ) -> Need:
        classes = (lead_class_id, *(seat.class_id for seat in seats))
        return Need(
            need_id=need_id,
            lengths=lengths,
            week_choices=week_choices,
            teacher_ids=teacher_ids,
            lead_room_ids=lead_room_ids,
            receive_room_ids=tuple(seat.room_id for seat in seats),
            class_ids=tuple(class_id for class_id in classes if class_id is not None),
            loads=self._loads(seats) if live else (),
            slots=self._allowed(slots, subject_id, seats),
            wishes=tuple(self._wishes(subject_id, teacher_ids, seats)),
            present=present,
            live=live,
        )

    def _loads(self, seats: tuple[Seat, ...]) -> tuple[Load, ...]:
        booking = loads_booking(self.school_id, seats)
        return tuple(
            Load(capacity_id, amount)
            for capacity_id, owner in self.capacities.items()
            if (amount := load_of(booking, capacity_id, owner))
        )

    def _wishes(
        self, subject_id: str, teacher_ids: tuple[str, ...], seats: tuple[Seat, ...]
    ) -> list[Wish]:
        return [
            Wish(slots_wished_away(one, self.slots), UNWANTED_COST, one.teacher_id)
            for one in self.unwanted
            if one.level is UnwantedLevel.AVOID
            and (self._whole(one, subject_id, seats) or one.teacher_id in teacher_ids)
        ]

    def _allowed(
        self, slots: tuple[WeekSlot, ...] | None, subject_id: str, seats: tuple[Seat, ...]
    ) -> tuple[WeekSlot, ...] | None:
        """Return the slots without those that the subject or a school forbids."""
        forbidden = {
            slot
            for one in self.unwanted
            if one.level is UnwantedLevel.FORBID and self._whole(one, subject_id, seats)
            for slot in slots_wished_away(one, self.slots)
        }
        if not forbidden:
            return slots
        return tuple(one for one in slots or self.slots if one not in forbidden)

    def _whole(self, one: Unwanted, subject_id: str, seats: tuple[Seat, ...]) -> bool:
        """Tell whether a wish holds for lessons of a need, whoever teaches them."""
        if one.subject_id is not None:
            return one.subject_id == subject_id
        schools = {self.school_id, *(seat.school_id for seat in seats)}
        return one.school_id is not None and one.school_id in schools


def slots_wished_away(one: Unwanted, slots: Sequence[WeekSlot]) -> tuple[WeekSlot, ...]:
    """Return the slots that a wish is about."""
    return tuple(
        slot for slot in slots if slot.period == one.period and one.weekday in {None, slot.day}
    )


def load_of(booking: Booking, capacity_id: str, owner: str) -> int:
    """Return what a lesson takes of a capacity: `uplink:`, `hosted:` or `relay`."""
    if capacity_id.startswith("uplink:"):
        return booking.uplink_kbps(owner)
    if capacity_id.startswith("hosted:"):
        return int(booking.lead_school_id == owner)
    return booking.relay_kbps


def loads_booking(school_id: str, seats: tuple[Seat, ...]) -> Booking:
    """Return a live lesson of a school without a time, for its loads."""
    at = _ANY_TIME
    return Booking("", at.date(), at, at, lead_school_id=school_id, seats=seats)


def later(weeks: WeekSet, first: int) -> WeekSet:
    """Return the weeks from one on."""
    return WeekSet.of(week for week in weeks if week >= first)


def slots_of(periods: Sequence[WeekPeriod]) -> tuple[WeekSlot, ...] | None:
    """Return slots that were named; None where none was."""
    return tuple(WeekSlot(one.weekday, one.period) for one in periods) or None


def first_week_of(term: Term, begins: date) -> int:
    """Return the first week whose Monday is not before a date."""
    return max(1, -((term.monday - begins).days // 7) + 1)


def _outcome_seats(seats: tuple[Seat, ...]) -> tuple[OutcomeSeat, ...]:
    return tuple(OutcomeSeat(one.room_id, one.school_id, one.class_id) for one in seats)
