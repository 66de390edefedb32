"""Terms, bells, days off and wishes over HTTP: by county and school, each slip by its field."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from signaling.ledger.tables import LedgerMarkRow
from tests.support.planned_county import (
    COUNTY_ID,
    FAR_COUNTY,
    FAR_SCHOOL,
    PERIODS,
    TERM,
    PlannedCounty,
    planned_county,
    refused,
)

BASE = "/api/timetable"
POINT = "school-shanquan"


async def test_terms_do_not_overlap_and_are_changed_by_one_at_a_time(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        admin = county.admin
        overlapping = TERM | {"starts_on": "2027-01-17"}
        problem = await refused(admin, "POST", f"{BASE}/terms", overlapping)
        assert (problem.status, problem.code, problem.field) == (422, "term_overlap", "starts_on")
        spring = TERM | {"name": "2027春", "starts_on": "2027-02-22"}
        made = await admin.call("POST", f"{BASE}/terms", spring)
        path = f"{BASE}/terms/{made['term_id']}"
        change = {"version": 1, "term": spring | {"weeks": 19}}
        assert (await admin.call("PUT", path, change))["weeks"] == 19
        assert (await refused(admin, "PUT", path, change)).code == "changed_meanwhile"
        early = {"version": 2, "term": spring | {"starts_on": "2027-01-11"}}
        assert (await refused(admin, "PUT", path, early)).field == "term.starts_on"
        await admin.call("DELETE", path)
        await county.plan()
        used = await refused(admin, "DELETE", f"{BASE}/terms/{county.term['term_id']}")
        assert (used.status, used.code) == (409, "term_in_use")


@pytest.mark.parametrize(
    ("now", "week", "parity"),
    [
        (datetime(2026, 8, 30, 15, 59, tzinfo=UTC), None, None),
        (datetime(2026, 8, 30, 16, 0, tzinfo=UTC), 1, "odd"),  # Monday 0:00 in Shanghai
        (datetime(2026, 10, 10, 2, 0, tzinfo=UTC), 6, "even"),
    ],
)
async def test_the_present_term_knows_its_week(
    tmp_path: Path, now: datetime, week: int | None, parity: str | None
) -> None:
    async with planned_county(tmp_path, now) as county:
        teacher = await county.sign_in("wang")
        found = await teacher.call("GET", f"{BASE}/terms")
        (term,) = found["terms"]
        assert (term["week"], term["parity"]) == (week, parity)
        assert (found["current"], found["may_manage"]) == (term["term_id"], False)
        counties = (await teacher.call("GET", f"{BASE}/counties"))["counties"]
        assert counties == [{"county_id": COUNTY_ID, "name": "青山县", "may_manage": False}]


def _bells(**more: Any) -> dict[str, Any]:
    return {"county_id": COUNTY_ID, "name": "冬季作息", "periods": PERIODS[:2]} | more


async def test_bells_of_a_season_and_of_a_school_set_the_times_of_lessons(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        admin = county.admin
        (autumn,) = (await admin.call("GET", f"{BASE}/bells"))["schedules"]
        await county.plan(weeks="5,7周")
        own = {"name": "秋", "county_id": COUNTY_ID, "periods": PERIODS, "valid_to": "2026-10-07"}
        path = f"{BASE}/bells/{autumn['schedule_id']}"
        await admin.call("PUT", path, {"version": 1, "bells": own})
        later = [{"number": 2, "starts": "09:30:00", "ends": "10:10:00"}]
        winter = _bells(periods=later, valid_from="2026-10-08")
        await admin.call("POST", f"{BASE}/bells", winter)
        await county.services.timetable.plans.settle_by_itself()
        assert (await county.lesson(5))["starts_at"] == "2026-09-30T01:10:00Z"
        moved = await county.lesson(7)
        assert (moved["starts_at"], moved["version"]) == ("2026-10-14T01:30:00Z", 1)
        assert [p["starts"] for p in (await county.week(7))["periods"]] == ["09:30:00"]


async def _year(county: PlannedCounty, year: int, school: str = "") -> dict[str, Any]:
    query = f"?school={school}" if school else ""
    found: dict[str, Any] = await county.admin.call("GET", f"{BASE}/calendar/{year}{query}")
    return found


async def test_a_year_tells_where_its_days_come_from(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        shipped = await _year(county, 2026)
        assert shipped["source"] == "shipped"
        days = {day["date"]: day for day in shipped["days"]}
        assert (days["2026-09-20"]["kind"], days["2026-09-20"]["teaches"]) == (
            "make_up",
            "2026-10-06",
        )
        assert await _year(county, 2027) == {
            "year": 2027,
            "source": "none",
            "days": [],
            "may_manage": True,
        }
        year = {
            "year": 2027,
            "papers": ["…"],
            "days": [
                {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
                {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
            ],
        }
        body = {"county_id": COUNTY_ID, "year": year}
        for _ in range(2):  # the same file again changes nothing
            outcome = await county.admin.call("POST", f"{BASE}/calendar/years", body)
        assert outcome["calendar"]["source"] == "imported"
        assert [day["date"] for day in outcome["calendar"]["days"]] == ["2027-01-01"]
        both = await _year(county, 2026)
        assert (both["source"], len(both["days"])) == ("shipped", len(shipped["days"]) + 1)
        twice = {"county_id": COUNTY_ID, "year": year | {"days": year["days"][1:] * 2}}
        problem = await refused(county.admin, "POST", f"{BASE}/calendar/years", twice)
        assert (problem.code, problem.field) == ("day_twice", "year.days[1].date")


async def test_what_a_make_up_day_teaches_is_set_by_the_county_and_by_a_school(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        path = f"{BASE}/calendar/days"
        sunday = {"county_id": COUNTY_ID, "date": "2026-09-20", "kind": "make_up", "name": "补课"}
        await county.admin.call("PUT", path, sunday | {"teaches_weekday": 5})
        own = {"school_id": POINT, "kind": "off", "name": "校庆"}
        outcome = await county.admin.call("PUT", path, sunday | own)
        shown = {day["date"]: day for day in outcome["calendar"]["days"]}["2026-09-20"]
        assert (shown["layer"], shown["name"]) == ("school", "校庆")
        await county.plan(weekday=5, weeks="3周")
        alone = await county.admin.call(
            "POST", f"{BASE}/plans", county.second(weekday=5, weeks="3周", title="科学")
        )
        lessons = [one["date"] for one in (await county.week(3))["lessons"]]
        assert lessons == ["2026-09-18"]  # the point has the Sunday off: no lesson for nobody
        assert (alone["created"], alone["fallen"]) == (2, [])
        for bad, code, field in (
            ({"teaches": "2026-09-18"}, "day_not_off", "teaches"),
            ({"teaches_weekday": 2}, "changed_meanwhile", None),
            ({"teaches_weekday": 2, "teaches": "2026-10-06", "version": 1}, "invalid", "teaches"),
        ):
            version = {"version": 1} if field else {}
            problem = await refused(county.admin, "PUT", path, sunday | version | bad)
            assert (problem.code, problem.field) == (code, field)
        reset = {"county_id": COUNTY_ID, "date": "2026-09-20", "version": 1}
        await county.admin.call("POST", f"{path}/reset", reset | {"school_id": POINT})
        await county.admin.call("POST", f"{path}/reset", reset)
        days = {day["date"]: day for day in (await _year(county, 2026, POINT))["days"]}
        assert days["2026-09-20"]["layer"] == "notice"


async def test_wishes_about_periods_are_told_as_soft_clashes(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        path = f"{BASE}/unwanted-periods"
        wish = {"county_id": COUNTY_ID, "period": 2, "subject_id": "music"}
        made = await county.admin.call("POST", path, wish)
        both = await refused(county.admin, "POST", path, wish | {"teacher_id": "teacher-wang"})
        assert both.field == "subject_id"
        far = {"county_id": COUNTY_ID, "period": 2, "teacher_id": "teacher-far"}
        assert (await refused(county.admin, "POST", path, far)).field == "teacher_id"
        checked = await county.admin.call("POST", f"{BASE}/check", {"plan": county.wish()})
        assert {(c["rule"], c["level"]) for c in checked["clashes"]} == {
            ("unwanted_period", "soft")
        }
        assert (await county.plan())["created"] == 16  # a soft clash hinders nobody
        await county.admin.call("DELETE", f"{path}/{made['wish_id']}")
        assert (await county.admin.call("GET", path))["wishes"] == []


async def test_the_week_of_a_school_or_teacher_is_set_as_a_whole(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        path = f"{BASE}/unwanted-periods"
        marks = [
            {"weekday": 3, "period": 2, "level": "forbid"},
            {"weekday": 3, "period": 3, "level": "avoid"},
        ]
        week = {"county_id": COUNTY_ID, "school_id": POINT, "marks": marks, "seen": []}
        made = await county.admin.call("PUT", path, week)
        assert {one["owner"] for one in made["wishes"]} == {"山泉教学点"}
        assert made["may_manage"] is True
        checked = await county.admin.call("POST", f"{BASE}/check", {"plan": county.wish()})
        found = {(c["rule"], c["level"], c["who"]["id"]) for c in checked["clashes"]}
        assert found == {("forbidden_period", "hard", POINT)}
        assert (await refused(county.admin, "POST", f"{BASE}/plans", county.wish())).status == 409
        waived = county.wish(waiver="只有这一节有空教室")
        await county.admin.call("POST", f"{BASE}/plans", waived)

        # A second page that had seen nothing yet is told; the first one goes on.
        assert (await refused(county.admin, "PUT", path, week)).code == "changed_meanwhile"
        twice = week | {"marks": [marks[0], marks[0]]}
        assert (await refused(county.admin, "PUT", path, twice)).field == "marks[1].period"
        both = week | {"teacher_id": "teacher-wang"}
        assert (await refused(county.admin, "PUT", path, both)).field == "subject_id"
        far = week | {"school_id": FAR_SCHOOL}
        assert (await refused(county.admin, "PUT", path, far)).field == "school_id"
        seen = [one["wish_id"] for one in made["wishes"]]
        left = await county.admin.call("PUT", path, week | {"marks": [], "seen": seen})
        assert left["wishes"] == []
        teacher = await county.sign_in("wang")
        assert (await teacher.call("GET", path))["may_manage"] is False
        assert (await refused(teacher, "PUT", path, week)).status == 403


async def test_settings_of_another_county_are_not_found(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        far = await county.sign_in("yuanguan")
        assert (await far.call("GET", f"{BASE}/counties"))["counties"][0]["county_id"] == FAR_COUNTY
        (bells,) = (await county.admin.call("GET", f"{BASE}/bells"))["schedules"]
        term, schedule = county.term["term_id"], bells["schedule_id"]
        day = {"county_id": COUNTY_ID, "date": "2026-09-20"}
        wish = {"county_id": COUNTY_ID, "period": 1, "subject_id": "music"}
        week = {"county_id": COUNTY_ID, "subject_id": "music", "marks": [], "seen": []}
        for method, path, body in (
            ("GET", f"terms?county={COUNTY_ID}", None),
            ("POST", "terms", TERM),
            ("PUT", f"terms/{term}", {"version": 1, "term": TERM}),
            ("DELETE", f"terms/{term}", None),
            ("GET", f"bells?county={COUNTY_ID}", None),
            ("POST", "bells", _bells()),
            ("PUT", f"bells/{schedule}", {"version": 1, "bells": _bells()}),
            ("DELETE", f"bells/{schedule}", None),
            ("GET", f"calendar/2026?county={COUNTY_ID}", None),
            ("GET", f"calendar/2026?county={FAR_COUNTY}&school={POINT}", None),
            ("PUT", "calendar/days", day | {"kind": "off"}),
            ("POST", "calendar/days/reset", day | {"version": 0}),
            ("GET", f"unwanted-periods?county={COUNTY_ID}", None),
            ("POST", "unwanted-periods", wish),
            ("PUT", "unwanted-periods", week),
            ("POST", "bells", _bells(county_id=FAR_COUNTY, school_id=POINT)),
            ("GET", f"plans?county={COUNTY_ID}", None),
        ):
            assert (await refused(far, method, f"{BASE}/{path}", body)).status == 404, path
        teacher = await county.sign_in("wang")
        assert (await refused(teacher, "POST", f"{BASE}/terms", TERM)).status == 403


async def test_what_classes_are_owed_follows_days_off_and_terms_that_are_set_late(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        services, day = county.services, {"county_id": COUNTY_ID, "date": "2026-09-16"}
        term = {key: county.term[key] for key in ("county_id", "name", "starts_on")}
        term_path = f"terms/{county.term['term_id']}"
        for method, path, body, kept in (
            ("PUT", "calendar/days", day | {"version": 0, "kind": "off"}, date(2026, 9, 15)),
            ("POST", "calendar/days/reset", day | {"version": 1}, date(2026, 9, 15)),
            ("PUT", term_path, {"version": 1, "term": term | {"weeks": 19}}, date(2026, 8, 30)),
        ):
            async with services.database.write() as session:  # duties stand for all September
                mark = LedgerMarkRow(county_id=COUNTY_ID, duties_to=date(2026, 9, 30))
                await session.merge(mark)
            await county.admin.call(method, f"{BASE}/{path}", body)
            async with services.database.read() as session:
                found = await session.get(LedgerMarkRow, COUNTY_ID)
            assert found is not None
            assert found.duties_to == kept
