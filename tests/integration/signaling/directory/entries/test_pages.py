"""Pages of entries: search, filters, order, thousands of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, insert

from signaling.access.roles import ROOT_PATH, Actor, BranchRole, Role
from signaling.base.errors import Invalid
from signaling.directory.entries.pages import Search
from signaling.directory.rooms.wire import RoomEntry
from signaling.directory.tables import RoomRow
from tests.integration.signaling.directory.counties import (
    ADMIN,
    OTHER,
    ROOT,
    TEACHER,
    Counties,
)

ROWS = 5000
STATEMENTS = 6  # for a page, wherever in the list it stands; `make bars` measures its time


async def _fill(counties: Counties, count: int) -> None:
    rows = [
        {
            "room_id": f"r{number:05}",
            "school_id": (counties.center, counties.point, counties.far)[number % 3],
            "name": f"教室{number * 7 % count // 2:05}-{number}",
            "active": number % 10 != 0,
            "version": 1,
        }
        for number in range(count)
    ]
    async with counties.database.write() as session:
        await session.execute(insert(RoomRow), rows)


@contextmanager
def _statements(counties: Counties) -> Iterator[list[str]]:
    """What is asked of the database."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    engine = counties.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def _walk(counties: Counties, search: Search) -> list[RoomEntry]:
    """Read all pages of a list, each with few questions."""
    seen: list[RoomEntry] = []
    after = search.after
    while True:
        one = Search(search.words, search.active, search.filters, search.limit, after)
        with _statements(counties) as asked:
            page, total, after = await counties.desk.rooms.listed(ADMIN, one)
        assert len(asked) <= STATEMENTS, asked
        seen += page
        if after is None:
            assert len(seen) == total
            return seen
        assert len(page) == search.limit


async def test_all_pages_together_are_the_whole_list_in_order(both_counties: Counties) -> None:
    await _fill(both_counties, ROWS)
    seen = await _walk(both_counties, Search(limit=200))
    assert len({room.room_id for room in seen}) == len(seen) > ROWS / 2
    assert {room.school for room in seen} == {"中心小学", "山泉教学点"}
    places = [room.school for room in seen]
    assert len([1 for one, two in pairwise(places) if one != two]) == 1


async def test_search_and_filters_narrow_the_list(both_counties: Counties) -> None:
    await _fill(both_counties, 300)
    desk = both_counties.desk
    for words in ("教室 山泉", "山泉 教室"):
        found = await _walk(both_counties, Search(words))
        assert {room.school for room in found} == {"山泉教学点"}
    assert await _walk(both_counties, Search("100%")) == []
    assert await _walk(both_counties, Search("_")) == []
    of_school = await _walk(both_counties, Search(filters={"school_id": both_counties.center}))
    assert len(of_school) == 100
    unusable = await _walk(both_counties, Search(active=False))
    assert unusable and not any(room.active for room in unusable)
    usable = await _walk(both_counties, Search(active=True))
    whole, total, _ = await desk.rooms.listed(ADMIN, Search())
    assert len(usable) + len(unusable) == total >= len(whole)


async def test_a_list_may_be_narrowed_to_what_its_reader_may_change(counties: Counties) -> None:
    school = f"{ROOT_PATH}c1/{counties.point}/"
    held = {BranchRole(Role.COUNTY_ADMIN, school), BranchRole(Role.LEAD_TEACHER, school)}
    roles = frozenset(one.role for one in held)
    both = Actor("b", "教导主任", roles, grants=frozenset(held), county=f"{ROOT_PATH}c1/")
    schools = counties.desk.schools
    seen, total, _ = await schools.listed(both, Search())
    assert total == len(seen) == 2
    own, total, _ = await schools.listed(both, Search(manageable=True))
    assert [one.school_id for one in own] == [counties.point]
    assert total == 1
    assert (await schools.listed(TEACHER, Search(manageable=True)))[:2] == ((), 0)
    with pytest.raises(Invalid):  # the place is none of the narrower list's
        await schools.listed(both, Search(after=counties.center, manageable=True))


async def test_a_place_that_the_reader_may_not_see_is_no_place(counties: Counties) -> None:
    for place in ("nowhere", counties.room):
        with pytest.raises(Invalid) as refused:
            await counties.desk.rooms.listed(OTHER, Search(after=place))
        assert refused.value.field == "after"
    assert (await counties.desk.rooms.listed(ROOT, Search(after=counties.room)))[0] == ()
