"""Bringing the lessons of one plan to what the plan, the days and the bells say now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.lessons.wire import LessonState
from signaling.timetable.clash_names import UNWRITTEN, Titled
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.changes import Held, Rooms, replanned
from signaling.timetable.core.clashes import Clash
from signaling.timetable.core.codes import ChangedPart, SkipReason
from signaling.timetable.core.expansion import FallenOut, Occurrence, expand
from signaling.timetable.core.settlement import Present, settle
from signaling.timetable.lesson_book import (
    Home,
    Mark,
    NewLesson,
    Rewrite,
    add_lessons,
    rewrite_lesson,
    withdraw_lessons,
)
from signaling.timetable.records import PlanRecord, StandingLesson, booking_of
from signaling.timetable.standing import load_standing
from signaling.timetable.surroundings import Reading, load_surroundings
from signaling.timetable.tables import PlannedLessonRow

_EVER = datetime(1, 1, 2, tzinfo=UTC)


class Clashes(Protocol):
    """Finds what lessons would break."""

    async def clashes(
        self,
        session: AsyncSession,
        county_id: str,
        wishes: Sequence[Booking],
        but: Collection[str] = (),
    ) -> list[Clash]:
        """Return what lessons would break, hard and soft."""


@dataclass(slots=True)
class Settling:
    """Work that is to be done for one plan; nothing is written yet.

    Attributes:
        plan: the plan.
        create: lessons that it has yet to get.
        rewrite: lessons that change.
        withdraw: lessons whose place is gone.
        kept: number of future lessons that stay as they are.
        fallen: planned dates that do not occur.
        unknown_years: years without a holiday notice.
        clashes: what it would break.
    """

    plan: PlanRecord
    create: list[NewLesson] = field(default_factory=list)
    rewrite: list[Rewrite] = field(default_factory=list)
    withdraw: list[StandingLesson] = field(default_factory=list)
    kept: int = 0
    fallen: list[FallenOut] = field(default_factory=list)
    unknown_years: tuple[int, ...] = ()
    clashes: list[Clash] = field(default_factory=list)

    @property
    def titled(self) -> list[Titled]:
        """The lessons that are checked: the new ones and those that change."""
        return self.titled_in("")

    def titled_in(self, batch_place: str) -> list[Titled]:
        """Return the same for a batch of plans, in which the plan has a place of its own."""
        plan = self.plan
        found = [
            Titled(
                booking_of(
                    f"{UNWRITTEN}{number}{batch_place}",
                    one.content,
                    one.held,
                    plan.lead_school_id,
                ),
                one.content.title,
                one.held.teacher_id,
            )
            for number, one in enumerate(self.create)
        ]
        return found + [
            Titled(
                booking_of(
                    one.lesson.lesson_id,
                    one.content,
                    one.held,
                    one.lesson.lead_school_id
                    if ChangedPart.ROOMS in one.parts
                    else plan.lead_school_id,
                ),
                one.content.title,
                one.held.teacher_id,
            )
            for one in self.rewrite
        ]


class Settler:
    """Finds what a plan does to its lessons, and writes it."""

    def __init__(self, zone: tzinfo, judge: Clashes) -> None:
        self._zone = zone
        self._judge = judge

    async def prepare(
        self,
        session: AsyncSession,
        plan: PlanRecord,
        term: Term | None,
        now: datetime,
        *,
        former: Collection[str] = (),
        reading: Reading | None = None,
    ) -> Settling:
        """Return what is to be done.

        Args:
            session: reads.
            plan: the plan as it is to be.
            term: its term.
            now: the present; earlier lessons stay as they are.
            former: lessons of another plan that this one takes over.
            reading: the surroundings, if they were read before.
        """
        if reading is None:
            schools = [plan.lead_school_id, *(seat.school_id for seat in plan.seats)]
            reading = await load_surroundings(
                session,
                plan.county_id,
                term,
                school_ids=schools,
                dates=plan.dates,
                zone=self._zone,
            )
        mine = PlannedLessonRow.plan_id == plan.plan_id
        if former:
            mine = mine | PlannedLessonRow.lesson_id.in_(former)
        standing = await load_standing(session, self._zone, mine)
        found = settling_of(plan, term, reading, standing, now)
        found.clashes = await self._judge.clashes(
            session,
            plan.county_id,
            [one.booking for one in found.titled],
            [one.lesson_id for one in found.withdraw],
        )
        return found

    async def write(self, session: AsyncSession, settling: Settling, mark: Mark) -> list[str]:
        """Write it; returns the ids of the lessons that were touched. Raises ChangedMeanwhile."""
        plan = settling.plan
        home = Home(plan.county_id, plan.term_id, plan.plan_id)
        touched = await add_lessons(session, home, settling.create)
        for change in settling.rewrite:
            await rewrite_lesson(session, change, mark)
            touched.append(change.lesson.lesson_id)
        gone = [one.lesson_id for one in settling.withdraw]
        await withdraw_lessons(session, gone, mark.at)
        return [*touched, *gone]


def settling_of(
    plan: PlanRecord,
    term: Term | None,
    reading: Reading,
    standing: Iterable[StandingLesson],
    now: datetime,
) -> Settling:
    """Return what is to be done for a plan, before anybody looks at clashes.

    Args:
        plan: the plan as it is to be.
        term: its term.
        reading: its surroundings.
        standing: the lessons that it has, and those that it takes over.
        now: the present.
    """
    expansion = expand(plan.shape, reading.around, _EVER)
    by_id = {one.lesson_id: one for one in standing}
    settled = settle(
        [Present(one.lesson_id, one.source, _movable(one, now)) for one in by_id.values()],
        expansion.occurrences,
        term,
    )
    found = Settling(plan, fallen=expansion.fallen, unknown_years=reading.unknown_years)
    for lesson_id, occurrence in settled.follow:
        _follow(found, by_id[lesson_id], occurrence, term, now)
    for occurrence in settled.create:
        _create(found, occurrence, term, now)
    found.withdraw = [by_id[lesson_id] for lesson_id in settled.withdraw]
    return found


def _movable(lesson: StandingLesson, now: datetime) -> bool:
    return lesson.state is LessonState.SCHEDULED and lesson.held.slot.starts_at >= now


def _week(term: Term | None, occurrence: Occurrence) -> int | None:
    return None if term is None else term.week_of(occurrence.source)


def _planned(plan: PlanRecord, occurrence: Occurrence) -> Held:
    return Held(occurrence.slot, plan.lead_teacher_id, Rooms(plan.lead_room_id, occurrence.seats))


def _follow(
    found: Settling,
    lesson: StandingLesson,
    occurrence: Occurrence,
    term: Term | None,
    now: datetime,
) -> None:
    plan = found.plan
    held = replanned(lesson.held, lesson.parts, _planned(plan, occurrence))
    if held.slot.starts_at < now:  # the plan's new time is over: the lesson stays where it was
        found.kept += 1
        return
    week = _week(term, occurrence)
    same = held == lesson.held and plan.content == lesson.content
    if same and (lesson.source, lesson.plan_id) == (occurrence.source, plan.plan_id):
        found.kept += 1
        return
    home = Home(plan.county_id, plan.term_id, plan.plan_id)
    found.rewrite.append(
        Rewrite(lesson, held, plan.content, lesson.parts, home, occurrence.source, week)
    )


def _create(found: Settling, occurrence: Occurrence, term: Term | None, now: datetime) -> None:
    week = _week(term, occurrence)
    if occurrence.slot.starts_at < now:
        found.fallen.append(FallenOut(occurrence.source, week, SkipReason.PAST))
        return
    plan = found.plan
    found.create.append(
        NewLesson(plan.content, _planned(plan, occurrence), occurrence.source, week, plan.waiver)
    )
