"""A term on PostgreSQL: what the other modules prove on SQLite, once through."""

import asyncio
from pathlib import Path

from load_tests.postgres import Postgres
from tests.support.planned_county import COUNTY_ID, SECOND_TEACHER, planned_county
from tests.support.server import ProblemError

BASE = "/api/timetable"


async def test_a_term_is_planned_changed_and_read(tmp_path: Path, cluster: Postgres) -> None:
    url = cluster.create("timetable")
    async with planned_county(tmp_path, database_url=url) as county:
        admin = county.admin
        answers = await asyncio.gather(
            *(county.plan(title=f"音乐{n}") for n in range(3)), return_exceptions=True
        )
        (plan,) = [one["plan"] for one in answers if isinstance(one, dict)]
        assert {one.code for one in answers if isinstance(one, ProblemError)} == {"timetable_clash"}
        lesson = await county.lesson(3)
        path = f"{BASE}/lessons/{lesson['lesson_id']}"
        moves = [
            {"version": 0, "slot": {"date": "2026-09-17", "period": period}} for period in (4, 5)
        ]
        both = await asyncio.gather(
            *(admin.call("POST", f"{path}/move", one) for one in moves), return_exceptions=True
        )
        assert sum(isinstance(one, dict) for one in both) == 1
        body = {"version": 1, "teacher_id": SECOND_TEACHER, "reason": "teacher_leave"}
        await admin.call("POST", f"{path}/substitute", body)
        await admin.call("POST", f"{path}/cancel", {"version": 2, "reason": "other"})
        slot = {"slot": {"date": "2026-09-18", "period": 6}, "teacher_id": "teacher-wang"}
        await admin.call("POST", f"{path}/make-up", slot)
        change = {"version": 1, "begins": "2026-10-19", "plan": county.wish(period=5)}
        split = await admin.call("PUT", f"{BASE}/plans/{plan['plan_id']}", change)
        assert split["changed"] == 9
        listed = await admin.call("GET", f"{BASE}/plans?q=音&teacher=teacher-wang")
        assert len(listed["plans"]) == 2
        year = {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}
        await admin.call("POST", f"{BASE}/calendar/years", {"county_id": COUNTY_ID, "year": year})
        await county.services.timetable.plans.settle_by_itself()
        for by, id_ in (
            ("teacher", "teacher-wang"),
            ("school", "school-shanquan"),
            ("room", "shanquan1"),
            ("subject", "music"),
            ("class", "shanquan-1"),
        ):
            assert [one["period"] for one in (await county.week(8, by, id_))["lessons"]] == [5]
