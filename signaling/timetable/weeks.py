"""课表 pages: a week of a teacher, school, room, subject or class, and one's own next days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows, relations_granted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.base.calendar import days as instants
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import Invalid, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import (
    ClassRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
)
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.timetable import wire as w
from signaling.timetable.bells import shown_periods
from signaling.timetable.core.calendar import Calendar, Term, monday_of
from signaling.timetable.core.weeks import parity_of
from signaling.timetable.lesson_views import shown_lessons
from signaling.timetable.news import ChangeBoard
from signaling.timetable.records import StandingLesson
from signaling.timetable.scopes import demand_in, paths_of
from signaling.timetable.setting_wire import PeriodTimes, YearSource
from signaling.timetable.standing import load_standing
from signaling.timetable.surroundings import Reading, load_surroundings
from signaling.timetable.tables import TermRow
from signaling.timetable.terms import in_range, term_of, term_on
from signaling.timetable.wire import ListKind

MAX_LESSONS = 500  # of a page; a subject's week in a county of 200 points has some 300
MAX_DAYS = 14  # of one's own next days
DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class Whose:
    """Owner of a week.

    Attributes:
        name: as the page shows it.
        county_id: the county whose terms and days count.
        school_id: the school whose days and bells count.
        lessons: the condition on lessons.
        branches: the paths to which it belongs.
    """

    name: str
    county_id: str
    school_id: str | None
    lessons: ColumnElement[bool]
    branches: frozenset[str]


@dataclass(frozen=True, slots=True)
class WeekQuestion:
    """A week that is asked for: by term and number, or by a date in it."""

    by: ListKind
    id: str
    term_id: str | None = None
    week: int | None = None
    day: date | None = None
    changed_since: datetime | None = None


class WeekPages:
    """Reads pages of the timetable."""

    def __init__(self, database: Database, clock: Clock, board: ChangeBoard, zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._board = board
        self._zone = zone

    async def page(self, actor: Actor, question: WeekQuestion) -> w.WeekPage:
        """Return a week. Raises NotFound, Forbidden, Invalid."""
        since = self._board.place()
        async with self._database.read() as session:
            whose = await _whose(session, question.by, question.id)
            held = _relations(actor, question, whose)
            demand_in(actor, Action.READ_TIMETABLE, whose.branches, held)
            row, monday = await self._week(session, whose, question)
            term = None if row is None else term_of(row)
            reading = await self._reading(session, whose, term, monday, DAYS_OF_WEEK)
            found = await self._lessons(session, whose.lessons, monday, DAYS_OF_WEEK)
            shown = await shown_lessons(session, found[:MAX_LESSONS], question.changed_since)
        week = None if term is None else _week_of_monday(term, monday)
        dates = [monday + timedelta(days=n) for n in range(DAYS_OF_WEEK)]
        sources = reading.days.sources.items()
        return w.WeekPage(
            term_id=None if row is None else row.term_id,
            week=week,
            weeks=0 if term is None else term.weeks,
            parity=None if week is None else parity_of(week),
            by=question.by,
            id=question.id,
            name=whose.name,
            days=_days(dates, reading.around.calendar(whose.school_id), term),
            periods=_periods(reading, whose.school_id, dates),
            lessons=shown,
            more=len(found) > MAX_LESSONS,
            holidays=tuple(YearSource(year, source) for year, source in sources),
            may_manage=allows(actor, Action.MANAGE_TIMETABLE, (), whose.branches),
            since=since,
            server_time=self._clock.now(),
        )

    async def mine(
        self, actor: Actor, first: date | None, count: int, changed_since: datetime | None = None
    ) -> w.MyDays:
        """Return the actor's own next days. Raises Invalid."""
        if not 1 <= count <= MAX_DAYS:
            raise Invalid(f"1…{MAX_DAYS}", field="days")
        since = self._board.place()
        now = self._clock.now()
        begin = now.astimezone(self._zone).date() if first is None else first
        dates = _dates(begin, count, "from")
        async with self._database.read() as session:
            whose = await _own(session, actor)
            row = None if not whose.county_id else await term_on(session, whose.county_id, begin)
            term = None if row is None else term_of(row)
            reading = await self._reading(session, whose, term, begin, count)
            found = await self._lessons(session, whose.lessons, begin, count)
            shown = await shown_lessons(session, found[:MAX_LESSONS], changed_since)
        return w.MyDays(
            days=_days(dates, reading.around.calendar(whose.school_id), term),
            periods=_periods(reading, whose.school_id, dates),
            lessons=shown,
            more=len(found) > MAX_LESSONS,
            since=since,
            server_time=now,
        )

    # --- inside ----------------------------------------------------------------------------------

    async def _week(
        self, session: AsyncSession, whose: Whose, question: WeekQuestion
    ) -> tuple[TermRow | None, date]:
        """Return the term and the Monday of a question."""
        if question.term_id is not None:
            row = await session.get(TermRow, question.term_id)
            if row is None or row.county_id != whose.county_id:
                raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term")
            if question.week is None or not 1 <= question.week <= row.weeks:
                raise Invalid(f"1…{row.weeks}", field="week")
            return row, term_of(row).day_of(question.week, 1)
        day = question.day or self._clock.now().astimezone(self._zone).date()
        monday = monday_of(_dates(day, DAYS_OF_WEEK, "date")[0])
        row = await term_on(session, whose.county_id, day)
        return row or await term_on(session, whose.county_id, monday), monday

    async def _reading(
        self,
        session: AsyncSession,
        whose: Whose,
        term: Term | None,
        first: date,
        count: int,
    ) -> Reading:
        return await load_surroundings(
            session,
            whose.county_id,
            term,
            school_ids=[whose.school_id],
            dates=[first, first + timedelta(days=count - 1)],
            zone=self._zone,
        )

    async def _lessons(
        self, session: AsyncSession, whose: ColumnElement[bool], first: date, count: int
    ) -> list[StandingLesson]:
        begin, end = instants(first, count, self._zone)
        return await load_standing(
            session,
            self._zone,
            LessonRow.starts_at >= begin,
            LessonRow.starts_at < end,
            whose,
            limit=MAX_LESSONS + 1,
        )


def _dates(first: date, count: int, field: str) -> list[date]:
    if not in_range(first):
        raise Invalid(code=ProblemCode.TIME_OUT_OF_RANGE, field=field)
    return [first + timedelta(days=n) for n in range(count)]


def _week_of_monday(term: Term, monday: date) -> int | None:
    """Return the teaching week of a Monday, also of the one before a term that begins late."""
    week = (monday - term.monday).days // DAYS_OF_WEEK + 1
    return week if 1 <= week <= term.weeks else None


def _days(dates: Sequence[date], calendar: Calendar, term: Term | None) -> tuple[w.WeekDay, ...]:
    found = []
    for day in dates:
        week = None if term is None else term.week_of(day)
        special = calendar.special.get(day)
        teaches = None if special is None else special.teaches
        found.append(
            w.WeekDay(
                date=day,
                week=week,
                parity=None if week is None else parity_of(week),
                kind=None if special is None else special.kind,
                name="" if special is None else special.name,
                teaches=teaches if isinstance(teaches, date) else None,
                teaches_weekday=teaches if isinstance(teaches, int) else None,
            )
        )
    return tuple(found)


def _periods(
    reading: Reading, school_id: str | None, dates: Sequence[date]
) -> tuple[PeriodTimes, ...]:
    bells = reading.around.bells
    schedules = (bells.schedule(school_id, day) for day in dates)
    return shown_periods(next((one for one in schedules if one is not None), None))


# --- whose ---------------------------------------------------------------------------------------


def _in_rooms(room_ids: Collection[str]) -> ColumnElement[bool]:
    """Match lessons that take one of the rooms; each lesson of the week asks for its own rows."""
    invited = exists().where(
        LessonRoomRow.lesson_id == LessonRow.lesson_id, LessonRoomRow.room_id.in_(room_ids)
    )
    return or_(LessonRow.lead_room_id.in_(room_ids), invited)


async def _at_school(session: AsyncSession, school_id: str) -> ColumnElement[bool]:
    rooms = list(
        await session.scalars(select(RoomRow.room_id).where(RoomRow.school_id == school_id))
    )
    teachers = select(PersonRow.person_id).where(PersonRow.school_id == school_id)
    at_home = and_(LessonRow.lead_room_id.is_(None), LessonRow.lead_teacher_id.in_(teachers))
    return or_(_in_rooms(rooms), at_home)


async def _whose(session: AsyncSession, by: ListKind, id_: str) -> Whose:
    """Return whose week it is. Raises NotFound."""
    found = await _FINDERS[by](session, id_)
    if found is None:
        raise NotFound(field="id")
    return found


async def _teacher(session: AsyncSession, id_: str) -> Whose | None:
    query = (
        select(PersonRow.name, PersonRow.school_id, OrgNodeRow.path, SchoolRow.county_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
        .where(PersonRow.person_id == id_)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    led = LessonRow.lead_teacher_id == id_
    county = row.county_id or await _county_of(session, row.path)
    return Whose(row.name, county, row.school_id, led, frozenset({row.path}))


async def _school(session: AsyncSession, id_: str) -> Whose | None:
    row = await session.get(SchoolRow, id_)
    if row is None:
        return None
    lessons = await _at_school(session, id_)
    return Whose(row.name, row.county_id, id_, lessons, await paths_of(session, [id_]))


async def _room(session: AsyncSession, id_: str) -> Whose | None:
    query = (
        select(RoomRow.name, SchoolRow.school_id, SchoolRow.name, SchoolRow.county_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(RoomRow.room_id == id_)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    room, school_id, school, county = row
    branches = await paths_of(session, [school_id])
    return Whose(f"{school}{room}", county, school_id, _in_rooms([id_]), branches)


async def _subject(session: AsyncSession, id_: str) -> Whose | None:
    row = await session.get(SubjectRow, id_)
    if row is None:
        return None
    branches = await paths_of(session, [row.county_id])
    return Whose(row.name, row.county_id, None, LessonRow.subject_id == id_, branches)


async def _class(session: AsyncSession, id_: str) -> Whose | None:
    row = await session.get(ClassRow, id_)
    school = None if row is None else await session.get(SchoolRow, row.school_id)
    if row is None or school is None:
        return None
    attends = exists().where(
        LessonRoomRow.lesson_id == LessonRow.lesson_id, LessonRoomRow.class_id == id_
    )
    lessons = or_(LessonRow.lead_class_id == id_, attends)
    branches = await paths_of(session, [row.school_id])
    return Whose(f"{school.name}{row.name}", school.county_id, row.school_id, lessons, branches)


_FINDERS = {
    ListKind.TEACHER: _teacher,
    ListKind.SCHOOL: _school,
    ListKind.ROOM: _room,
    ListKind.SUBJECT: _subject,
    ListKind.CLASS: _class,
}


async def _county_of(session: AsyncSession, path: str) -> str:
    """Return the county in or above which a path lies; empty for none."""
    nodes = [node for node in path.split("/") if node]
    query = select(OrgNodeRow.node_id).where(
        OrgNodeRow.node_id.in_(nodes), OrgNodeRow.level == "county"
    )
    return await session.scalar(query) or ""


def _relations(actor: Actor, question: WeekQuestion, whose: Whose) -> frozenset[Relation]:
    held: set[Relation] = set()
    if question.by is ListKind.TEACHER and actor.room_id is None and actor.actor_id == question.id:
        held.add(Relation.LEADS)
    if question.by is ListKind.ROOM and actor.room_id == question.id:
        held.add(Relation.INVITED)
    if question.by is not ListKind.SUBJECT and actor.school_id == whose.school_id:
        held.add(Relation.AT_SCHOOL)
    return frozenset(held)


async def _own(session: AsyncSession, actor: Actor) -> Whose:
    """Return whose days an actor's own are: lessons led, a room's, or those of a school."""
    wanted = relations_granted(Action.READ_TIMETABLE, actor.roles)
    conditions: list[ColumnElement[bool]] = []
    if Relation.LEADS in wanted and actor.room_id is None:
        conditions.append(LessonRow.lead_teacher_id == actor.actor_id)
    if Relation.INVITED in wanted and actor.room_id is not None:
        conditions.append(_in_rooms([actor.room_id]))
    if Relation.AT_SCHOOL in wanted and actor.school_id is not None:
        conditions.append(await _at_school(session, actor.school_id))
    county = await _county_of(session, actor.county)
    return Whose(actor.name, county, actor.school_id, or_(false(), *conditions), frozenset())
