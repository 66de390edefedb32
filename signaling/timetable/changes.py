"""调课, 代课, 停课 and 补课: the changes of single lessons."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Invalid, SignalingError, WrongLessonState
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.directory.tables import PersonRow
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import LessonState
from signaling.timetable import wire as w
from signaling.timetable.clash_names import (
    MAX_SHOWN,
    UNWRITTEN,
    Titled,
    demand_clear,
    shown_clashes,
)
from signaling.timetable.core.changes import Held, overridden
from signaling.timetable.core.clashes import Clash
from signaling.timetable.lesson_access import find_lesson
from signaling.timetable.lesson_book import (
    Home,
    Mark,
    NewLesson,
    Rewrite,
    add_lessons,
    changed_meanwhile,
    rewrite_lesson,
    stop_lesson,
)
from signaling.timetable.lesson_views import change_notes, shown_lessons
from signaling.timetable.lesson_wishes import LessonWish, LessonWishes, Wished, demand_some_wish
from signaling.timetable.onward import Onward
from signaling.timetable.planning import tell
from signaling.timetable.records import StandingLesson, booking_of
from signaling.timetable.settling import Clashes
from signaling.timetable.standing import load_standing
from signaling.timetable.tables import PlannedLessonRow
from signaling.timetable.wire import ChangeKind


class NotMissed(SignalingError):
    """A lesson was neither cancelled nor missed, or is made up already: nothing to make up."""

    status = 409
    code = ProblemCode.NOT_MISSED
    title = "there is nothing to make up"


class LessonChanges:
    """The actions on lessons of the timetable."""

    def __init__(
        self,
        *,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        lessons: LessonStore,
        wishes: LessonWishes,
        judge: Clashes,
        onward: Onward,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._lessons = lessons
        self._wishes = wishes
        self._judge = judge
        self._onward = onward
        self._zone = zone

    async def get(self, actor: Actor, lesson_id: str) -> w.LessonDetail:
        """Return a lesson with its changes. Raises NotFound."""
        async with self._database.read() as session:
            lesson, manages = await find_lesson(
                session, actor, lesson_id, self._zone, to_change=False
            )
            (shown,) = await shown_lessons(session, [lesson])
            notes = await change_notes(session, lesson_id)
            return w.LessonDetail(shown, lesson.county_id, notes, manages)

    async def check(self, actor: Actor, wish: w.LessonCheck) -> w.CheckResult:
        """Return what a change would clash with; nothing is written.

        Raises:
            NotFound: there is no such lesson for the actor.
            Forbidden: the actor may only see it.
            Invalid: a field cannot be.
        """
        now = self._clock.now()
        wanted = LessonWish(wish.slot, wish.teacher_id, wish.rooms)
        async with self._database.read() as session:
            lesson, _ = await find_lesson(
                session, actor, wish.lesson_id, self._zone, to_change=True
            )
            wished = await self._wishes.read(
                session, actor, lesson, wanted, now=now, prefix="lesson."
            )
            if wish.onward:
                return await self._onward.check(session, lesson, wished, now)
            held = overridden(lesson.held, wished.override)
            titled = _titled(lesson.lesson_id, lesson, held, wished)
            clashes = await self._clashes(session, lesson.county_id, titled)
            shown = await shown_clashes(session, clashes, [titled])
            return w.CheckResult(1, shown, len(clashes) > MAX_SHOWN, ())

    async def move(self, actor: Actor, lesson_id: str, wish: w.LessonMove) -> w.LessonsChanged:
        """调课.

        Raises:
            NotFound: there is no such lesson for the actor.
            Forbidden: the actor may only see it.
            ChangedMeanwhile: somebody has changed it since it was read.
            WrongLessonState: it is under way, over or cancelled.
            Invalid: a field cannot be.
            Clash: a hard clash, and no waiver.
        """
        mark = Mark(ChangeKind.MOVE, actor, self._clock.now(), wish.reason, wish.note, wish.waiver)
        wanted = LessonWish(slot=wish.slot, rooms=wish.rooms)
        async with self._audit.work(actor, AuditAction.LESSON_MOVE, lesson_id) as work:
            work.detail = _told(wish.slot)
            lesson = await self._open(work, actor, lesson_id, wish.version)
            _demand_ahead(lesson.held.slot.starts_at, mark.at)
            return await self._change(work, lesson, wanted, mark, onward=wish.onward)

    async def substitute(
        self, actor: Actor, lesson_id: str, wish: w.LessonSubstitute
    ) -> w.LessonsChanged:
        """代课. One lesson can be taken over until its end: a teacher is missed after the bell.

        Raises as `move`.
        """
        mark = Mark(
            ChangeKind.SUBSTITUTE, actor, self._clock.now(), wish.reason, wish.note, wish.waiver
        )
        wanted = LessonWish(teacher_id=wish.teacher_id)
        async with self._audit.work(actor, AuditAction.LESSON_SUBSTITUTE, lesson_id) as work:
            lesson = await self._open(work, actor, lesson_id, wish.version)
            slot = lesson.held.slot
            _demand_ahead(slot.starts_at if wish.onward else slot.ends_at, mark.at)
            changed = await self._change(work, lesson, wanted, mark, onward=wish.onward)
            work.detail = detail_of(
                teacher=await _teacher(work.session, wish.teacher_id), reason=wish.reason
            )
            return changed

    async def cancel(self, actor: Actor, lesson_id: str, wish: w.LessonStop) -> w.LessonsChanged:
        """停课. Raises as `move`; nothing can clash."""
        mark = Mark(ChangeKind.CANCEL, actor, self._clock.now(), wish.reason, wish.note)
        async with self._audit.work(actor, AuditAction.LESSON_STOP, lesson_id, wish.reason) as work:
            lesson = await self._open(work, actor, lesson_id, wish.version)
            lessons = [lesson]
            if wish.onward:
                lessons = await self._onward.lessons(work.session, lesson, mark.at)
            for one in lessons:
                await stop_lesson(work.session, one, mark)
            tell(work, lesson.county_id, lessons, [])
            return await self._shown(work.session, [one.lesson_id for one in lessons])

    async def make_up(self, actor: Actor, lesson_id: str, wish: w.LessonMakeUp) -> w.LessonsChanged:
        """补课: a new lesson that points at one that was cancelled or missed.

        Raises:
            NotMissed: there is nothing to make up.
            NotFound, Forbidden, Invalid, Clash: as `move`.
        """
        now = self._clock.now()
        wanted = LessonWish(wish.slot, wish.teacher_id, wish.rooms)
        async with self._audit.work(actor, AuditAction.LESSON_MAKE_UP, lesson_id) as work:
            session = work.session
            await self._lessons.lock_creation(work)
            missed, _ = await find_lesson(session, actor, lesson_id, self._zone, to_change=True)
            await _concerns(work, missed)
            await _demand_missed(session, missed, now)
            wished = await self._wishes.read(session, actor, missed, wanted, now=now)
            held = overridden(_unstopped(missed.held), wished.override)
            titled = _titled(f"{UNWRITTEN}0", missed, held, wished)
            if wish.waiver is None:
                clashes = await self._clashes(session, missed.county_id, titled)
                await demand_clear(session, clashes, [titled], self._zone)
            new = NewLesson(
                missed.content, held, held.slot.on, wished.week, wish.waiver, lesson_id, wish.note
            )
            home = Home(missed.county_id, wished.term_id, None)
            (new_id,) = await add_lessons(session, home, [new])
            work.detail = _told(wish.slot)
            made = await load_standing(session, self._zone, LessonRow.lesson_id == new_id)
            tell(work, missed.county_id, [missed], made)
            return await self._shown(session, [new_id])

    # --- inside ----------------------------------------------------------------------------------

    async def _open(self, work: Work, actor: Actor, lesson_id: str, version: int) -> StandingLesson:
        """Return a lesson that can be changed; from here on nobody else changes lessons."""
        await self._lessons.lock_creation(work)
        session = work.session
        lesson, _ = await find_lesson(session, actor, lesson_id, self._zone, to_change=True)
        await _concerns(work, lesson)
        if lesson.version != version:
            raise await changed_meanwhile(session, lesson_id, lesson.version)
        if lesson.state is not LessonState.SCHEDULED:
            raise WrongLessonState(facts={"state": lesson.state, "action": "change"})
        return lesson

    async def _change(
        self, work: Work, lesson: StandingLesson, wish: LessonWish, mark: Mark, *, onward: bool
    ) -> w.LessonsChanged:
        session = work.session
        wished = await self._wishes.read(session, mark.by, lesson, wish, now=mark.at)
        demand_some_wish(wished.override, "slot" if wish.slot is not None else "teacher_id")
        if onward:
            changed = await self._onward.change(work, lesson, wished, mark)
            return await self._shown(session, changed)
        held = overridden(lesson.held, wished.override)
        if mark.waiver is None:
            titled = _titled(lesson.lesson_id, lesson, held, wished)
            clashes = await self._clashes(session, lesson.county_id, titled)
            await demand_clear(session, clashes, [titled], self._zone)
        change = Rewrite(
            lesson,
            held,
            lesson.content,
            lesson.parts | wished.override.parts,
            Home(lesson.county_id, lesson.term_id or wished.term_id, lesson.plan_id),
            _source(lesson, held),
            lesson.week if lesson.plan_id is not None else wished.week,
        )
        await rewrite_lesson(session, change, mark)
        after = await load_standing(session, self._zone, LessonRow.lesson_id == lesson.lesson_id)
        tell(work, lesson.county_id, [lesson], after)
        return w.LessonsChanged(await shown_lessons(session, after))

    async def _clashes(self, session: AsyncSession, county_id: str, titled: Titled) -> list[Clash]:
        return await self._judge.clashes(session, county_id, [titled.booking])

    async def _shown(self, session: AsyncSession, lesson_ids: list[str]) -> w.LessonsChanged:
        lessons = await load_standing(session, self._zone, LessonRow.lesson_id.in_(lesson_ids))
        return w.LessonsChanged(await shown_lessons(session, lessons))


def _demand_ahead(until: datetime, now: datetime) -> None:
    """Raise Invalid where the time until which a lesson can be changed is over."""
    if until < now:
        raise Invalid(code=ProblemCode.IN_THE_PAST, field="lesson_id")


def _told(slot: w.SlotWish) -> str:
    return detail_of(date=slot.date, period=slot.period or slot.starts)


async def _teacher(session: AsyncSession, person_id: str) -> str | None:
    query = select(PersonRow.name).where(PersonRow.person_id == person_id)
    return (await session.execute(query)).scalar_one_or_none()


async def _concerns(work: Work, lesson: StandingLesson) -> None:
    await concerns_node(work, lesson.lead_school_id or lesson.county_id, lesson.content.title)


def _titled(lesson_id: str, lesson: StandingLesson, held: Held, wished: Wished) -> Titled:
    booking = booking_of(lesson_id, lesson.content, held, wished.lead_school_id)
    return Titled(booking, lesson.content.title, held.teacher_id)


def _source(lesson: StandingLesson, held: Held) -> date:
    """A lesson without a plan is known by its own date."""
    return lesson.source if lesson.plan_id is not None else held.slot.on


def _unstopped(held: Held) -> Held:
    return Held(held.slot, held.teacher_id, held.rooms)


async def _demand_missed(session: AsyncSession, lesson: StandingLesson, now: datetime) -> None:
    missed = lesson.state is LessonState.SCHEDULED and lesson.held.slot.ends_at <= now
    if not missed and lesson.state is not LessonState.CANCELLED:
        raise NotMissed(facts={"state": lesson.state})
    made_up = (
        select(PlannedLessonRow.lesson_id)
        .join(LessonRow, LessonRow.lesson_id == PlannedLessonRow.lesson_id)
        .where(
            PlannedLessonRow.make_up_of == lesson.lesson_id,
            LessonRow.state != LessonState.CANCELLED,
        )
    )
    if await session.scalar(made_up) is not None:
        raise NotMissed(code=ProblemCode.MADE_UP_ALREADY)
