"""Counting: whatever happens in whichever order, the sums are those of a count from the facts."""

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from signaling.base.database import Database
from signaling.directory.tables import ClassRow, RoomRow, SchoolRow
from signaling.ledger.plans import PlanFacts
from signaling.ledger.tables import LedgerDayRow, LedgerUnitRow
from signaling.ledger.totals import groups_of, total_of
from signaling.ledger.wire import LedgerGrouping, UnitOrigin, UnitOutcome
from signaling.lessons.fact_records import FactBatch
from signaling.lessons.reasons import MissedReason
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import LessonState
from tests.integration.signaling.ledger.county import (
    ART,
    LENGTH,
    MUSIC,
    ROOMS,
    LedgerCounty,
    at,
    scope,
)
from tests.support.made_once import put_schema, sqlite_url

DAY = date(2026, 9, 15)
_folders = itertools.count()


@dataclass(frozen=True)
class Step:
    """Something that happens to one of five lessons."""

    kind: str
    lesson: int
    room: int
    number: int


_steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["hold", "cancel", "move", "come", "count", "uninvite", "event", "settle"]),
        st.integers(0, 4),
        st.integers(0, 2),
        st.integers(0, 40),
    ),
    max_size=25,
)


@settings(
    max_examples=settings.default.max_examples // 8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=_steps)
async def test_a_recount_from_raw_facts_equals_the_sums(tmp_path: Path, steps: list[Step]) -> None:
    file = tmp_path / f"{next(_folders)}.db"
    await put_schema(file)
    database = Database(sqlite_url(file))
    county = await LedgerCounty.open(database, DAY + timedelta(days=3))
    lessons = [
        await county.lesson(
            DAY + timedelta(days=n % 3), MUSIC, state=LessonState.SCHEDULED, hour=8 + n
        )
        for n in range(5)
    ]
    await county.counter.settle()
    for step in steps:
        await _take(county, lessons[step.lesson], step)
    await county.counter.complete(at(DAY, 0), at(DAY + timedelta(days=30), 0))
    kept, units = await county.days(), await _judgements(county)
    async with database.write() as session:  # all that the ledger derived is gone
        await session.execute(delete(LedgerDayRow))
        await session.execute(delete(LedgerUnitRow))
    county.counter.note(lessons)
    await county.counter.settle()
    assert await county.days() == kept
    assert await _judgements(county) == units
    await database.close()


async def _take(county: LedgerCounty, lesson_id: str, step: Step) -> None:
    start = at(DAY + timedelta(days=step.number % 5), 8 + step.lesson)
    match step.kind:
        case "hold":
            await county.change(
                lesson_id, state=LessonState.ENDED, held_from=start, held_to=start + LENGTH
            )
        case "cancel":
            await county.change(lesson_id, state=LessonState.CANCELLED)
        case "move":
            row = LessonRow.version + 1
            await county.change(lesson_id, starts_at=start, ends_at=start + LENGTH, version=row)
        case "come":
            await county.presence(lesson_id, ROOMS[step.room], start, step.number)
            county.counter.note((lesson_id,))
        case "count":
            await county.headcount(lesson_id, ROOMS[step.room], step.number)
            county.counter.note((lesson_id,))
        case "uninvite":
            async with county.database.write() as session:
                gone = (LessonRoomRow.lesson_id == lesson_id, LessonRoomRow.room_id == "r3")
                await session.execute(delete(LessonRoomRow).where(*gone))
                await session.execute(
                    update(LessonRow)
                    .where(LessonRow.lesson_id == lesson_id)
                    .values(version=LessonRow.version + 1)
                )
        case "event":
            county.counter.note((lesson_id,))
        case "settle":
            await county.counter.settle()


async def _judgements(county: LedgerCounty) -> list[tuple[object, ...]]:
    return [
        (u.lesson_id, u.room_id, u.day, u.outcome, u.present_s, u.seen_s, u.headcount, u.cause)
        for u in await county.units()
    ]


async def test_a_missed_event_is_made_good(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY)
    quiet = await county.lesson(DAY, state=LessonState.SCHEDULED, hour=8)
    old = await county.lesson(DAY - timedelta(days=200), hour=8)
    county.counter._waiting.clear()  # the events of both are lost
    await county.counter.catch_up()
    await county.counter.settle()
    units = {(u.lesson_id, UnitOutcome(u.outcome)) for u in await county.units()}
    assert units == {(quiet, UnitOutcome.MISSED), (old, UnitOutcome.HELD)}
    await county.change(quiet, state=LessonState.LIVE, held_from=at(DAY, 8))  # begun late
    await county.counter.catch_up()
    await county.counter.settle()
    assert {UnitOutcome(u.outcome) for u in await county.units() if u.lesson_id == quiet} == {
        UnitOutcome.LIVE
    }


async def test_facts_that_are_written_after_the_count_are_counted(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY)
    lesson_id = await county.lesson(DAY, came={})
    await county.counter.settle()
    assert {UnitOutcome(u.outcome) for u in await county.units()} == {UnitOutcome.MISSED}
    await county.presence(lesson_id, "r1", at(DAY, 9), 40)
    county.clock.advance(minutes=1)
    await county.facts.conclude(lesson_id, FactBatch(), county.clock.now(), timedelta())
    await county.counter.catch_up()  # the event was lost
    county.clock.advance(minutes=1)
    await county.counter.settle()
    held = [u.room_id for u in await county.units() if u.outcome == UnitOutcome.HELD]
    assert held == ["r1"]


async def test_a_lesson_that_moves_leaves_nothing_on_its_former_day(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY + timedelta(days=5))
    lesson_id = await county.lesson(DAY)
    await county.counter.settle()
    later = at(DAY + timedelta(days=2), 9)
    await county.change(lesson_id, starts_at=later, ends_at=later + LENGTH, version=1)
    await county.counter.catch_up()
    await county.counter.settle()
    assert {row[0] for row in await county.days()} == {DAY + timedelta(days=2)}


async def test_a_lesson_counts_as_missed_once_its_time_is_over(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY)
    await county.lesson(DAY + timedelta(days=1), state=LessonState.SCHEDULED, rooms=("r1",))
    await county.counter.settle()
    async with database.read() as session:
        before = await total_of(session, scope(DAY, DAY + timedelta(days=1)))
    assert (before.planned, before.due, before.awaiting) == (1, 0, 0)
    county.clock.advance(days=1)
    await county.counter.catch_up()
    await county.counter.settle()
    async with database.read() as session:
        after = await total_of(session, scope(DAY, DAY + timedelta(days=1)))
    assert (after.planned, after.due, after.awaiting) == (1, 1, 1)


async def test_no_deletion_takes_facts_out_of_the_ledger(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY)
    held = await county.lesson(DAY)
    waiting = await county.lesson(DAY, hour=10, state=LessonState.SCHEDULED)
    await county.change(waiting, starts_at=at(DAY, 21), ends_at=at(DAY, 22))
    await county.counter.settle()
    async with database.write() as session:
        await session.execute(delete(LessonRoomRow))
        await session.execute(delete(LessonRow))
        await session.execute(delete(ClassRow))
        await session.execute(delete(RoomRow).where(RoomRow.room_id.in_(ROOMS)))
        await session.execute(delete(SchoolRow).where(SchoolRow.school_id == "p1"))
    county.counter.note((held,))
    await county.counter.catch_up()
    await county.counter.settle()
    async with database.read() as session:
        points = await groups_of(session, scope(DAY, DAY), LedgerGrouping.POINT)
    assert {one.label: (one.sums.planned, one.sums.held) for one in points.values()} == {
        f"教学点{number}": (1, 1) for number in (1, 2, 3)
    }


async def test_requirements_that_come_later_change_what_is_due(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY + timedelta(days=6))  # Monday
    await county.lesson(DAY, MUSIC)
    await county.lesson(DAY, ART, hour=10)
    await county.counter.complete(at(DAY, 0), at(DAY + timedelta(days=9), 0))
    async with database.read() as session:
        before = await total_of(session, scope(DAY, DAY + timedelta(days=6)))
    assert (before.required, before.owed, before.free_due) == (6, 0, 6)
    await county.require(MUSIC, 5, DAY)
    await county.counter.complete(at(DAY, 0), at(DAY + timedelta(days=9), 0))
    async with database.read() as session:
        after = await total_of(session, scope(DAY, DAY + timedelta(days=6)))
    assert (after.required, after.owed, after.free_due) == (3 * 5 + 3, 3 * 5, 3)


async def test_a_cancelled_lesson_has_the_reason_of_the_timetable(database: Database) -> None:
    county = await LedgerCounty.open(database, DAY)
    plan = PlanFacts(UnitOrigin.PERIODIC, reason=MissedReason.LEAD_ABSENT)
    await county.lesson(DAY, state=LessonState.CANCELLED, rooms=("r1",), plan=plan)
    withdrawn = await county.lesson(DAY, state=LessonState.CANCELLED, rooms=("r2",), hour=11)
    await county.change(withdrawn, withdrawn_at=at(DAY, 1))
    await county.counter.settle()
    async with database.read() as session:
        total = await total_of(session, scope(DAY, DAY))
    assert (total.planned, total.due, total.unexcused, total.awaiting) == (1, 1, 1, 0)
