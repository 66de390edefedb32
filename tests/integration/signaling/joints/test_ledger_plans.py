"""The ledger over a real timetable: the autumn of 2026 over its holidays, counted by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from signaling.lessons.tables import LessonRow
from tests.integration.signaling.lessons.test_facts import enter
from tests.support.planned_county import COUNTY_ID, PlannedCounty, planned_county

ROOM = "shanquan1"


async def _lessons(county: PlannedCounty) -> dict[str, dict[str, Any]]:
    """The teacher's lessons of weeks 3 to 8, by date."""
    found = {}
    for week in range(3, 9):
        for one in (await county.week(week))["lessons"]:
            found[one["date"][5:]] = one
    return found


async def _turn_to(county: PlannedCounty, at: datetime) -> None:
    county.clock.advance(seconds=(at - county.clock.now()).total_seconds())


async def _hold(county: PlannedCounty, lesson_id: str, *, came: bool) -> None:
    """Hold a lesson of 40 minutes in its time, with or without the room."""
    services = county.services
    async with services.database.read() as session:
        lesson = await session.get_one(LessonRow, lesson_id)
    await _turn_to(county, lesson.starts_at)
    teacher = await county.sign_in("wang")
    await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
    if came:
        await enter(services, lesson_id, ROOM)
    county.clock.advance(minutes=40)
    await teacher.call("POST", f"/api/lessons/{lesson_id}/end")


# 音乐 on Tuesdays of weeks 3 to 8: 9/15, 9/20 (for 10/6), 9/22, 9/29, 10/13, 10/20.
# 9/15 and 9/20 are held, 9/22 is cancelled and made up on 9/24, to 9/29 the room does not come,
# 10/13 is moved to 10/15 and held, nobody begins 10/20. On 10/5, a day off, is a holiday lesson.
async def test_the_autumn_equals_the_count_by_hand(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weekday=2, weeks="3-8周", period=1)
        await county.plan(
            kind="holiday", weekday=None, weeks=None, dates=["2026-10-05"], period=1, title="假期课"
        )
        requirement = {
            "node_id": COUNTY_ID, "grade": "一年级", "subject": "音乐", "periods": 1,
            "first": "2026-09-14", "last": "2026-10-25",
        }  # fmt: skip
        await county.admin.call("POST", "/api/ledger/requirements", requirement)
        lessons = await _lessons(county)
        base = "/api/timetable/lessons"
        tuesday = lessons["09-22"]
        stop = {"version": tuesday["version"], "reason": "power_fault", "note": "全镇停电"}
        await county.admin.call("POST", f"{base}/{tuesday['lesson_id']}/cancel", stop)
        made = await county.admin.call(
            "POST",
            f"{base}/{tuesday['lesson_id']}/make-up",
            {"slot": {"date": "2026-09-24", "period": 3}},
        )
        moved = lessons["10-13"]
        move = {
            "version": moved["version"], "reason": "room_closed",
            "slot": {"date": "2026-10-15", "period": 1},
        }  # fmt: skip
        await county.admin.call("POST", f"{base}/{moved['lesson_id']}/move", move)
        await _hold(county, lessons["09-15"]["lesson_id"], came=True)
        await _hold(county, lessons["09-20"]["lesson_id"], came=True)
        await _hold(county, made["lessons"][0]["lesson_id"], came=True)
        await _hold(county, lessons["09-29"]["lesson_id"], came=False)
        await _hold(county, lessons["10-05"]["lesson_id"], came=True)
        await _hold(county, moved["lesson_id"], came=True)
        await _turn_to(county, datetime(2026, 10, 26, 2, 0, tzinfo=UTC))
        counter = county.services.ledger.counter
        await counter.complete(datetime(2026, 9, 1, tzinfo=UTC), county.clock.now())

        span = "from=2026-09-14&to=2026-10-25"
        weeks = await county.admin.call("GET", f"/api/ledger/totals?by=week&{span}")
        total = weeks["total"]
        assert {name: total[name] for name in ("planned", "due", "held", "valid", "extra")} == {
            "planned": 6,
            "due": 6,
            "held": 4,
            "valid": 4,
            "extra": 1,
        }
        assert (total["excused"], total["unexcused"], total["awaiting"]) == (1, 0, 2)
        # Two classes of the grade at points; 6 + 4 + 3 + 3 + 5 + 5 = 26 teaching days owe 5 each.
        assert total["required"] == 2 * 5
        assert [(row["key"], row["week"], row["figures"]["held"]) for row in weeks["rows"]] == [
            ("2026-09-14", 3, 2),
            ("2026-09-21", 4, 1),
            ("2026-09-28", 5, 0),
            ("2026-10-05", 6, 0),
            ("2026-10-12", 7, 1),
            ("2026-10-19", 8, 0),
        ]
        unit = f"/api/ledger/units/{tuesday['lesson_id']}/{ROOM}"
        evidence = await county.admin.call("GET", unit)
        assert (evidence["unit"]["reason"], evidence["unit"]["confirmed"]) == ("power_fault", False)
        assert [(c["kind"], c["reason"], c["note"]) for c in evidence["changes"]] == [
            ("cancel", "power_fault", "全镇停电")
        ]
        confirmed = {"version": evidence["unit"]["version"]}
        await county.admin.call("POST", f"{unit}/confirm", confirmed)
        classes = await county.admin.call("GET", f"/api/ledger/totals?by=class&{span}")
        judged = {row["parent"]: (row["lacking"], row["short"]) for row in classes["rows"]}
        assert judged == {"山泉教学点": ([], ["音乐"]), "云岭教学点": (["音乐"], [])}
