"""A county whose lessons a test writes down: a centre school, three points, a class at each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor, Role, held_in
from signaling.base.database import Database
from signaling.directory.store import PeopleStore
from signaling.directory.tables import ClassRow
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.counter import LedgerCounter
from signaling.ledger.counting import Counting
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.plans import PlanFacts
from signaling.ledger.plays import NothingPlayed
from signaling.ledger.tables import LedgerDayRow, LedgerUnitRow, RequirementRow
from signaling.ledger.totals import Scope
from signaling.ledger.wire import UnitChange
from signaling.lessons.fact_records import FactBatch, Spell
from signaling.lessons.facts import FactStore
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, Headcount, HeadcountChange, LessonState
from tests.integration.signaling.stores import work_in
from tests.support.services import ManualClock

ZONE = ZoneInfo("Asia/Shanghai")
COUNTY, PATH = "c1", "/cn/c1/"
POINTS = ("p1", "p2", "p3")
ROOMS = ("r1", "r2", "r3")
GRADE = "三年级"
MUSIC, ART, ENGLISH = "音乐", "美术", "英语"
ADMIN = Actor(
    "admin", "李管理员", frozenset({Role.COUNTY_ADMIN}),
    grants=held_in(PATH, (Role.COUNTY_ADMIN,)), county=PATH,
)  # fmt: skip
TEACHER = Actor(
    "wang", "王老师", frozenset({Role.LEAD_TEACHER}), "s0",
    grants=held_in("/cn/c1/s0/", (Role.LEAD_TEACHER,)), county=PATH,
)  # fmt: skip
LENGTH = timedelta(minutes=40)


@dataclass
class HandPlans:
    """A timetable that a test wrote."""

    facts_of: dict[str, PlanFacts] = field(default_factory=dict)
    taught: dict[date, int | None] | None = None

    async def facts(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, PlanFacts]:
        return {one: self.facts_of[one] for one in lesson_ids if one in self.facts_of}

    async def changes(self, session: AsyncSession, lesson_id: str) -> Sequence[UnitChange]:
        return ()

    async def teaching_days(
        self, session: AsyncSession, county_id: str, first: date, last: date
    ) -> Mapping[date, int | None]:
        if self.taught is None:
            days = (first + timedelta(days=number) for number in range((last - first).days + 1))
            return {day: None for day in days if day.isoweekday() <= 5}
        return {day: week for day, week in self.taught.items() if first <= day <= last}


class LedgerCounty:
    """The county, and the ledger that counts it."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.plans = HandPlans()
        self.facts = FactStore(database)
        self.counting = Counting(database, self.plans, NothingPlayed(), FormulaSettings(), ZONE)
        self.duties = DutyKeeper(database, self.plans)
        self.counter = LedgerCounter(database, self.counting, self.duties, clock)
        self._lessons = 0

    @classmethod
    async def open(cls, database: Database, now: date) -> LedgerCounty:
        county = cls(database, ManualClock(at(now, 20)))
        store = PeopleStore(database)
        async with work_in(database) as work:
            await store.add_county(work, COUNTY, "青山县")
            await store.add_school(work, "s0", COUNTY, "中心校", "center_school")
            await store.add_room(work, "lead", "s0", "录播教室")
            for number, (point, room) in enumerate(zip(POINTS, ROOMS, strict=True), 1):
                await store.add_school(work, point, COUNTY, f"教学点{number}", "teaching_point")
                await store.add_room(work, room, point, f"教室{number}")
                work.session.add(
                    ClassRow(class_id=f"k{number}", school_id=point, name="三班", grade=GRADE)
                )
            await store.add_person(
                work, login="wang", name="王老师", password_hash="x", school_id="s0",
                person_id="wang", roles=(Role.LEAD_TEACHER,),
            )  # fmt: skip
        return county

    async def require(self, subject: str, periods: int, first: date, **more: object) -> None:
        async with self.database.write() as session:
            session.add(
                RequirementRow(
                    requirement_id=f"q-{subject}-{first}",
                    node_id=COUNTY,
                    grade=GRADE,
                    subject=subject,
                    periods=periods,
                    first=first,
                    last=None,
                    **more,
                )
            )

    async def lesson(
        self,
        day: date,
        subject: str = MUSIC,
        *,
        hour: int = 9,
        state: LessonState = LessonState.ENDED,
        rooms: Sequence[str] = ROOMS,
        came: Mapping[str, float] | None = None,
        plan: PlanFacts | None = None,
    ) -> str:
        """A lesson; `came`: for how many minutes which rooms were there (all of them if None)."""
        self._lessons += 1
        lesson_id, start = f"l{self._lessons:04}", at(day, hour)
        held = state is LessonState.ENDED
        async with self.database.write() as session:
            session.add(
                LessonRow(
                    lesson_id=lesson_id,
                    title=subject,
                    class_kind=ClassKind.DEDICATED,
                    subject=subject,
                    grade=GRADE,
                    state=state,
                    starts_at=start,
                    ends_at=start + LENGTH,
                    held_from=start if held else None,
                    held_to=start + LENGTH if held else None,
                    lead_teacher_id="wang",
                    lead_room_id="lead",
                    join_code=f"{self._lessons:08}",
                )
            )
            await session.flush()
            session.add_all(
                LessonRoomRow(
                    lesson_id=lesson_id, room_id=room, position=place, class_id=f"k{room[1:]}"
                )
                for place, room in enumerate(rooms)
            )
        if plan is not None:
            self.plans.facts_of[lesson_id] = plan
        if held:
            there = dict.fromkeys(rooms, 40.0) if came is None else came
            for room, minutes in there.items():
                await self.presence(lesson_id, room, start, minutes)
        self.counter.note((lesson_id,))
        return lesson_id

    async def presence(self, lesson_id: str, room: str, start: datetime, minutes: float) -> None:
        who, end = room_participant(room), start + timedelta(minutes=minutes)
        batch = FactBatch((Spell(who, start, end, end),), (), {who: minutes * 60 - 30})
        await self.facts.write(lesson_id, batch)

    async def headcount(self, lesson_id: str, room: str, pupils: int) -> None:
        who = room_participant(room)
        change = HeadcountChange(self.clock.now(), who, "教室", None, pupils)
        await self.facts.write(lesson_id, FactBatch((), (Headcount(who, pupils, (change,)),)))

    async def change(self, lesson_id: str, **columns: object) -> None:
        async with self.database.write() as session:
            await session.execute(
                update(LessonRow).where(LessonRow.lesson_id == lesson_id).values(**columns)
            )

    async def units(self) -> list[LedgerUnitRow]:
        async with self.database.read() as session:
            query = select(LedgerUnitRow).order_by(LedgerUnitRow.lesson_id, LedgerUnitRow.room_id)
            return list(await session.scalars(query))

    async def days(self) -> list[tuple[object, ...]]:
        """The daily sums, as plain rows in order."""
        table = LedgerDayRow.__table__
        async with self.database.read() as session:
            rows = await session.execute(select(table).order_by(*table.primary_key))
            return [tuple(row) for row in rows.all()]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of the county's day."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def scope(first: date, last: date, **more: object) -> Scope:
    """What the county's operator sees."""
    return Scope(first, last, frozenset({PATH}), **more)  # type: ignore[arg-type]
