"""What changes of the timetable do to feeds: one lesson changes, and both teachers are told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vobject

from tests.integration.signaling.stores import on_both_stores
from tests.support.planned_county import SECOND_TEACHER, PlannedCounty, planned_county
from tests.support.server import Client

REASON = {"reason": "teacher_leave", "note": "去县里开会"}


async def events(client: Client, url: str) -> dict[str, Any]:
    """The events of a feed by the ids of their lessons."""
    async with client.http.get(client.base + url) as response:
        assert response.status == 200
        calendar = vobject.readOne(await response.text())
    found = getattr(calendar, "vevent_list", [])
    return {event.uid.value.partition("@")[0]: event for event in found}


async def feed_of(county: PlannedCounty, login: str) -> tuple[Client, str]:
    client = await county.sign_in(login)
    feed = await client.call("POST", "/api/calendar-feed")
    return client, feed["url"]


def unchanged(before: Mapping[str, Any], after: Mapping[str, Any], but: str) -> bool:
    """Whether all lessons but one are the same to the last letter."""
    rest = before.keys() - {but}
    return all(before[one].serialize() == after[one].serialize() for one in rest)


async def change(county: PlannedCounty, lesson: dict[str, Any], action: str, **body: Any) -> None:
    path = f"/api/timetable/lessons/{lesson['lesson_id']}/{action}"
    await county.admin.call("POST", path, {"version": lesson["version"], **body})


@on_both_stores
async def test_a_substitution_changes_one_lesson_in_both_teachers_feeds(
    tmp_path: Path, store: dict[str, str]
) -> None:
    async with planned_county(tmp_path, **store) as county:
        await county.plan()
        wang, of_wang = await feed_of(county, "wang")
        liu, of_liu = await feed_of(county, "liu")
        before = await events(wang, of_wang)
        assert len(before) == 16  # Wednesdays of 16 weeks; that of 10/7 is made up on 10/10
        assert {event.sequence.value for event in before.values()} == {"0"}
        assert await events(liu, of_liu) == {}
        lesson = await county.lesson(5)
        county.clock.advance(hours=1)
        await change(county, lesson, "substitute", teacher_id=SECOND_TEACHER, **REASON)
        lesson_id = lesson["lesson_id"]
        after, taken_over = await events(wang, of_wang), await events(liu, of_liu)
        assert set(after) == set(before)
        assert unchanged(before, after, lesson_id)
        assert set(taken_over) == {lesson_id}
        old, own, new = before[lesson_id], after[lesson_id], taken_over[lesson_id]
        assert old.uid.value == own.uid.value == new.uid.value
        assert (own.sequence.value, own.status.value) == ("1", "CANCELLED")
        assert (new.sequence.value, new.status.value) == ("1", "CONFIRMED")
        assert (old.dtstart.value, old.dtend.value) == (new.dtstart.value, new.dtend.value)
        assert "第5周(单)" in new.description.value
        assert "教师请假 · 去县里开会" in new.description.value


async def test_a_cancelled_lesson_is_shown_until_it_is_past(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        wang, url = await feed_of(county, "wang")
        before = await events(wang, url)
        lesson = await county.lesson(1)
        await change(county, lesson, "cancel", **REASON)
        after, lesson_id = await events(wang, url), lesson["lesson_id"]
        assert unchanged(before, after, lesson_id)
        assert (after[lesson_id].sequence.value, after[lesson_id].status.value) == (
            "1",
            "CANCELLED",
        )
        county.clock.advance(days=20)  # to 9/9, a week after
        assert set(await events(wang, url)) == set(before) - {lesson_id}


async def test_a_moved_lesson_keeps_its_uid(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        wang, url = await feed_of(county, "wang")
        before = await events(wang, url)
        lesson = await county.lesson(2)
        await change(county, lesson, "move", slot={"date": "2026-09-11", "period": 4})
        after = (await events(wang, url))[lesson["lesson_id"]]
        assert after.sequence.value == "1"
        assert str(after.dtstart.value) == "2026-09-11 11:00:00+08:00"
        assert unchanged(before, await events(wang, url), lesson["lesson_id"])


async def test_a_lesson_that_the_plan_takes_out_is_cancelled(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan())["plan"]
        wang, url = await feed_of(county, "wang")
        before = await events(wang, url)
        path = f"/api/timetable/plans/{plan['plan_id']}/end"
        body = {"version": plan["version"], "begins": "2026-12-01"}
        await county.admin.call("POST", path, body)
        after = await events(wang, url)
        assert set(after) == set(before)
        gone = {one for one, event in after.items() if event.status.value == "CANCELLED"}
        assert gone == {one for one, event in before.items() if event.dtstart.value.month == 12}


async def test_a_feed_goes_to_the_end_of_the_term(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan(weeks="1-20周")
        wang, url = await feed_of(county, "wang")
        last = max(event.dtstart.value for event in (await events(wang, url)).values())
        assert str(last.date()) == "2027-01-13"
        assert (await county.lesson(20))["date"] == "2027-01-13"


async def test_an_assistant_has_the_lessons_of_the_school(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        await county.admin.call("POST", "/api/timetable/plans", county.second(weekday=4))
        zhu, url = await feed_of(county, "zhu")
        assert len(await events(zhu, url)) == 16
