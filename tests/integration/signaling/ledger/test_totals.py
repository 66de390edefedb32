"""The autumn of 2026 over its holidays and make-up days: the ledger equals a count by hand."""

from datetime import date, timedelta

import pytest

from signaling.base.database import Database
from signaling.ledger.completeness import completeness_of, verdicts_of
from signaling.ledger.core.completeness import ClassVerdict
from signaling.ledger.core.measures import Measures, figures
from signaling.ledger.plans import PlanFacts
from signaling.ledger.totals import groups_of, total_of
from signaling.ledger.wire import Completeness, LedgerGrouping, UnitOrigin
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import LessonState
from tests.integration.signaling.ledger.county import (
    ART,
    COUNTY,
    ENGLISH,
    MUSIC,
    LedgerCounty,
    scope,
)

FIRST, LAST = date(2026, 9, 14), date(2026, 10, 18)
OFF = {
    *(date(2026, 9, day) for day in (25, 26, 27)),
    *(date(2026, 10, day) for day in range(1, 8)),
}
MAKE_UP = {date(2026, 9, 20): 2, date(2026, 10, 10): 3}  # teach a Tuesday and a Wednesday
PLAN = {2: MUSIC, 3: ART, 4: MUSIC}  # the weekday's lesson for all three points


def taught_weekday(day: date) -> int | None:
    """The weekday that a date teaches, or None on a day off."""
    if day in MAKE_UP:
        return MAKE_UP[day]
    return None if day in OFF or day.isoweekday() > 5 else day.isoweekday()


@pytest.fixture
async def autumn(database: Database) -> LedgerCounty:
    county = await LedgerCounty.open(database, LAST)
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    taught = [day for day in days if taught_weekday(day) is not None]
    county.plans.taught = {day: (day - FIRST).days // 7 + 3 for day in taught}
    await county.require(MUSIC, 2, FIRST)
    await county.require(ART, 1, FIRST)
    for day in taught:
        subject = PLAN.get(taught_weekday(day) or 0)
        if subject is not None:
            await _teach(county, day, subject)
    # 假期排课: a holiday lesson counts for no week.
    await county.lesson(date(2026, 10, 3), MUSIC, plan=PlanFacts(UnitOrigin.HOLIDAY))
    # 补课 of 9/24, on a Saturday: r3 comes.
    await county.lesson(
        date(2026, 10, 17), MUSIC, rooms=("r3",), plan=PlanFacts(UnitOrigin.MAKE_UP)
    )
    # 英语: nobody requires it, so the plan says what is due.
    await county.lesson(date(2026, 9, 21), ENGLISH, rooms=("r1",))
    await county.counter.complete(*_everything())
    return county


async def _teach(county: LedgerCounty, day: date, subject: str) -> None:
    match day:
        case date(month=9, day=17):  # r3 is offline: 2 held, 1 missed
            await county.lesson(day, subject, came={"r1": 40, "r2": 40})
        case date(month=9, day=24):  # 停课: the teacher is ill
            plan = PlanFacts(UnitOrigin.PERIODIC, reason=MissedReason.TEACHER_LEAVE)
            await county.lesson(day, subject, state=LessonState.CANCELLED, plan=plan)
        case date(month=9, day=30):  # nobody begins it
            await county.lesson(day, subject, state=LessonState.SCHEDULED)
        case date(month=10, day=8):  # r2 drops out after 20 minutes
            await county.lesson(day, subject, came={"r1": 40, "r2": 20, "r3": 40})
        case _:
            await county.lesson(day, subject)


def _everything():  # type: ignore[no-untyped-def]
    from tests.integration.signaling.ledger.county import at

    return at(FIRST, 0), at(LAST + timedelta(days=1), 0)


# Counted by hand from a calendar:
#   音乐 on 9/15, 17, 20 (for 10/6), 22, 24, 29, 10/8, 13, 15: 9 lessons × 3 points = 27 planned;
#   美术 on 9/16, 23, 30, 10/10 (for 10/7), 14: 5 lessons × 3 = 15 planned; 英语 once at one point.
#   Missed: 9/17 one room (nobody said why), 9/24 three (教师请假), 9/30 three (nobody said why).
#   21 teaching days since 9/14, so 音乐 owes 2 × 21 / 5 = 8 and 美术 21 / 5 = 4 to each class.
async def test_the_autumn_equals_the_count_by_hand(autumn: LedgerCounty) -> None:
    async with autumn.database.read() as session:
        total = await total_of(session, scope(FIRST, LAST))
        subjects = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.SUBJECT)
    held = (27 - 1 - 3 + 1) + (15 - 3) + 1
    assert total == Measures(
        planned=27 + 15 + 1,
        due=27 + 15 + 1,
        free_due=1,
        held=held,
        valid=held - 1,
        extra=3,
        excused=3,
        unexcused=0,
        awaiting=1 + 3,
        present_s=((held - 1) * 40 + 20) * 60,
        seen_s=((held - 1) * 40 + 20) * 60 - held * 30,
        counted=0,
        pupils=0,
        owed=3 * (8 + 4),
    )
    shown = figures(total)
    assert (shown.required, shown.held) == (37, 37)
    assert {
        name: (figures(one.sums).required, one.sums.held) for name, one in subjects.items()
    } == {
        MUSIC: (24, 24),
        ART: (12, 12),
        ENGLISH: (1, 1),
    }


async def test_weeks_are_told_apart_across_the_holidays(autumn: LedgerCounty) -> None:
    async with autumn.database.read() as session:
        weeks = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.WEEK)
        months = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.MONTH)
    assert {key: (one.sums.planned, one.sums.held) for key, one in weeks.items()} == {
        "2026-09-14": (12, 11),  # with the make-up Sunday
        "2026-09-21": (10, 7),
        "2026-09-28": (6, 3),
        "2026-10-05": (6, 6),  # 10/8, and the make-up Saturday
        "2026-10-12": (9, 10),  # with what was made up for 9/24
    }
    assert {key: one.sums.planned for key, one in months.items()} == {"2026-09": 28, "2026-10": 15}


async def test_points_classes_and_schools_have_their_own_sums(autumn: LedgerCounty) -> None:
    async with autumn.database.read() as session:
        points = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.POINT)
        classes = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.CLASS)
        given = await groups_of(session, scope(FIRST, LAST, giving=True), LedgerGrouping.SCHOOL)
        one = await total_of(session, scope(FIRST, LAST, school_id="p3", subject=MUSIC))
        county = await groups_of(session, scope(FIRST, LAST), LedgerGrouping.COUNTY)
    assert {key: (o.label, o.sums.planned, o.sums.held) for key, o in points.items()} == {
        "p1": ("教学点1", 15, 13),
        "p2": ("教学点2", 14, 12),
        "p3": ("教学点3", 14, 12),
    }
    assert {key: (o.label, o.parent, o.sums.owed) for key, o in classes.items()} == {
        f"k{n}": ("三班", f"教学点{n}", 12) for n in (1, 2, 3)
    }
    assert {key: (o.label, o.sums.due, o.sums.owed) for key, o in given.items()} == {
        "s0": ("中心校", 43, 0)
    }
    assert (one.planned, one.held, one.owed) == (9, 8, 8)
    assert {key: o.label for key, o in county.items()} == {COUNTY: "青山县"}


async def test_classes_are_judged_by_subject(autumn: LedgerCounty) -> None:
    async with autumn.database.read() as session:
        whole = await completeness_of(session, scope(FIRST, LAST))
        september = await verdicts_of(session, scope(FIRST, date(2026, 9, 30)), ["k1", "k3"])
        elsewhere = await completeness_of(session, scope(FIRST, LAST, county_id="c2"))
    # Each class had 音乐 8 times of 8 and 美术 4 times of 4.
    assert whole == Completeness(3, 3, 3, 3, 3)
    # By 9/30 (13 teaching days) 音乐 owes 5 and 美术 2; k1 had 5 and 2, k3 one less of 音乐.
    assert september == {"k1": ClassVerdict(), "k3": ClassVerdict(short=(MUSIC,))}
    assert elsewhere == Completeness(0, 0, 0, 0, 0)
