"""Plans over HTTP: the autumn of 2026 by hand, clashes by name, and changes of plans."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from signaling.audit.actions import AuditAction
from signaling.directory.tables import RoomRow
from tests.support.planned_county import COUNTY_ID, PlannedCounty, planned_county, refused

PLANS = "/api/timetable/plans"
CHECK = "/api/timetable/check"


async def _dates(county: PlannedCounty, weeks: range) -> list[tuple[int, str, int]]:
    """Page, date and taught week of the first teacher's lessons."""
    found = []
    for week in weeks:
        page = await county.week(week)
        assert page["parity"] == ("odd" if week % 2 else "even")
        found += [(week, one["date"][5:], one["week"]) for one in page["lessons"]]
    return found


async def test_the_autumn_of_2026_by_hand(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        tuesdays = await county.plan(weekday=2, weeks="3-8周", period=1)
        wednesdays = await county.plan(weekday=3, weeks="3-8周", period=2)
        fridays = await county.plan(weekday=5, weeks="3-8周", period=3)
        assert [one["created"] for one in (tuesdays, wednesdays, fridays)] == [6, 6, 4]
        assert [(f["date"], f["week"], f["reason"], f["name"]) for f in fridays["fallen"]] == [
            ("2026-09-25", 4, "day_off", "中秋节"),
            ("2026-10-02", 5, "day_off", "国庆节"),
        ]
        assert fridays["years_without_holidays"] == [2027]
        assert await _dates(county, range(3, 9)) == [
            (3, "09-15", 3), (3, "09-16", 3), (3, "09-18", 3),
            (3, "09-20", 6),  # a Sunday teaches the Tuesday of the holiday
            (4, "09-22", 4), (4, "09-23", 4),
            (5, "09-29", 5), (5, "09-30", 5),
            (6, "10-09", 6), (6, "10-10", 6),  # a Saturday teaches the Wednesday of the holiday
            (7, "10-13", 7), (7, "10-14", 7), (7, "10-16", 7),
            (8, "10-20", 8), (8, "10-21", 8), (8, "10-23", 8),
        ]  # fmt: skip
        holiday = await county.week(6)
        assert [(d["date"][5:], d["kind"], d["teaches"]) for d in holiday["days"][:3]] == [
            ("10-05", "off", None),
            ("10-06", "off", None),
            ("10-07", "off", None),
        ]
        assert holiday["days"][5]["teaches"] == "2026-10-07"


async def test_odd_and_even_weeks_share_a_slot_and_moved_by_a_week_they_clash(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weeks="单周", title="音乐(单)")
        even = county.wish(weeks="双周", title="书法(双)")
        assert (await county.admin.call("POST", CHECK, {"plan": even}))["clashes"] == []
        await county.admin.call("POST", PLANS, even)
        third = county.wish(weeks="3周", title="书法")
        checked = await county.admin.call("POST", CHECK, {"plan": third})
        assert [c["rule"] for c in checked["clashes"]] == [
            "teacher", "lead_room", "receive_room", "class",
        ]  # fmt: skip
        teacher = checked["clashes"][0]
        assert teacher["who"] == {"kind": "person", "id": "teacher-wang", "name": "王老师"}
        assert (teacher["lesson"]["title"], teacher["lesson"]["lesson_id"]) == ("书法", "")
        assert [one["title"] for one in teacher["others"]] == ["音乐(单)"]
        clash = await refused(county.admin, "POST", PLANS, third)
        assert (clash.status, clash.code) == (409, "timetable_clash")
        waived = await county.plan(weeks="3周", title="书法", waiver="两班合上")
        assert waived["created"] == 1
        waivers = [one["waiver"] for one in (await county.week(3))["lessons"]]
        assert sorted(filter(None, waivers)) == ["两班合上"]


async def test_sums_of_a_school_clash_by_their_amount(tmp_path: Path) -> None:
    async with planned_county(tmp_path, relay_mbps=6) as county:
        await county.plan()
        over = county.second(title="科学")
        checked = await county.admin.call("POST", CHECK, {"plan": over})
        assert {
            (c["rule"], c["who"]["kind"], c["needed"], c["available"]) for c in checked["clashes"]
        } == {("relay", "server", 7200, 6000)}
        assert checked["lessons"] == 16
        assert len(checked["clashes"]) == 16


async def test_a_room_out_of_use_and_a_time_in_the_past_are_refused(tmp_path: Path) -> None:
    november = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    async with planned_county(tmp_path, november) as county:
        async with county.services.database.write() as session:
            (await session.get_one(RoomRow, "shanquan1")).active = False
        problem = await refused(county.admin, "POST", PLANS, county.wish())
        assert (problem.code, problem.field) == ("unknown_room", "seats[0].room_id")
        past = county.second(kind="single", dates=["2026-11-20"])
        problem = await refused(county.admin, "POST", PLANS, past)
        assert (problem.code, problem.field) == ("in_the_past", "dates[0]")
        late = await county.admin.call("POST", PLANS, county.second(weeks="12-14周"))
        assert late["created"] == 2
        assert [(f["week"], f["reason"]) for f in late["fallen"]] == [(12, "past")]


async def test_holiday_lessons_may_lie_on_days_off_and_outside_of_terms(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        dates = ["2026-10-06", "2027-01-20"]
        outcome = await county.plan(kind="holiday", dates=dates, weekday=None, weeks=None)
        assert (outcome["created"], outcome["fallen"]) == (2, [])
        lesson = await county.lesson(6)
        assert (lesson["date"], lesson["plan_kind"]) == ("2026-10-06", "holiday")
        path = "/api/timetable/weeks?by=teacher&id=teacher-wang&date=2027-01-20"
        page = await county.admin.call("GET", path)
        assert (page["term_id"], page["week"]) == (None, None)
        assert [one["date"] for one in page["lessons"]] == ["2027-01-20"]


async def test_a_plan_written_again_changes_nothing_and_a_changed_one_keeps_ids(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan())["plan"]
        path = f"{PLANS}/{plan['plan_id']}"
        before = await county.lesson(2)
        same = await county.admin.call("PUT", path, {"version": 1, "plan": county.wish()})
        assert (same["created"], same["changed"], same["removed"], same["kept"]) == (0, 0, 0, 16)
        assert await county.lesson(2) == before
        wish = county.wish(weekday=4, weeks="1-15周")
        moved = await county.admin.call("PUT", path, {"version": 2, "plan": wish})
        assert (moved["created"], moved["changed"], moved["removed"]) == (0, 14, 2)
        assert [f["date"] for f in moved["fallen"]] == ["2026-10-01"]  # a Thursday of the holiday
        after = await county.lesson(2)
        assert (after["lesson_id"], after["version"]) == (before["lesson_id"], 1)
        assert (after["date"], after["change"]) == ("2026-09-10", "plan")
        stale = await refused(county.admin, "PUT", path, {"version": 2, "plan": wish})
        assert (stale.status, stale.code) == (409, "changed_meanwhile")


async def test_a_plan_changed_from_a_date_on_becomes_two(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan())["plan"]
        ids = [(await county.lesson(week))["lesson_id"] for week in (7, 8)]
        change = {"version": 1, "begins": "2026-10-19", "plan": county.wish(period=5)}
        outcome = await county.admin.call("PUT", f"{PLANS}/{plan['plan_id']}", change)
        assert outcome["plan"]["plan_id"] != plan["plan_id"]
        assert (outcome["plan"]["weeks"], outcome["changed"]) == ("8-16周", 9)
        lessons = [await county.lesson(week) for week in (7, 8)]
        assert [one["lesson_id"] for one in lessons] == ids
        assert [one["period"] for one in lessons] == [2, 5]
        kept = await county.admin.call("GET", f"{PLANS}/{plan['plan_id']}")
        assert (kept["weeks"], kept["version"]) == ("1-7周", 2)
        listed = await county.admin.call("GET", f"{PLANS}?q=音&room=shanquan1")
        assert len(listed["plans"]) == 2


async def test_the_future_of_a_plan_is_taken_out_and_the_past_stays(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan())["plan"]
        county.clock.advance(days=60)  # 19 October, in week 8
        path = f"{PLANS}/{plan['plan_id']}"
        ended = await county.admin.call("POST", f"{path}/end", {"version": 1, "begins": None})
        assert ended["removed"] == 9
        assert (await county.lesson(7))["state"] == "scheduled"
        assert (await county.week(8))["lessons"] == []
        listed = await county.admin.call("GET", "/api/lessons?day=2026-10-21")
        assert listed["lessons"] == []  # nor does the list of lessons show what was taken out
        assert (await refused(county.admin, "GET", path)).status == 404


async def test_plans_follow_an_imported_year_and_a_changed_day(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weekday=5, weeks="17-18周")
        assert (await county.lesson(18))["date"] == "2027-01-01"
        year = {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}
        body = {"county_id": COUNTY_ID, "year": year}
        imported = await county.admin.call("POST", "/api/timetable/calendar/years", body)
        assert imported["plans_to_settle"] == 1
        await county.services.timetable.plans.settle_by_itself()
        assert (await county.week(18))["lessons"] == []
        friday = {"county_id": COUNTY_ID, "date": "2027-01-01", "kind": "plain"}
        await county.admin.call("PUT", "/api/timetable/calendar/days", friday)
        path = f"/api/timetable/counties/{COUNTY_ID}/settle"
        assert await county.admin.call("POST", path) == {"plans": 0}
        assert (await county.lesson(18))["date"] == "2027-01-01"
        settled = await county.services.audit.entries(AuditAction.PLANS_SETTLE)
        assert {one.actor_id for one in settled} == {"admin-li", "system"}


async def test_plans_of_one_slot_wished_at_once_leave_one(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        answers = await asyncio.gather(
            *(county.plan(title=f"音乐{n}") for n in range(3)), return_exceptions=True
        )
        assert sum(isinstance(one, dict) for one in answers) == 1
        assert len((await county.week(1))["lessons"]) == 1
