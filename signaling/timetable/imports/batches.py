"""Many plans at once: what each does to its lessons, their clashes, and the writing of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.clashes import Clash
from signaling.timetable.core.codes import ClashLevel
from signaling.timetable.core.slots import Bell
from signaling.timetable.imports.core.comparing import Comparison, Planned
from signaling.timetable.imports.core.crowd import Crowd
from signaling.timetable.imports.core.wishes import Wanted, Wish
from signaling.timetable.imports.wire import ImportReason
from signaling.timetable.judging import Judge
from signaling.timetable.lesson_book import (
    Home,
    Mark,
    add_homed_lessons,
    rewrite_lesson,
    withdraw_lessons,
)
from signaling.timetable.plan_rows import load_plans, rewrite_plan
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.records import Content, PlanRecord, StandingLesson
from signaling.timetable.settling import Settling, settling_of
from signaling.timetable.standing import load_standing
from signaling.timetable.surroundings import load_surroundings
from signaling.timetable.tables import PlannedLessonRow, PlanRow

_IDS = 500  # ids of one statement
MAX_HARD = 5_000  # clashes that are counted


@dataclass(slots=True)
class Entry:
    """One plan of a batch: the wish, and what it does to its lessons."""

    wanted: Wanted
    settling: Settling
    is_new: bool
    clashes: list[Clash] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """Effect of an import; nothing is written yet.

    Attributes:
        entries: plans that are added or changed.
        refused: wishes that cannot be plans, and why.
        ended: plans that are taken out.
        gone: their future lessons.
        of_lesson: the entry of each lesson that was checked, by its id or stand-in.
        bookings: those lessons.
    """

    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[Wanted, ImportReason]] = field(default_factory=list)
    ended: list[PlanRecord] = field(default_factory=list)
    gone: list[StandingLesson] = field(default_factory=list)
    of_lesson: dict[str, Entry] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)

    @property
    def lessons(self) -> int:
        """Lessons that are created."""
        return sum(len(entry.settling.create) for entry in self.entries)

    def count(self, level: ClashLevel) -> int:
        """Return the number of clashes of a level."""
        return sum(one.level is level for entry in self.entries for one in entry.clashes)


@dataclass(frozen=True, slots=True)
class Frame:
    """The import and term of a batch, and the present."""

    import_id: str
    county_id: str
    term_id: str
    term: Term
    now: datetime


class Batches:
    """Prepares and writes batches."""

    def __init__(self, judge: Judge, zone: tzinfo, longest: timedelta) -> None:
        self._judge = judge
        self._zone = zone
        self._longest = longest

    async def plans(self, session: AsyncSession, frame: Frame) -> dict[str, PlanRecord]:
        """Return the weekly plans of the term that follow the bells, by id."""
        found = await load_plans(
            session,
            PlanRow.county_id == frame.county_id,
            PlanRow.term_id == frame.term_id,
            PlanRow.kind == PlanKind.PERIODIC,
            PlanRow.active.is_(True),
        )
        return {plan.plan_id: plan for plan in found if plan.bell is not None}

    async def prepare(
        self,
        session: AsyncSession,
        frame: Frame,
        plans: dict[str, PlanRecord],
        comparison: Comparison,
        remove_missing: bool,
    ) -> Batch:
        """Return what a comparison asks for, with its clashes."""
        batch = Batch()
        if remove_missing:
            batch.ended = [plans[one.plan_id] for one in comparison.missing]
        pairs = [
            (one, _new_plan(one.wish, frame, number)) for number, one in enumerate(comparison.added)
        ]
        changed = [
            (one.wanted, _changed_plan(plans[one.planned.plan_id], one.wanted.wish))
            for one in comparison.changed
        ]
        standing = await self._standing(
            session, [plan.plan_id for _, plan in changed] + [one.plan_id for one in batch.ended]
        )
        reading = await load_surroundings(
            session,
            frame.county_id,
            frame.term,
            school_ids=_schools(plan for _, plan in (*pairs, *changed)),
            zone=self._zone,
        )
        for wanted, plan in (*pairs, *changed):
            lessons = standing.get(plan.plan_id, [])
            settling = settling_of(plan, frame.term, reading, lessons, frame.now)
            is_new = plan.plan_id not in plans
            reason = self._reason(settling, is_new)
            if reason is not None:
                batch.refused.append((wanted, reason))
            else:
                batch.entries.append(Entry(wanted, settling, is_new))
        batch.gone = [
            lesson
            for plan in batch.ended
            for lesson in standing.get(plan.plan_id, [])
            if lesson.held.slot.starts_at >= frame.now and not lesson.held.stopped
        ]
        await self._find_clashes(session, frame, batch)
        return batch

    async def write(self, session: AsyncSession, batch: Batch, mark: Mark) -> None:
        """Write a batch whose new plans are staged. Raises ChangedMeanwhile, Busy."""
        changed = [entry for entry in batch.entries if not entry.is_new]
        for entry in changed:
            plan = entry.settling.plan
            await rewrite_plan(session, plan)
            own = replace(mark, waiver=plan.waiver)
            for change in entry.settling.rewrite:
                await rewrite_lesson(session, change, own)
        await add_homed_lessons(
            session,
            [(home_of(one.settling.plan), new) for one in changed for new in one.settling.create],
        )
        ended = [plan.plan_id for plan in batch.ended]
        for first in range(0, len(ended), _IDS):
            await session.execute(
                update(PlanRow)
                .where(PlanRow.plan_id.in_(ended[first : first + _IDS]))
                .values(active=False, stale=False, version=PlanRow.version + 1)
            )
        withdrawn = [one for entry in batch.entries for one in entry.settling.withdraw]
        gone = [one.lesson_id for one in (*withdrawn, *batch.gone)]
        await withdraw_lessons(session, gone, mark.at)

    def _reason(self, settling: Settling, is_new: bool) -> ImportReason | None:
        """Return why a plan cannot be."""
        held = [one.held for one in settling.create] + [one.held for one in settling.rewrite]
        if is_new and not held:
            return ImportReason.NEVER_HELD
        if any(one.slot.ends_at - one.slot.starts_at > self._longest for one in held):
            return ImportReason.LESSON_TOO_LONG
        return None

    async def _standing(
        self, session: AsyncSession, plan_ids: Sequence[str]
    ) -> dict[str, list[StandingLesson]]:
        found: defaultdict[str, list[StandingLesson]] = defaultdict(list)
        for first in range(0, len(plan_ids), _IDS):
            mine = PlannedLessonRow.plan_id.in_(plan_ids[first : first + _IDS])
            for lesson in await load_standing(session, self._zone, mine):
                found[lesson.plan_id or ""].append(lesson)
        return found

    async def _find_clashes(self, session: AsyncSession, frame: Frame, batch: Batch) -> None:
        """Check all lessons of a batch against one another and against those that stand."""
        for number, entry in enumerate(batch.entries):
            for titled in entry.settling.titled_in(f"/{number}"):
                booking = titled.booking
                batch.bookings[booking.lesson_id] = booking
                batch.of_lesson[booking.lesson_id] = entry
        if not batch.bookings:
            return
        wishes = list(batch.bookings.values())
        replaced = {one.lesson_id for one in batch.gone}
        replaced |= {one.lesson_id for each in batch.entries for one in each.settling.withdraw}
        start = min(one.starts_at for one in wishes)
        end = max(one.ends_at for one in wishes)
        others = [
            one
            for one in await self._judge.open_between(session, start, end)
            if one.lesson_id not in replaced and one.lesson_id not in batch.bookings
        ]
        limits = await self._judge.limits(session, frame.county_id, wishes)
        crowd = Crowd([*wishes, *others], limits)
        hard = 0
        for wish in self._looked_at(batch, crowd):
            found = crowd.clashes(wish)
            batch.of_lesson[wish.lesson_id].clashes += found
            hard += sum(one.level is ClashLevel.HARD for one in found)
            if hard > MAX_HARD:  # nobody reads more, and each costs a look at its whole day
                break

    def _looked_at(self, batch: Batch, crowd: Crowd) -> Iterator[Booking]:
        """Yield the lessons that are checked one by one.

        They are all that may break a hard rule. For soft ones two lessons of each plan are enough,
        one of an odd week and one of an even one.
        """
        samples: set[tuple[int, int]] = set()
        for lesson_id, booking in batch.bookings.items():
            entry = batch.of_lesson[lesson_id]
            sample = (id(entry), booking.on.isocalendar().week % 2)
            if lesson_id in crowd.suspects or sample not in samples:
                samples.add(sample)
                yield booking


def bear(batch: Batch, waiver: str) -> None:
    """Note a written reason on the plans and lessons that clash."""
    for entry in batch.entries:
        if any(one.level is ClashLevel.HARD for one in entry.clashes):
            settling = entry.settling
            settling.plan = replace(settling.plan, waiver=waiver)
            settling.create = [replace(one, waiver=waiver) for one in settling.create]


def planned_of(plan: PlanRecord) -> Planned:
    """Return a plan as files are compared with it."""
    content, bell = plan.content, plan.bell
    assert bell is not None  # `Batches.plans` returns no others
    wish = Wish(
        weekday=plan.weekday or 1,
        period=bell.period,
        period_count=bell.period_count,
        weeks=plan.weeks,
        subject_id=content.subject_id or "",
        subject=content.subject,
        teacher_id=plan.lead_teacher_id,
        grade=content.grade,
        lead_school_id=plan.lead_school_id,
        lead_room_id=plan.lead_room_id,
        lead_class_id=content.lead_class_id,
        seats=plan.seats,
        class_kind=content.class_kind,
        delivery_mode=content.delivery_mode,
        title=content.title,
        textbook_volume=content.textbook_volume or "",
        textbook_section=content.textbook_section or "",
    )
    return Planned(plan.plan_id, plan.version, wish)


def _new_plan(wish: Wish, frame: Frame, number: int) -> PlanRecord:
    return PlanRecord(
        plan_id=f"{frame.import_id}-{number}",
        version=1,
        county_id=frame.county_id,
        term_id=frame.term_id,
        kind=PlanKind.PERIODIC,
        content=Content(
            title=wish.title or wish.subject,
            class_kind=wish.class_kind,
            delivery_mode=wish.delivery_mode,
            subject=wish.subject,
            subject_id=wish.subject_id,
            grade=wish.grade,
            lead_class_id=wish.lead_class_id,
            textbook_volume=wish.textbook_volume or None,
            textbook_section=wish.textbook_section or None,
        ),
        lead_teacher_id=wish.teacher_id,
        lead_room_id=wish.lead_room_id,
        lead_school_id=wish.lead_school_id,
        seats=wish.seats,
        weekday=wish.weekday,
        weeks=wish.weeks,
        dates=(),
        place=Bell(wish.period, wish.period_count),
    )


def _changed_plan(plan: PlanRecord, wish: Wish) -> PlanRecord:
    """Return a plan as a wish has it; what the wish does not say stays."""
    content = plan.content
    told = replace(
        content,
        title=wish.title or content.title,
        class_kind=wish.class_kind,
        delivery_mode=wish.delivery_mode,
        grade=wish.grade or content.grade,
        lead_class_id=wish.lead_class_id,
        textbook_volume=wish.textbook_volume or content.textbook_volume,
        textbook_section=wish.textbook_section or content.textbook_section,
    )
    return replace(
        plan,
        version=plan.version + 1,
        content=told,
        lead_teacher_id=wish.teacher_id,
        lead_room_id=wish.lead_room_id,
        lead_school_id=wish.lead_school_id,
        seats=wish.seats,
        weeks=wish.weeks,
        place=Bell(wish.period, wish.period_count),
    )


def home_of(plan: PlanRecord) -> Home:
    """Return where the lessons of a plan belong."""
    return Home(plan.county_id, plan.term_id, plan.plan_id)


def _schools(plans: Iterable[PlanRecord]) -> set[str]:
    schools: set[str] = set()
    for plan in plans:
        schools |= {seat.school_id for seat in plan.seats} | {plan.lead_school_id or ""}
    return schools - {""}
