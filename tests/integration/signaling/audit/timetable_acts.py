"""How each audited action on the timetable is done, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol

from signaling.command import seed
from signaling.directory.tables import SubjectRow
from signaling.wiring import Services
from tests.support.server import Client

BASE = "/api/timetable"
COUNTY_ID = seed.COUNTY[0]
SUBJECT = "audited-subject"
TERM = {"county_id": COUNTY_ID, "name": "2026秋", "starts_on": "2026-08-31", "weeks": 20}
PERIODS = [
    {"number": n, "starts": f"{n + 8:02}:00:00", "ends": f"{n + 8:02}:40:00"} for n in (1, 2, 3)
]
BELLS = {"county_id": COUNTY_ID, "name": "作息", "periods": PERIODS}
DAY = {"county_id": COUNTY_ID, "date": "2026-12-24"}
YEAR = {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}
WISH = {"county_id": COUNTY_ID, "period": 1, "subject_id": SUBJECT}
MARK = {"weekday": 1, "period": 1, "level": "forbid"}
WEEK = {"county_id": COUNTY_ID, "subject_id": SUBJECT, "marks": [MARK], "seen": []}
SLOT = {"date": "2026-12-10", "period": 3}


class County(Protocol):
    """Who acts; `kept` is what was prepared."""

    services: Services
    admin: Client
    kept: dict[str, Any]


async def _subject(c: County) -> None:
    async with c.services.database.write() as session:
        session.add(SubjectRow(subject_id=SUBJECT, county_id=COUNTY_ID, name="音乐", position=1))


async def _term(c: County) -> None:
    c.kept["term"] = await c.admin.call("POST", f"{BASE}/terms", TERM)


async def _bells(c: County) -> None:
    c.kept["bells"] = await c.admin.call("POST", f"{BASE}/bells", BELLS)


async def _day(c: County) -> None:
    await c.admin.call("PUT", f"{BASE}/calendar/days", DAY | {"kind": "off"})


async def _unwanted(c: County) -> None:
    await _subject(c)
    c.kept["wish"] = await c.admin.call("POST", f"{BASE}/unwanted-periods", WISH)


async def _ready(c: County) -> None:
    await _subject(c)
    await _term(c)
    await _bells(c)


def _wish(c: County, **more: Any) -> dict[str, Any]:
    return {
        "county_id": COUNTY_ID,
        "term_id": c.kept["term"]["term_id"],
        "kind": "periodic",
        "class_kind": "dedicated",
        "subject_id": SUBJECT,
        "title": "音乐",
        "grade": "一年级",
        "lead_teacher_id": seed.LEAD_TEACHER,
        "lead_room_id": seed.LEAD_ROOM,
        "seats": [{"room_id": seed.RECEIVE_ROOMS[1]}],
        "weekday": 3,
        "weeks": "14-16周",
        "period": 1,
    } | more


async def _create(c: County) -> Any:
    return await c.admin.call("POST", f"{BASE}/plans", _wish(c))


async def _planned(c: County) -> None:
    await _ready(c)
    c.kept["plan"] = (await _create(c))["plan"]
    page = f"{BASE}/weeks?by=teacher&id={seed.LEAD_TEACHER}&date=2026-12-09"
    (c.kept["lesson"],) = (await c.admin.call("GET", page))["lessons"]


async def _cancelled(c: County) -> None:
    await _planned(c)
    await _change(c, "cancel", reason="other")


async def _stale(c: County) -> None:
    await _planned(c)
    await c.admin.call("PUT", f"{BASE}/calendar/days", DAY | {"date": "2026-12-09", "kind": "off"})


async def _change(c: County, how: str, **body: Any) -> Any:
    path = f"{BASE}/lessons/{c.kept['lesson']['lesson_id']}/{how}"
    return await c.admin.call("POST", path, {"version": 0} | body)


def _of(kind: str, key: str) -> Any:
    return lambda c: f"{BASE}/{kind}/{c.kept[key][_IDS[key]]}"


_IDS = {"term": "term_id", "bells": "schedule_id", "wish": "wish_id", "plan": "plan_id"}
_TERM, _BELLS, _PLAN = _of("terms", "term"), _of("bells", "bells"), _of("plans", "plan")
_WISH = _of("unwanted-periods", "wish")


async def _make_up(c: County) -> Any:
    path = f"{BASE}/lessons/{c.kept['lesson']['lesson_id']}/make-up"
    return await c.admin.call("POST", path, {"slot": SLOT})


ACTS = {
    "term_create": _term,
    "term_change": lambda c: c.admin.call("PUT", _TERM(c), {"version": 1, "term": TERM}),
    "term_remove": lambda c: c.admin.call("DELETE", _TERM(c)),
    "bells_create": _bells,
    "bells_change": lambda c: c.admin.call("PUT", _BELLS(c), {"version": 1, "bells": BELLS}),
    "bells_remove": lambda c: c.admin.call("DELETE", _BELLS(c)),
    "calendar_day_set": _day,
    "calendar_day_reset": lambda c: c.admin.call(
        "POST", f"{BASE}/calendar/days/reset", DAY | {"version": 1}
    ),
    "calendar_import": lambda c: c.admin.call(
        "POST", f"{BASE}/calendar/years", {"county_id": COUNTY_ID, "year": YEAR}
    ),
    "unwanted_add": lambda c: c.admin.call("POST", f"{BASE}/unwanted-periods", WISH),
    "unwanted_remove": lambda c: c.admin.call("DELETE", _WISH(c)),
    "unwanted_set": lambda c: c.admin.call("PUT", f"{BASE}/unwanted-periods", WEEK),
    "plan_create": _create,
    "plan_change": lambda c: c.admin.call(
        "PUT", _PLAN(c), {"version": 1, "plan": _wish(c, period=2)}
    ),
    "plan_end": lambda c: c.admin.call("POST", f"{_PLAN(c)}/end", {"version": 1}),
    "plans_settle": lambda c: c.admin.call("POST", f"{BASE}/counties/{COUNTY_ID}/settle"),
    "lesson_move": lambda c: _change(c, "move", slot=SLOT),
    "lesson_substitute": lambda c: _change(
        c, "substitute", teacher_id=c.kept["substitute"], reason="teacher_leave"
    ),
    "lesson_stop": lambda c: _change(c, "cancel", reason="other"),
    "lesson_make_up": _make_up,
}


async def _with_substitute(c: County) -> None:
    await _planned(c)
    wish = {"role": "lead_teacher", "node_id": COUNTY_ID}
    c.kept["substitute"] = "researcher-chen"
    await c.admin.call("POST", "/api/people/researcher-chen/grants", wish)


PREPARED_BY = {
    "term_change": _term,
    "term_remove": _term,
    "bells_change": _bells,
    "bells_remove": _bells,
    "calendar_day_reset": _day,
    "unwanted_add": _subject,
    "unwanted_remove": _unwanted,
    "unwanted_set": _subject,
    "plan_create": _ready,
    "plan_change": _planned,
    "plan_end": _planned,
    "plans_settle": _stale,
    "lesson_move": _planned,
    "lesson_substitute": _with_substitute,
    "lesson_stop": _planned,
    "lesson_make_up": _cancelled,
}
BRANCHES = {
    **dict.fromkeys(
        [one for one in ACTS if one.startswith(("plan_", "lesson_"))], seed.CENTER_SCHOOL
    ),
    **dict.fromkeys([one for one in ACTS if not one.startswith(("plan_", "lesson_"))], COUNTY_ID),
}
TABLES = (
    "terms",
    "bell_schedules",
    "bell_periods",
    "calendar_days",
    "unwanted_periods",
    "lesson_plans",
    "plan_rooms",
    "planned_lessons",
    "lesson_changes",
    "lesson_rooms",
)
UNAUDITED = {("POST", f"{BASE}/check"): "a dry run"}
