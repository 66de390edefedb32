"""Plans and their lessons as the services hand them on: plain values, detached from rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from signaling.lessons.occurrences import LessonDraft, RoomSeat
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.changes import Held
from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.core.expansion import OnDates, PlanShape, Seat, Weekly
from signaling.timetable.core.slots import Bell, ClockTimes, Place
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.wire import ChangeKind


@dataclass(frozen=True, slots=True)
class Content:
    """Content of a lesson, whenever it takes place."""

    title: str
    class_kind: ClassKind
    delivery_mode: DeliveryMode
    subject: str
    subject_id: str | None
    grade: str
    lead_class_id: str | None
    textbook_volume: str | None = None
    textbook_section: str | None = None

    @property
    def is_live(self) -> bool:
        """Tell whether somebody teaches live."""
        return self.delivery_mode is not DeliveryMode.RESOURCE_PUSH


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan. `seats` know their schools; `lead_school_id` is the lead room's, or the teacher's."""

    plan_id: str
    version: int
    county_id: str
    term_id: str | None
    kind: PlanKind
    content: Content
    lead_teacher_id: str
    lead_room_id: str | None
    lead_school_id: str | None
    seats: tuple[Seat, ...]
    weekday: int | None
    weeks: WeekSet
    dates: tuple[date, ...]
    place: Place
    waiver: str | None = None

    @property
    def shape(self) -> PlanShape:
        """Part of the plan that decides its occurrences."""
        when: Weekly | OnDates
        if self.kind is PlanKind.PERIODIC:
            when = Weekly(self.weekday or 1, self.weeks)
        else:
            when = OnDates(self.dates, self.kind is PlanKind.HOLIDAY)
        return PlanShape(when, self.place, self.lead_school_id, self.seats)

    @property
    def bell(self) -> Bell | None:
        """The periods, where it follows the bells."""
        return self.place if isinstance(self.place, Bell) else None

    @property
    def clock(self) -> ClockTimes | None:
        """The local times, where it does not."""
        return self.place if isinstance(self.place, ClockTimes) else None


@dataclass(frozen=True, slots=True)
class Told:
    """Facts that pages tell of a lesson's newest change."""

    changed_at: datetime | None = None
    change: ChangeKind | None = None
    reason: MissedReason | None = None
    note: str | None = None
    waiver: str | None = None


@dataclass(frozen=True, slots=True)
class StandingLesson:
    """One lesson of the timetable as it stands, with its version.

    `county_id` is empty for an unplanned lesson of a teacher who belongs to no school.
    """

    lesson_id: str
    version: int
    state: LessonState
    content: Content
    held: Held
    lead_school_id: str | None
    county_id: str
    term_id: str | None
    plan_id: str | None
    plan_kind: PlanKind | None
    source: date
    week: int | None
    parts: frozenset[ChangedPart]
    make_up_of: str | None = None
    told: Told = Told()

    @property
    def booking(self) -> Booking:
        """The lesson as clash rules see it."""
        return booking_of(self.lesson_id, self.content, self.held, self.lead_school_id)


def booking_of(lesson_id: str, content: Content, held: Held, lead_school_id: str | None) -> Booking:
    """Return a lesson as clash rules see it. A pushed resource needs nobody and no line."""
    slot = held.slot
    first = slot.period
    periods = () if first is None else tuple(range(first, first + slot.period_count))
    return Booking(
        lesson_id=lesson_id,
        on=slot.on,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        teacher_id=held.teacher_id if content.is_live else None,
        lead_room_id=held.rooms.lead_room_id,
        lead_school_id=lead_school_id if content.is_live else None,
        lead_class_id=content.lead_class_id,
        seats=held.rooms.seats,
        subject_id=content.subject_id,
        periods=periods,
    )


def draft_of(content: Content, held: Held) -> LessonDraft:
    """Return a lesson as the lessons wing writes it."""
    return LessonDraft(
        title=content.title,
        class_kind=content.class_kind,
        delivery_mode=content.delivery_mode,
        subject=content.subject,
        subject_id=content.subject_id,
        grade=content.grade,
        starts_at=held.slot.starts_at,
        ends_at=held.slot.ends_at,
        lead_teacher_id=held.teacher_id,
        lead_room_id=held.rooms.lead_room_id,
        lead_class_id=content.lead_class_id,
        seats=tuple(RoomSeat(seat.room_id, seat.class_id) for seat in held.rooms.seats),
        textbook_volume=content.textbook_volume,
        textbook_section=content.textbook_section,
    )
