"""Plans and bells that cannot be: each is refused by its field, plans by the check, too."""

from typing import Any

import pytest

from tests.support.planned_county import COUNTY_ID, PERIODS, PlannedCounty, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANS = "/api/timetable/plans"
CHECK = "/api/timetable/check"
POINT = "school-shanquan"
BELLS = {"county_id": COUNTY_ID, "name": "冬季作息", "periods": PERIODS[:2]}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"weeks": "1-21周"}, "weeks_beyond_term", "weeks"),
        ({"weeks": "很多周"}, "weeks_unreadable", "weeks"),
        ({"weeks": None}, "missing", "weeks"),
        ({"weekday": None}, "missing", "weekday"),
        ({"term_id": None}, "missing", "term_id"),
        ({"term_id": "nothing"}, "unknown_term", "term_id"),
        ({"period": None}, "missing", "period"),
        ({"period": 9}, "no_period", "period"),
        ({"period": 1, "period_count": 7}, "bad_length", "period_count"),
        ({"period": None, "starts": "10:00:00", "ends": "09:00:00"}, "period_ends_early", "ends"),
        ({"period": None, "starts": "00:00:00", "ends": "23:00:00"}, "bad_length", "ends"),
        ({"lead_teacher_id": "nobody"}, "unknown_teacher", "lead_teacher_id"),
        ({"lead_teacher_id": "teacher-far"}, "unknown_teacher", "lead_teacher_id"),
        ({"lead_room_id": "nowhere"}, "unknown_room", "lead_room_id"),
        ({"seats": [{"room_id": "far1"}]}, "unknown_room", "seats[0].room_id"),
        ({"seats": [{"room_id": "yunling1"}] * 2}, "room_twice", "seats[1].room_id"),
        ({"seats": [{"room_id": "leadroom1"}]}, "lead_room_invited", "seats[0].room_id"),
        (
            {"seats": [{"room_id": "yunling1", "class_id": "shanquan-1"}]},
            "wrong_class",
            "seats[0].class_id",
        ),
        ({"lead_class_id": "shanquan-1"}, "wrong_class", "lead_class_id"),
        ({"lead_class_id": "none"}, "unknown_class", "lead_class_id"),
        ({"subject_id": "latin"}, "unknown_subject", "subject_id"),
        ({"county_id": "nowhere"}, "unknown_county", "county_id"),
        ({"kind": "single", "dates": []}, "missing", "dates"),
        ({"kind": "single", "dates": ["2026-09-25"]}, "day_off", "dates[0]"),
        ({"kind": "single", "dates": ["2026-09-24", "2026-08-30"]}, "outside_term", "dates[0]"),
        ({"kind": "single", "term_id": None, "dates": ["2027-02-01"]}, "outside_term", "dates"),
        ({"weekday": 5, "weeks": "4-5周"}, "nothing_planned", "weeks"),
    ],
)  # fmt: skip
async def test_a_plan_that_cannot_be_is_refused_by_the_field(
    county_of_module: PlannedCounty, change: dict[str, Any], code: str, field: str
) -> None:
    county = county_of_module
    problem = await refused(county.admin, "POST", PLANS, county.wish(**change))
    assert (problem.code, problem.field) == (code, field)
    assert problem.status == (404 if code == "unknown_county" else 422)
    checked = await refused(county.admin, "POST", CHECK, {"plan": county.wish(**change)})
    if code != "unknown_county":
        assert (checked.code, checked.field) == (code, f"plan.{field}")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"valid_from": "2026-10-01"}, "bells_overlap", "valid_from"),
        (
            {"school_id": POINT, "valid_from": "2026-10-01", "valid_to": "2026-09-01"},
            "period_ends_early",
            "valid_to",
        ),
        ({"school_id": POINT, "periods": []}, "invalid", "periods"),
        (
            {
                "school_id": POINT,
                "periods": [PERIODS[0], PERIODS[1] | {"starts": "08:59:00"}],
            },
            "periods_overlap",
            "periods[1]",
        ),
        (
            {"school_id": POINT, "periods": [PERIODS[1], PERIODS[0]]},
            "periods_not_in_order",
            "periods[1]",
        ),
        (
            {"school_id": POINT, "periods": [PERIODS[0] | {"ends": "08:20:00"}]},
            "period_ends_early",
            "periods[0]",
        ),
    ],
)
async def test_bells_that_cannot_be_are_refused_by_the_field(
    county_of_module: PlannedCounty, change: dict[str, Any], code: str, field: str
) -> None:
    county = county_of_module
    body = BELLS | change
    problem = await refused(county.admin, "POST", "/api/timetable/bells", body)
    assert (problem.status, problem.code, problem.field) == (422, code, field)
