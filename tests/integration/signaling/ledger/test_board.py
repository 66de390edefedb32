"""今日看板 of a planned county: what needs somebody comes first; a room is offered its class."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update

from signaling.audit.log import SYSTEM
from signaling.directory.tables import ClassRow
from tests.integration.signaling.lessons.test_facts import enter
from tests.support.control import until
from tests.support.planned_county import PlannedCounty, planned_county
from tests.support.services import join

MORNING = datetime(2026, 9, 16, 0, 0, tzinfo=UTC)  # Wednesday of week 3, 08:00 in the county


async def _order(county: PlannedCounty) -> list[tuple[str, str]]:
    board = await county.admin.call("GET", "/api/ledger/today")
    return [(one["title"], one["state"]) for one in board["lessons"]]


async def _start(county: PlannedCounty, login: str, title: str) -> str:
    board = await county.admin.call("GET", "/api/ledger/today")
    (lesson_id,) = (one["lesson_id"] for one in board["lessons"] if one["title"] == title)
    teacher = await county.sign_in(login)
    await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
    return str(lesson_id)


async def test_a_live_lesson_with_somebody_offline_comes_before_the_others(tmp_path: Path) -> None:
    async with planned_county(tmp_path, MORNING) as county:
        await county.plan(title="甲", period=1)
        second = county.second(title="乙", period=2)  # later than 甲, but nobody is there
        await county.admin.call("POST", "/api/timetable/plans", second)
        await county.plan(title="丙", period=4)
        county.clock.advance(minutes=20)
        whole = await _start(county, "wang", "甲")
        await _start(county, "liu", "乙")
        await join(county.services, whole)
        channel = await enter(county.services, whole, "shanquan1")
        assert (await _order(county))[:2] == [("乙", "live"), ("甲", "live")]
        room = county.services.hub.room(whole)
        assert room is not None
        room.detach(channel)
        both = {title for title, _ in (await _order(county))[:2]}
        assert both == {"甲", "乙"}
        board = await county.admin.call("GET", "/api/ledger/today")
        assert board["counts"]["rooms_offline"] == 2


async def test_a_room_is_told_how_large_its_class_is(tmp_path: Path) -> None:
    async with planned_county(tmp_path, MORNING) as county:
        async with county.services.audit.work(SYSTEM, "test") as work:  # type: ignore[arg-type]
            sized = update(ClassRow).where(ClassRow.class_id == "shanquan-1").values(pupils=31)
            await work.session.execute(sized)
        seats = [
            {"room_id": "shanquan1", "class_id": "shanquan-1"},
            {"room_id": "yunling1", "class_id": "yunling-1"},
        ]
        await county.plan(title="甲", period=1, seats=seats)
        lesson = (await county.week(3))["lessons"][0]
        teacher = await county.sign_in("wang")
        async with teacher.channel(lesson["lesson_id"]) as lead:
            snapshot = await until(lead, "snapshot")
        assert snapshot["class_sizes"] == {"room-shanquan1": 31}
