"""上报: a month is frozen with its formula; what changes later is a correction beside it."""

from collections.abc import Awaitable
from datetime import date

import msgspec
import pytest
from sqlalchemy import delete, select

from signaling.access.roles import Actor, Role, held_in
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import Forbidden, LedgerRefused, NotFound, SignalingError
from signaling.ledger.amending import Amending
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.core.measures import Measures, combined
from signaling.ledger.core.report import ReportFacts
from signaling.ledger.counting import Counting
from signaling.ledger.county_wire import ReasonCount
from signaling.ledger.decision_wire import GiveReason
from signaling.ledger.months import Months
from signaling.ledger.plays import NothingPlayed
from signaling.ledger.tables import CorrectionRow, LedgerMonthRow
from signaling.ledger.totals import total_of
from signaling.lessons.reasons import MissedReason
from signaling.lessons.wire import LessonState
from signaling.links.tables import LinkSampleRow
from tests.integration.signaling.ledger.county import ADMIN, ART, COUNTY, LedgerCounty, at, scope

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
MONTH = "2026-09"
PRINCIPAL = Actor(
    "p", "校长", frozenset({Role.COUNTY_ADMIN}), "p1",
    grants=held_in("/cn/c1/p1/", (Role.COUNTY_ADMIN,)), county="/cn/c1/",
)  # fmt: skip
RESEARCHER = Actor(
    "chen", "陈教研", frozenset({Role.RESEARCHER}), grants=held_in("/cn/c1/", (Role.RESEARCHER,))
)


@pytest.fixture
async def county(database: Database) -> LedgerCounty:
    """September: one lesson that two of three rooms came to, one that was cancelled."""
    opened = await LedgerCounty.open(database, date(2026, 10, 1))
    await opened.lesson(date(2026, 9, 15), came={"r1": 40, "r2": 40})
    await opened.lesson(date(2026, 9, 16), ART, state=LessonState.CANCELLED, rooms=("r1",))
    return opened


def months(county: LedgerCounty) -> Months:
    audit = AuditLog(county.database, county.clock)
    return Months(county.database, county.counting, county.counter, audit, county.clock)


async def explain(county: LedgerCounty, lesson_id: str, room: str, reason: MissedReason) -> None:
    audit = AuditLog(county.database, county.clock)
    desk = Amending(county.database, county.counting, county.facts, audit, county.clock)
    version = next(
        u.version for u in await county.units() if (u.lesson_id, u.room_id) == (lesson_id, room)
    )
    await desk.explain(ADMIN, lesson_id, room, GiveReason(reason, version))


async def refusal(asking: Awaitable[object]) -> tuple[type[SignalingError], str]:
    with pytest.raises(SignalingError) as caught:
        await asking
    return type(caught.value), caught.value.code


async def corrections(county: LedgerCounty) -> list[CorrectionRow]:
    async with county.database.read() as session:
        return list(await session.scalars(select(CorrectionRow).order_by(CorrectionRow.at)))


async def test_a_month_is_frozen_once_everything_missed_is_explained(county: LedgerCounty) -> None:
    desk = months(county)
    refused = await refusal(desk.freeze(ADMIN, COUNTY, MONTH, unexplained=False))
    assert refused == (LedgerRefused, "reasons_awaited")
    await explain(county, "l0001", "r3", MissedReason.NETWORK_FAULT)
    await explain(county, "l0002", "r1", MissedReason.LEAD_ABSENT)
    report = await desk.freeze(ADMIN, COUNTY, MONTH, unexplained=False)
    total = report.total
    assert (total.planned, total.held, total.excused, total.unexcused, total.awaiting) == (
        *(4, 2, 1, 1, 0),
    )
    assert (report.first, report.last, report.state.frozen_by) == (FIRST, LAST, "李管理员")
    assert report.reasons == (
        ReasonCount(MissedReason.LEAD_ABSENT, 1),
        ReasonCount(MissedReason.NETWORK_FAULT, 1),
    )
    assert [(row.label, row.figures.held) for row in report.points] == [
        ("教学点1", 1),
        ("教学点2", 1),
        ("教学点3", 0),
    ]
    assert (report.completeness.points, report.completeness.covered_points) == (3, 2)
    again = await refusal(desk.freeze(ADMIN, COUNTY, MONTH, unexplained=True))
    assert again == (LedgerRefused, "month_frozen")
    listed = await desk.listed(RESEARCHER, COUNTY)
    assert [(one.month, one.may_freeze, one.corrections) for one in listed] == [(MONTH, False, 0)]


async def test_what_changes_after_the_report_is_a_correction_and_never_silent(
    county: LedgerCounty,
) -> None:
    desk = months(county)
    reported = await desk.freeze(ADMIN, COUNTY, MONTH, unexplained=True)
    county.clock.advance(days=1)
    await county.presence("l0001", "r3", at(date(2026, 9, 15), 9), 35)  # its rows came late
    county.counter.note(["l0001"])
    county.clock.advance(hours=1)
    await county.counter.settle()
    county.clock.advance(hours=1)
    await explain(county, "l0002", "r1", MissedReason.TEACHER_LEAVE)
    moved = at(date(2026, 10, 1), 9)
    await county.change("l0002", starts_at=moved, ends_at=moved)  # into another month
    county.counter.note(["l0002"])
    county.clock.advance(hours=1)
    await county.counter.settle()

    now = await desk.report(ADMIN, COUNTY, MONTH)
    assert now.total == reported.total
    assert (now.present.held, now.present.planned, now.state.corrections) == (3, 3, 3)
    rows = await corrections(county)
    assert [(row.lesson_id, row.room_id, row.by_name) for row in rows] == [
        ("l0001", "r3", ""),
        ("l0002", "r1", "李管理员"),
        ("l0002", "r1", ""),
    ]
    async with county.database.read() as session:
        frozen = await session.get_one(LedgerMonthRow, (COUNTY, MONTH))
        present = await total_of(session, scope(FIRST, LAST))
    changes = combined(
        msgspec.convert(row.after, Measures) - msgspec.convert(row.before, Measures) for row in rows
    )
    assert msgspec.convert(frozen.report, ReportFacts).total + changes == present
    page, following = await desk.corrections(ADMIN, COUNTY, MONTH, None)
    assert ([row.correction_id for row in page], following) == (
        [row.correction_id for row in reversed(rows)],
        None,
    )


async def test_a_frozen_month_keeps_its_formula(county: LedgerCounty) -> None:
    await months(county).freeze(ADMIN, COUNTY, MONTH, unexplained=True)
    stricter = Counting(
        county.database,
        county.plans,
        NothingPlayed(),
        FormulaSettings(valid_minutes=45),
        county.counting.zone,
    )
    later = await county.lesson(date(2026, 10, 1))
    async with county.database.write() as session:
        await stricter.count(session, ["l0001", later], county.clock.now())
    valid = {(u.lesson_id, u.room_id): u.valid for u in await county.units()}
    assert valid["l0001", "r1"]  # 40 minutes, by the 30 of its report
    assert not valid[later, "r1"]
    assert await corrections(county) == []


async def test_a_recount_without_link_samples_is_equal(county: LedgerCounty) -> None:
    await months(county).freeze(ADMIN, COUNTY, MONTH, unexplained=True)
    kept = await county.days()
    async with county.database.write() as session:  # 90 days later
        await session.execute(delete(LinkSampleRow))
    county.counter.note(["l0001", "l0002"])
    await county.counter.settle()
    assert (await county.days(), await corrections(county)) == (kept, [])


async def test_only_the_county_freezes_and_only_what_is_over(county: LedgerCounty) -> None:
    desk = months(county)
    for who, county_id, month, wanted in (
        (PRINCIPAL, COUNTY, MONTH, (NotFound, "unknown_node")),
        (ADMIN, "p1", MONTH, (NotFound, "unknown_node")),
        (ADMIN, "c9", MONTH, (NotFound, "unknown_node")),
        (RESEARCHER, COUNTY, MONTH, (Forbidden, "forbidden")),
        (ADMIN, COUNTY, "2026-10", (LedgerRefused, "month_not_over")),
    ):
        refused = await refusal(desk.freeze(who, county_id, month, unexplained=True))
        assert refused == wanted, (who.actor_id, county_id, month)
    async with county.database.read() as session:
        assert (await session.scalars(select(LedgerMonthRow))).all() == []
