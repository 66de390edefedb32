"""Areas: a city sees the sum of its counties, and everybody only the own branch."""

from datetime import date

import pytest
from sqlalchemy import func, update

from signaling.access.actions import Action
from signaling.access.roles import Actor, Role, held_in
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.directory.tables import CountyRow, OrgNodeRow
from signaling.directory.wire import OrgLevel
from signaling.ledger.areas import Areas
from signaling.ledger.overview import Overview
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.totals import Scope
from signaling.ledger.units import UnitFilter, UnitReader
from signaling.ledger.wire import LedgerGrouping
from tests.integration.signaling.ledger.county import COUNTY, LedgerCounty

DAY = date(2026, 9, 15)
CITY = "/cn/city/"
ACTION = Action.READ_LEDGER_UNIT


def researcher(*paths: str) -> Actor:
    grants = [held for path in paths for held in held_in(path, (Role.RESEARCHER,))]
    return Actor("chen", "陈教研", frozenset({Role.RESEARCHER}), grants=tuple(grants))


@pytest.fixture
async def county(database: Database) -> LedgerCounty:
    """A county in a city, beside a county without schools; another county lies in no city."""
    opened = await LedgerCounty.open(database, date(2026, 9, 30))
    async with database.write() as session:
        moved = func.replace(OrgNodeRow.path, "/cn/c1/", f"{CITY}c1/")
        await session.execute(update(OrgNodeRow).values(path=moved))
        for node_id, parent, level, name in (
            ("city", "cn", OrgLevel.CITY, "青州市"),
            ("c2", "city", OrgLevel.COUNTY, "绿水县"),
            ("far", "cn", OrgLevel.COUNTY, "远山县"),
        ):
            path = f"{CITY}c2/" if parent == "city" else f"/cn/{node_id}/"
            row = OrgNodeRow(node_id=node_id, parent_id=parent, level=level, name=name, path=path)
            session.add(row)
            if level is OrgLevel.COUNTY:
                session.add(CountyRow(county_id=node_id, name=name))
            await session.flush()
        in_city = OrgNodeRow.node_id == COUNTY
        await session.execute(update(OrgNodeRow).where(in_city).values(parent_id="city"))
    await opened.lesson(DAY, came={"r1": 40, "r2": 40})
    await opened.counter.settle()
    return opened


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        ((CITY,), [("city", True), ("c1", True), ("c2", True)]),
        ((f"{CITY}c1/", "/cn/far/"), [("c1", True), ("far", True)]),
        ((f"{CITY}c1/p1/",), [("c1", False)]),
        (("/cn/",), [("cn", True), ("city", True), ("c1", True), ("c2", True), ("far", True)]),
        ((), []),
    ],
)
async def test_areas_are_those_of_the_own_branches(
    county: LedgerCounty, branches: tuple[str, ...], expected: list[tuple[str, bool]]
) -> None:
    found = await Areas(county.database).listed(researcher(*branches), "")
    assert [(one.node_id, one.whole) for one in found.areas] == expected
    assert not found.more


async def test_areas_are_found_by_name_and_the_own_county_stands_first(
    county: LedgerCounty,
) -> None:
    areas = Areas(county.database)
    (found,) = (await areas.listed(researcher("/cn/"), "绿水")).areas
    assert (found.node_id, found.level, found.above) == ("c2", OrgLevel.COUNTY, "青州市")
    assert (await areas.listed(researcher("/cn/"), "%")).areas == ()
    at_home = Actor(
        "a", "甲", frozenset({Role.COUNTY_ADMIN}),
        grants=held_in("/cn/", (Role.COUNTY_ADMIN,)), county="/cn/far/",
    )  # fmt: skip
    assert (await areas.listed(at_home, "")).areas[0].node_id == "far"


async def test_a_city_is_the_sum_of_its_counties(county: LedgerCounty) -> None:
    path = await Areas(county.database).path(researcher(CITY), "city")
    scope = Scope(DAY, DAY, frozenset({CITY}), node_path=path)
    overview = Overview(county.database, county.plans)
    totals = await overview.totals(scope, LedgerGrouping.COUNTY, None)
    assert [(row.key, row.figures.held) for row in totals.rows] == [(COUNTY, 2)]
    assert (totals.total.planned, totals.completeness.points) == (3, 3)
    beside = Scope(DAY, DAY, frozenset({CITY}), node_path=f"{CITY}c2/")
    totals = await overview.totals(beside, LedgerGrouping.POINT, None)
    assert (totals.rows, totals.total.planned, totals.completeness.points) == ((), 0, 0)
    reader = UnitReader(county.database)
    for node, count in ((CITY, 3), (f"{CITY}c2/", 0)):
        wanted = UnitFilter(node_path=node)
        rows, _ = await reader.page(researcher(CITY), wanted, None, ACTION)
        assert len(rows) == count


@pytest.mark.parametrize("node", ["city", "far", "p1", "nowhere"])
async def test_an_area_outside_the_own_branch_is_not_there(county: LedgerCounty, node: str) -> None:
    areas = Areas(county.database)
    assert await areas.path(researcher(f"{CITY}c1/p2/"), None) is None
    with pytest.raises(NotFound):
        await areas.path(researcher(f"{CITY}c1/p2/"), node)


async def test_a_room_without_a_class_leads_to_its_own_lessons(county: LedgerCounty) -> None:
    async with county.database.write() as session:
        nameless = LedgerUnitRow.room_id == "r1"
        await session.execute(update(LedgerUnitRow).where(nameless).values(class_id=""))
    for key, room in (("r1", "r1"), ("k2", "r2")):
        rows, _ = await UnitReader(county.database).page(
            researcher(CITY), UnitFilter(class_id=key), None, ACTION
        )
        assert [row.room_id for row in rows] == [room]
