"""应开: requirements are made, changed and removed; a reported month keeps what it had."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor, Role, held_in
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, SignalingError
from signaling.ledger import requirements as module
from signaling.ledger.county_wire import (
    Requirement,
    RequirementCell,
    RequirementChange,
    RequirementCreate,
    RequirementVersion,
)
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.months import Months
from signaling.ledger.requirement_versions import RequirementVersions
from signaling.ledger.requirements import Requirements
from signaling.ledger.tables import LedgerDutyRow
from tests.integration.signaling.ledger.county import (
    ADMIN,
    ART,
    COUNTY,
    ENGLISH,
    GRADE,
    MUSIC,
    TEACHER,
    LedgerCounty,
    at,
)

FIRST = date(2026, 9, 1)  # a Tuesday
TODAY = date(2026, 9, 14)  # 10 teaching days later
PROVINCE = Actor(
    "province", "省厅", frozenset({Role.COUNTY_ADMIN}),
    grants=held_in("/cn/", (Role.COUNTY_ADMIN,)),
)  # fmt: skip


@pytest.fixture
async def county(database: Database) -> LedgerCounty:
    return await LedgerCounty.open(database, TODAY)


def desk_of(county: LedgerCounty) -> Requirements:
    audit = AuditLog(county.database, county.clock)
    return Requirements(county.database, county.duties, audit, county.clock)


def wish(subject: str = MUSIC, **more: object) -> RequirementCreate:
    fields = {"node_id": COUNTY, "grade": GRADE, "subject": subject, "periods": 2, "first": FIRST}
    return RequirementCreate(**{**fields, **more})  # type: ignore[arg-type]


async def owed(county: LedgerCounty, subject: str = MUSIC) -> int:
    await county.counter.complete(at(FIRST, 0), at(TODAY, 23))
    async with county.database.read() as session:
        query = select(func.sum(LedgerDutyRow.periods)).where(LedgerDutyRow.subject == subject)
        return await session.scalar(query) or 0


async def refusal(asking: Awaitable[object]) -> tuple[str, str | None]:
    with pytest.raises(SignalingError) as caught:
        await asking
    return caught.value.code, caught.value.field


async def test_a_requirement_is_owed_to_each_class_of_its_grade(county: LedgerCounty) -> None:
    desk = desk_of(county)
    made = await desk.create(ADMIN, wish())
    assert await owed(county) == 3 * 4
    stale = RequirementChange(3, FIRST, None, made.version)
    made = await desk.change(ADMIN, made.requirement_id, stale)
    assert await owed(county) == 3 * 6
    assert await refusal(desk.change(ADMIN, made.requirement_id, stale)) == (
        "changed_meanwhile",
        None,
    )
    await desk.change(
        ADMIN, made.requirement_id, RequirementChange(3, FIRST, date(2026, 9, 7), made.version)
    )
    assert await owed(county) == 3 * 3  # five teaching days
    await desk.remove(ADMIN, made.requirement_id, made.version + 1)
    assert await owed(county) == 0
    audited = [entry.action for entry in await AuditLog(county.database).entries()]
    assert sorted(set(audited) - {"test"}) == [
        "requirement_change",
        "requirement_create",
        "requirement_remove",
    ]


async def test_the_county_requires_more_than_its_province(county: LedgerCounty) -> None:
    desk = desk_of(county)
    await desk.create(PROVINCE, wish(node_id="cn"))
    await desk.create(PROVINCE, wish(ART, node_id="cn", periods=1))
    await desk.create(ADMIN, wish(periods=4))
    assert (await owed(county), await owed(county, ART)) == (3 * 8, 3 * 2)
    found, following = await desk.page(ADMIN, "", None)
    assert {(one.node_id, one.subject, one.periods) for one in found} == {
        ("cn", MUSIC, 2),
        (COUNTY, MUSIC, 4),
        ("cn", ART, 1),
    }
    assert following is None


@pytest.mark.parametrize(
    ("who", "wanted", "refused"),
    [
        (ADMIN, wish(node_id="cn"), ("unknown_node", "node_id")),
        (ADMIN, wish(node_id="p1"), ("unknown_node", "node_id")),
        (ADMIN, wish(node_id="c9"), ("unknown_node", "node_id")),
        (ADMIN, wish(last=date(2026, 8, 1)), ("ends_before_start", "last")),
        (ADMIN, wish(first=date(2026, 12, 1)), ("requirement_overlaps", "first")),
        (TEACHER, wish(ART), ("forbidden", None)),
    ],
)
async def test_a_requirement_that_cannot_be(
    county: LedgerCounty, who: Actor, wanted: RequirementCreate, refused: tuple[str, str | None]
) -> None:
    desk = desk_of(county)
    await desk.create(ADMIN, wish())
    assert await refusal(desk.create(who, wanted)) == refused


async def test_a_reported_month_keeps_its_requirements(county: LedgerCounty) -> None:
    desk, audit = desk_of(county), AuditLog(county.database, county.clock)
    made = await desk.create(ADMIN, wish())
    await county.lesson(date(2026, 9, 10))
    county.clock.advance(days=20)
    months = Months(county.database, county.counting, county.counter, audit, county.clock)
    await months.freeze(ADMIN, COUNTY, "2026-09", unexplained=True)
    change = RequirementChange(3, FIRST, None, made.version)
    frozen = ("month_frozen", "first")
    assert await refusal(desk.change(ADMIN, made.requirement_id, change)) == frozen
    assert await refusal(desk.remove(ADMIN, made.requirement_id, made.version)) == frozen
    assert await refusal(desk.create(ADMIN, wish(ART))) == frozen
    ends = RequirementChange(2, FIRST, date(2026, 9, 30), made.version)
    await desk.change(ADMIN, made.requirement_id, ends)
    await desk.create(ADMIN, wish(periods=3, first=date(2026, 10, 1)))


async def test_long_lists_come_in_pages(
    county: LedgerCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE_REQUIREMENTS", 2)
    desk = desk_of(county)
    for subject in (MUSIC, ART, "英语", "书法", "科学"):
        await desk.create(ADMIN, wish(subject))
    found: list[Requirement] = []
    after: str | None = None
    while True:
        page, after = await desk.page(ADMIN, "", after)
        found += page
        if after is None:
            break
        assert len(page) == 2
    assert len({one.subject for one in found}) == len(found) == 5
    assert [one.subject for one in (await desk.page(ADMIN, "三年级 书", None))[0]] == ["书法"]
    assert await refusal(desk.page(ADMIN, "", "nothing")) == ("bad_cursor", "after")


def versions_of(county: LedgerCounty) -> RequirementVersions:
    audit = AuditLog(county.database, county.clock)
    return RequirementVersions(county.database, county.duties, audit, county.clock)


async def history(county: LedgerCounty, subject: str = MUSIC) -> list[tuple[object, ...]]:
    found, _ = await desk_of(county).page(ADMIN, subject, None, COUNTY)
    return [(one.periods, one.first, one.last, one.by) for one in found]


async def test_a_new_version_counts_from_its_day_and_the_former_one_stays(
    county: LedgerCounty,
) -> None:
    made = await desk_of(county).create(ADMIN, wish())
    day = date(2026, 9, 8)  # after five teaching days
    cells = (
        RequirementCell(GRADE, MUSIC, 4, made.version),
        RequirementCell(GRADE, ART, 1),
        RequirementCell(GRADE, ENGLISH, 0),  # says nothing new
    )
    told = await versions_of(county).make(ADMIN, RequirementVersion(COUNTY, day, cells))
    assert (told.changed, {one.subject for one in told.requirements}) == (2, {MUSIC, ART})
    assert await history(county) == [
        (2, FIRST, date(2026, 9, 7), "李管理员"),
        (4, day, None, "李管理员"),
    ]
    assert (await owed(county), await owed(county, ART)) == (3 * (2 + 4), 3)

    # The same day again: the version of that day says otherwise; 0 takes it away from then on.
    versions = {one.subject: one.version for one in told.requirements}
    cells = (
        RequirementCell(GRADE, MUSIC, 3, versions[MUSIC]),
        RequirementCell(GRADE, ART, 0, versions[ART]),
    )
    await versions_of(county).make(ADMIN, RequirementVersion(COUNTY, day, cells))
    assert [one[:3] for one in await history(county)] == [
        (2, FIRST, date(2026, 9, 7)),
        (3, day, None),
    ]
    assert await history(county, ART) == []
    assert (await owed(county), await owed(county, ART)) == (3 * (2 + 3), 0)
    audited = await AuditLog(county.database).entries(AuditAction.REQUIREMENT_VERSION)
    assert {(one.target, one.path, one.detail) for one in audited} == {
        (COUNTY, "/cn/c1/", f"2026-09-08: {GRADE} {MUSIC} 2 -> 4, {GRADE} {ART} 0 -> 1"),
        (COUNTY, "/cn/c1/", f"2026-09-08: {GRADE} {MUSIC} 4 -> 3, {GRADE} {ART} 1 -> 0"),
    }


async def test_a_version_between_two_ends_where_the_later_one_begins(county: LedgerCounty) -> None:
    desk, made = desk_of(county), versions_of(county)
    await desk.create(ADMIN, wish(first=date(2026, 10, 1)))
    cell = RequirementCell(GRADE, MUSIC, 1)
    await made.make(ADMIN, RequirementVersion(COUNTY, FIRST, (cell,)))
    (early, _) = await history(county)
    assert early[:3] == (1, FIRST, date(2026, 9, 30))


async def test_of_two_versions_at_once_one_is_made(county: LedgerCounty) -> None:
    versions = versions_of(county)
    both = [
        versions.make(
            ADMIN, RequirementVersion(COUNTY, FIRST, (RequirementCell(GRADE, MUSIC, periods),))
        )
        for periods in (2, 3)
    ]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    (refused,) = (one for one in outcomes if isinstance(one, BaseException))
    assert isinstance(refused, ChangedMeanwhile)
    assert len(await history(county)) == 1


async def test_a_version_that_cannot_be(county: LedgerCounty) -> None:
    desk, made = desk_of(county), versions_of(county)
    known = await desk.create(ADMIN, wish())
    cell = RequirementCell(GRADE, MUSIC, 5, known.version)

    async def refused(who: Actor, *cells: RequirementCell, node: str = COUNTY) -> object:
        return await refusal(made.make(who, RequirementVersion(node, TODAY, cells)))

    assert await refused(TEACHER, cell) == ("forbidden", None)
    assert await refused(ADMIN, cell, node="cn") == ("unknown_node", "node_id")
    assert await refused(ADMIN, cell, node="p1") == ("unknown_node", "node_id")
    assert await refused(ADMIN, cell, cell) == ("invalid", "cells[1].subject")
    other = RequirementCell(GRADE, ART, 1)
    stale = RequirementCell(GRADE, MUSIC, 5)
    assert await refused(ADMIN, other, stale) == ("changed_meanwhile", "cells[1]")
    assert await history(county, ART) == []
    await county.lesson(date(2026, 9, 10))
    county.clock.advance(days=20)
    audit = AuditLog(county.database, county.clock)
    months = Months(county.database, county.counting, county.counter, audit, county.clock)
    await months.freeze(ADMIN, COUNTY, "2026-09", unexplained=True)
    assert await refused(ADMIN, cell) == ("month_frozen", "first")


class _Interrupted:
    """A database in which something else is done between two transactions of a counter."""

    def __init__(
        self, database: Database, before_write: int, act: Callable[[], Awaitable[object]]
    ) -> None:
        self._database = database
        self._before_write = before_write
        self._act = act
        self._writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        self._writes += 1
        if self._writes == self._before_write:
            await self._act()
        async with self._database.write() as session:
            yield session


async def _interrupt(
    county: LedgerCounty, before_write: int, act: Callable[[], Awaitable[object]]
) -> None:
    """Let a counter write the duties, and do something else meanwhile."""
    database = cast(Database, _Interrupted(county.database, before_write, act))
    await DutyKeeper(database, county.plans).settle(TODAY)
    assert database._writes >= before_write  # type: ignore[attr-defined]


@pytest.mark.parametrize("before_write", [1, 4, 10, 14])
@pytest.mark.parametrize("first", [FIRST, date(2026, 9, 9)])
async def test_what_is_required_while_a_counter_writes_is_owed(
    county: LedgerCounty, before_write: int, first: date
) -> None:
    desk = desk_of(county)
    await desk.create(ADMIN, wish())
    await _interrupt(
        county, before_write, lambda: desk.create(ADMIN, wish(ART, periods=5, first=first))
    )
    days = len([day for day in range(first.day, 15) if date(2026, 9, day).isoweekday() <= 5])
    assert (await owed(county), await owed(county, ART)) == (3 * 4, 3 * days)


@pytest.mark.parametrize("before_write", [1, 4, 10, 14])
@pytest.mark.parametrize("off", [date(2026, 9, 2), date(2026, 9, 10)])
async def test_a_day_off_that_is_set_while_a_counter_writes_is_not_owed(
    county: LedgerCounty, before_write: int, off: date
) -> None:
    await desk_of(county).create(ADMIN, wish(periods=5))
    taught = [date(2026, 9, day) for day in range(1, 15)]
    left = {day: None for day in taught if day.isoweekday() <= 5 and day != off}

    async def set_day_off() -> None:
        county.plans.taught = dict(left)
        async with county.database.write() as session:
            await county.duties.rewind(session, (COUNTY,), off)

    await _interrupt(county, before_write, set_day_off)
    await county.counter.catch_up()
    assert await owed(county) == 3 * len(left)


async def test_two_counters_at_once_write_what_one_would(county: LedgerCounty) -> None:
    desk = desk_of(county)
    made = await desk.create(ADMIN, wish(periods=5))
    other = DutyKeeper(county.database, county.plans)

    async def count_with_other_rules() -> None:
        change = RequirementChange(3, FIRST, None, made.version)
        await desk.change(ADMIN, made.requirement_id, change)
        await other.settle(TODAY)

    await _interrupt(county, 5, count_with_other_rules)
    assert await owed(county) == 3 * 6
