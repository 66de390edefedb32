"""One's own days, marks of changes, and changes that pages learn of by themselves."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.planned_county import PlannedCounty, planned_county, refused
from tests.support.server import Client
from tests.support.waiting import PATIENCE_S

BASE = "/api/timetable"


async def _week(client: Client, county: PlannedCounty, by: str, id_: str, **more: Any) -> Any:
    term = county.term["term_id"]
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return await client.call("GET", f"{BASE}/weeks?term={term}&week=3&by={by}&id={id_}{query}")


async def _two_plans(county: PlannedCounty) -> None:
    await county.plan(lead_class_id="center-1")
    await county.admin.call(
        "POST", f"{BASE}/plans", county.second(title="科学", subject_id="science")
    )


async def test_what_has_changed_since_is_marked(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        county.clock.advance(hours=24)
        body = {"version": 0, "slot": {"date": "2026-09-17", "period": 5}}
        await county.admin.call("POST", f"{BASE}/lessons/{lesson['lesson_id']}/move", body)
        for since, changed in (("2026-08-20T02:00:00Z", True), ("2026-08-22T00:00:00Z", False)):
            page = await _week(county.admin, county, "teacher", "teacher-wang", changed_since=since)
            assert [one["changed"] for one in page["lessons"]] == [changed]


async def test_everybody_reads_the_own_next_days(tmp_path: Path) -> None:
    async with planned_county(tmp_path, datetime(2026, 9, 16, 0, 0, tzinfo=UTC)) as county:
        await _two_plans(county)
        teacher, assistant = await county.sign_in("wang"), await county.sign_in("zhu")
        terminal = await county.browser()
        issued = await county.admin.call("POST", "/api/rooms/yunling1/device-token")
        await terminal.terminal_login(device_token=issued["device_token"])
        for client, title in ((teacher, "音乐"), (assistant, "音乐"), (terminal, "科学")):
            mine = await client.call("GET", f"{BASE}/my?days=8")
            assert [(one["title"], one["date"]) for one in mine["lessons"]] == [
                (title, "2026-09-16"),
                (title, "2026-09-23"),
            ]
            assert (mine["days"][4]["kind"], mine["days"][4]["week"]) == ("make_up", 3)
            assert len(mine["periods"]) == 7
        nobody = await county.admin.call("GET", f"{BASE}/my?from=2026-09-01")
        assert (nobody["lessons"], len(nobody["days"])) == ([], 7)
        assert (await refused(teacher, "GET", f"{BASE}/my?days=15")).field == "days"


async def test_those_concerned_learn_of_a_change_without_asking_again(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await _two_plans(county)
        lesson = await county.lesson(3)
        teacher, other = await county.sign_in("wang"), await county.sign_in("liu")
        waiting = [
            asyncio.create_task(client.call("GET", f"{BASE}/changes?since={place}"))
            for client in (teacher, other)
            for place in [(await client.call("GET", f"{BASE}/my"))["since"]]
        ]
        async with asyncio.timeout(PATIENCE_S):
            while len(county.services.timetable.board) < 2:  # noqa: ASYNC110 - the board has no event for it
                await asyncio.sleep(0.01)
        body = {"version": 0, "slot": {"date": "2026-09-17", "period": 5}}
        await county.admin.call("POST", f"{BASE}/lessons/{lesson['lesson_id']}/move", body)
        news = await asyncio.wait_for(waiting[0], PATIENCE_S)
        assert (news["changed"], news["lesson_ids"]) == (True, [lesson["lesson_id"]])
        assert not waiting[1].done()
        county.services.timetable.board.close()  # as when the server stops
        assert (await asyncio.wait_for(waiting[1], PATIENCE_S))["changed"] is False
        late = await teacher.call("GET", f"{BASE}/changes?since=another.7")
        assert (late["changed"], late["lesson_ids"]) == (True, [])


async def test_a_start_is_told_to_the_pages_too(tmp_path: Path) -> None:
    async with planned_county(tmp_path, datetime(2026, 9, 16, 1, 5, tzinfo=UTC)) as county:
        await county.plan()
        lesson = await county.lesson(3)
        teacher = await county.sign_in("wang")
        since = (await teacher.call("GET", f"{BASE}/my"))["since"]
        await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")
        news = await teacher.call("GET", f"{BASE}/changes?since={since}")
        assert news["lesson_ids"] == [lesson["lesson_id"]]
        assert (await county.lesson(3))["state"] == "live"
        assert county.clock.now() - timedelta(minutes=5) < datetime(2026, 9, 16, 1, 10, tzinfo=UTC)
