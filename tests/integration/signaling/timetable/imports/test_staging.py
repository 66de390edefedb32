"""Plans that are written out of sight: nothing is half there, whatever breaks off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from signaling.ledger.stale import stale_between
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.timetable.imports import staging
from signaling.timetable.imports.batches import Batches
from signaling.timetable.tables import PlannedLessonRow, PlanRoomRow, PlanRow
from tests.integration.signaling.stores import on_both_stores
from tests.integration.signaling.timetable.imports.school import (
    IMPORTS,
    answer,
    apply,
    begin,
    finished,
    furnish,
)
from tests.support.planned_county import SUMMER, PlannedCounty, planned_county

HEADER = "学校,教室,班级,学科,教师,星期,节次,周次,听课教室\n"
ROWS = HEADER + "".join(
    f"青山中心小学,{name}教室,{name},音乐,老师{letter},星期一,第5节,1-16周,{room}\n"
    for name, letter, room in (
        ("一年级1班", "甲", "山泉教学点/一年级教室"),
        ("一年级2班", "乙", ""),
        ("二年级1班", "丙", ""),
    )
)
TABLES = (PlanRow, PlanRoomRow, LessonRow, LessonRoomRow, PlannedLessonRow)


@pytest_asyncio.fixture
async def county(
    tmp_path: Path, store: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PlannedCounty]:
    monkeypatch.setattr(staging, "_PLANS", 2)  # two transactions before the last one
    async with planned_county(tmp_path, **store) as county:
        await furnish(county)
        yield county


async def rows(county: PlannedCounty) -> list[int]:
    async with county.services.database.read() as session:
        counts = [await session.scalar(select(func.count()).select_from(one)) for one in TABLES]
    return [count or 0 for count in counts]


@on_both_stores
async def test_what_breaks_off_leaves_nothing_and_can_be_done_again(
    county: PlannedCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await begin(county, ROWS.encode(), "课表.csv")
    before = await rows(county)
    feed = await county.admin.call("POST", "/api/rooms/r0/calendar-feed")

    seen: list[Any] = []  # what fails within a job fails the job alone

    async def broken(*_: object) -> None:
        seen.append((await rows(county))[0])
        seen.append((await county.admin.call("GET", "/api/timetable/plans"))["plans"])
        seen.append((await county.week(3, "class", "k0"))["lessons"])
        async with county.admin.http.get(county.url + feed["url"]) as response:
            seen.append((await response.text()).count("BEGIN:VEVENT"))
        async with county.services.database.read() as session:
            half_year = SUMMER + timedelta(days=200)
            seen.append(await stale_between(session, SUMMER, SUMMER, half_year))
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "write", broken)
        failed = await apply(county, made)
    assert seen == [3, [], [], 0, []]  # all three are there, and nobody sees them
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "internal")
    assert await rows(county) == before
    again = await apply(county, await answer(county, failed, []))
    assert again["state"] == "applied"
    assert len((await county.week(3, "class", "k0"))["lessons"]) == 1


async def test_the_next_run_deletes_what_a_killed_one_left(
    county: PlannedCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await begin(county, ROWS.encode(), "课表.csv")

    async def nothing(_: object) -> None:
        """Do as a killed process does."""

    async def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "write", broken)
        patch.setattr(staging.Stage, "clear", nothing)
        failed = await apply(county, made)
    assert (await rows(county))[0] == 3
    fresh = await answer(county, failed, [])
    assert fresh["counts"]["added"] == 3
    assert (await apply(county, fresh))["state"] == "applied"
    assert (await rows(county))[0] == 3
    listed = await county.admin.call("GET", "/api/timetable/plans")
    assert len(listed["plans"]) == 3
    assert await county.admin.call("GET", f"{IMPORTS}/{made['import_id']}")


def once_staged(patch: pytest.MonkeyPatch, change: Callable[[], Awaitable[Any]]) -> None:
    """Let somebody change something once, after the new plans are staged."""
    put, waiting = staging.Stage.put, [change]

    async def putting(stage: staging.Stage, *what: Any) -> None:
        await put(stage, *what)
        while waiting:
            await waiting.pop()()

    patch.setattr(staging.Stage, "put", putting)


async def tried_again(county: PlannedCounty, made: dict[str, Any]) -> dict[str, Any]:
    """The import after another run of its job, which saw that something had changed."""
    assert made["state"] == "applying"
    county.clock.advance(minutes=10)
    return await finished(county, made)


async def test_a_plan_that_replaces_another_one_meanwhile_is_not_overlooked(
    county: PlannedCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (await county.plan(weekday=1, period=2))["plan"]
    made = await begin(county, ROWS.encode(), "课表.csv")

    async def replace() -> None:
        path = f"/api/timetable/plans/{there['plan_id']}"
        await county.admin.call("POST", f"{path}/end", {"version": there["version"]})
        await county.plan(weekday=1, period=5, lead_teacher_id="t0")  # as in the file

    with monkeypatch.context() as patch:
        once_staged(patch, replace)
        late = await tried_again(county, await apply(county, made))
    assert (late["state"], late["problem"]["code"]) == ("failed", "import_has_clashes")
    fresh = await answer(county, late, [])
    assert fresh["counts"]["hard_clashes"] > 0


@on_both_stores
async def test_bells_that_change_meanwhile_ring_for_the_new_plans(
    county: PlannedCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await begin(county, ROWS.encode(), "课表.csv")

    async def later() -> None:
        (bells,) = (await county.admin.call("GET", "/api/timetable/bells"))["schedules"]
        periods = [one for one in bells["periods"] if one["number"] != 5]
        periods.append({"number": 5, "starts": "14:05:00", "ends": "14:45:00"})
        periods.sort(key=lambda one: int(one["number"]))
        wish = {"county_id": bells["county_id"], "name": bells["name"], "periods": periods}
        body = {"version": bells["version"], "bells": wish}
        await county.admin.call("PUT", f"/api/timetable/bells/{bells['schedule_id']}", body)

    with monkeypatch.context() as patch:
        once_staged(patch, later)
        late = await tried_again(county, await apply(county, made))
    assert late["state"] == "applied"
    (lesson,) = (await county.week(3, "class", "k0"))["lessons"]
    assert lesson["starts_at"] == "2026-09-14T06:05:00Z"
