"""调课, 代课, 停课 and 补课 over HTTP: one lesson or from it on, by several people at once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from signaling.audit.actions import AuditAction
from tests.support.planned_county import (
    COUNTY_ID,
    SECOND_TEACHER,
    PlannedCounty,
    planned_county,
    refused,
)
from tests.support.server import Client, ProblemError

LESSONS = "/api/timetable/lessons"
WEDNESDAY = "2026-09-16"  # of week 3
THURSDAY = "2026-09-17"


def path(lesson: dict[str, Any], action: str = "") -> str:
    return f"{LESSONS}/{lesson['lesson_id']}{action and '/'}{action}"


async def move(client: Client, lesson: dict[str, Any], date: str, period: int, **more: Any) -> Any:
    body = {"version": lesson["version"], "slot": {"date": date, "period": period}} | more
    return await client.call("POST", path(lesson, "move"), body)


async def substitute(client: Client, lesson: dict[str, Any], **more: Any) -> Any:
    body = {
        "version": lesson["version"],
        "teacher_id": SECOND_TEACHER,
        "reason": "teacher_leave",
    } | more
    return await client.call("POST", path(lesson, "substitute"), body)


async def test_a_substitution_changes_one_lesson_and_its_sequence(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        others = [await county.lesson(week) for week in (2, 4)]
        lesson = await county.lesson(3)
        (changed,) = (await substitute(county.admin, lesson, note="王老师请假"))["lessons"]
        assert (changed["lesson_id"], changed["version"]) == (lesson["lesson_id"], 1)
        assert changed["lead_teacher"]["person_id"] == SECOND_TEACHER
        assert (changed["change"], changed["reason"]) == ("substitute", "teacher_leave")
        assert [await county.lesson(week) for week in (2, 4)] == others
        detail = await county.admin.call("GET", path(lesson))
        (note,) = detail["changes"]
        assert (note["parts"], note["by"], note["note"]) == (["teacher"], "李管理员", "王老师请假")
        assert note["before"]["lead_teacher"] == "王老师"
        entry = (await county.services.audit.entries(AuditAction.LESSON_SUBSTITUTE))[0]
        assert (entry.target, entry.actor_id) == (lesson["lesson_id"], "admin-li")


async def test_what_was_changed_by_itself_stays_when_the_plan_changes(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        plan = (await county.plan())["plan"]
        await substitute(county.admin, await county.lesson(3))
        moved = await move(county.admin, await county.lesson(4), "2026-09-24", 7)
        wish = {"version": 1, "plan": county.wish(period=4, title="唱歌")}
        await county.admin.call("PUT", f"/api/timetable/plans/{plan['plan_id']}", wish)
        third = await county.lesson(3, id_=SECOND_TEACHER)
        assert (third["period"], third["title"], third["change"]) == (4, "唱歌", "substitute")
        fourth = await county.lesson(4)
        assert (fourth["period"], fourth["title"]) == (7, "唱歌")
        assert fourth["starts_at"] == moved["lessons"][0]["starts_at"]


async def test_a_clash_is_told_by_the_check_refused_and_borne_with_a_reason(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        await county.plan(weekday=4, title="科学", subject_id="science")
        lesson = await county.lesson(3, by="subject", id_="music")
        slot = {"date": THURSDAY, "period": 2}
        check = {"lesson": {"lesson_id": lesson["lesson_id"], "slot": slot}}
        checked = await county.admin.call("POST", "/api/timetable/check", check)
        assert {c["rule"] for c in checked["clashes"]} == {
            "teacher",
            "lead_room",
            "receive_room",
            "class",
        }
        clash = checked["clashes"][0]
        assert (clash["lesson"]["title"], clash["others"][0]["title"]) == ("音乐", "科学")
        with pytest.raises(ProblemError) as caught:
            await move(county.admin, lesson, THURSDAY, 2)
        assert (caught.value.status, caught.value.code) == (409, "timetable_clash")
        borne = await move(county.admin, lesson, THURSDAY, 2, waiver="两科合上")
        assert borne["lessons"][0]["waiver"] == "两科合上"
        free = {"lesson": {"lesson_id": lesson["lesson_id"], "slot": {**slot, "period": 3}}}
        assert (await county.admin.call("POST", "/api/timetable/check", free))["clashes"] == []


async def test_five_people_drag_different_lessons_and_two_the_same(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        for weekday in range(1, 6):
            await county.plan(weekday=weekday, weeks="2周", title=f"课{weekday}")
        clients = [await county.sign_in("xianguan") for _ in range(5)]
        lessons = (await county.week(2))["lessons"]
        assert len(lessons) == 5
        await asyncio.gather(
            *(
                move(client, lesson, lesson["date"], 5)
                for client, lesson in zip(clients, lessons, strict=True)
            )
        )
        moved = (await county.week(2))["lessons"]
        assert [(one["period"], one["version"]) for one in moved] == [(5, 1)] * 5
        answers = await asyncio.gather(
            *(move(clients[n], moved[0], moved[0]["date"], 6 + n) for n in range(2)),
            return_exceptions=True,
        )
        (error,) = [one for one in answers if isinstance(one, ProblemError)]
        assert (error.status, error.code) == (409, "changed_meanwhile")
        after = (await county.week(2))["lessons"][0]
        assert (after["version"], after["period"] in {6, 7}) == (2, True)


async def test_the_second_who_changes_a_lesson_is_told_what_the_first_did(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        await substitute(county.admin, lesson)
        headers = {"X-CSRF-Token": county.admin.identity["csrf_token"]}
        body = {"version": 0, "slot": {"date": WEDNESDAY, "period": 3}}
        url = county.url + path(lesson, "move")
        async with county.admin.http.post(url, json=body, headers=headers) as response:
            problem = await response.json()
        facts = problem["facts"]
        assert (response.status, problem["code"]) == (409, "changed_meanwhile")
        assert (facts["version"], facts["kind"], facts["by"]) == (1, "substitute", "李管理员")
        assert (await county.lesson(3, id_=SECOND_TEACHER))["period"] == 2


IMPOSSIBLE: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"date": "2026-09-25", "period": 2}, "day_off", "slot.date"),
    ({"date": "2026-08-30", "period": 2}, "outside_term", "slot.date"),
    ({"date": "2026-08-31", "period": 2}, "in_the_past", "slot.date"),
    ({"date": WEDNESDAY, "period": 8}, "no_period", "slot.period"),
    ({"date": WEDNESDAY}, "missing", "slot.period"),
    ({"date": WEDNESDAY, "starts": "08:00:00", "ends": "20:00:00"}, "bad_length", "slot.ends"),
    ({"date": WEDNESDAY, "period": 2}, "nothing_planned", "slot"),
    ({"date": "0001-01-01", "period": 2}, "time_out_of_range", "slot.date"),
)


async def test_a_time_that_cannot_be_is_refused_by_the_field(tmp_path: Path) -> None:
    now = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
    async with planned_county(tmp_path, now) as county:
        await county.plan()
        lesson = await county.lesson(3)
        for slot, code, field in IMPOSSIBLE:
            body = {"version": 0, "slot": slot}
            problem = await refused(county.admin, "POST", path(lesson, "move"), body)
            assert (problem.status, problem.code, problem.field) == (422, code, field)
        assert await county.lesson(3) == lesson


async def test_from_a_lesson_on_the_plan_moves_with_it(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(8)
        friday = {"date": "2026-10-23", "period": 4}
        check = {"lesson": {"lesson_id": lesson["lesson_id"], "slot": friday, "onward": True}}
        assert (await county.admin.call("POST", "/api/timetable/check", check))["lessons"] == 9
        changed = await move(county.admin, lesson, "2026-10-23", 4, onward=True)
        assert [one["week"] for one in changed["lessons"]] == list(range(8, 17))
        assert {(one["period"], one["version"]) for one in changed["lessons"]} == {(4, 1)}
        assert changed["lessons"][0]["lesson_id"] == lesson["lesson_id"]
        assert (await county.lesson(7))["period"] == 2
        plans = (await county.admin.call("GET", "/api/timetable/plans"))["plans"]
        assert sorted((one["weekday"], one["weeks"]) for one in plans) == [
            (3, "1-7周"),
            (5, "8-16周"),
        ]


async def test_from_a_lesson_on_another_teaches_or_nobody(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        await substitute(county.admin, await county.lesson(10), onward=True)
        assert (await county.week(9))["lessons"][0]["lead_teacher"]["person_id"] == "teacher-wang"
        assert (await county.week(10))["lessons"] == []
        tenth = await county.lesson(10, id_=SECOND_TEACHER)
        stop = {"version": tenth["version"], "reason": "equipment_fault", "onward": True}
        stopped = await county.admin.call("POST", path(tenth, "cancel"), stop)
        assert {one["state"] for one in stopped["lessons"]} == {"cancelled"}
        assert len(stopped["lessons"]) == 7


async def test_a_cancelled_lesson_is_made_up_once(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        slot = {"date": THURSDAY, "period": 6}
        early = await refused(county.admin, "POST", path(lesson, "make-up"), {"slot": slot})
        assert (early.status, early.code) == (409, "not_missed")
        stop = {"version": 0, "reason": "network_fault", "note": "光缆断了"}
        (stopped,) = (await county.admin.call("POST", path(lesson, "cancel"), stop))["lessons"]
        assert (stopped["state"], stopped["reason"], stopped["version"]) == (
            "cancelled",
            "network_fault",
            1,
        )
        (made,) = (await county.admin.call("POST", path(lesson, "make-up"), {"slot": slot}))[
            "lessons"
        ]
        assert (made["make_up_of"], made["change"]) == (lesson["lesson_id"], "make_up")
        assert (made["date"], made["title"], made["plan_id"]) == (THURSDAY, "音乐", None)
        again = await refused(county.admin, "POST", path(lesson, "make-up"), {"slot": slot})
        assert again.code == "made_up_already"
        changed = {"version": 1, "slot": slot}
        over = await refused(county.admin, "POST", path(lesson, "move"), changed)
        assert (over.status, over.code) == (409, "wrong_state")
        await county.services.timetable.plans.settle_by_itself()
        assert len((await county.week(3))["lessons"]) == 2  # the plan does not bring it back


async def test_a_missed_lesson_is_made_up_too(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        county.clock.advance(days=30)  # 19 September: nobody has started it
        slot = {"date": "2026-09-22", "period": 6}
        made = await county.admin.call("POST", path(lesson, "make-up"), {"slot": slot})
        assert made["lessons"][0]["make_up_of"] == lesson["lesson_id"]
        late = {"version": 0, "slot": slot}
        problem = await refused(county.admin, "POST", path(lesson, "move"), late)
        assert problem.code == "in_the_past"


async def test_a_lesson_whose_teacher_does_not_come_is_taken_over_until_its_end(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        wish = {"version": 0, "teacher_id": SECOND_TEACHER, "reason": "teacher_leave"}
        starts = datetime.fromisoformat(lesson["starts_at"])
        county.clock.advance(seconds=(starts - county.clock.now()).total_seconds() + 600)
        onward = await refused(
            county.admin, "POST", path(lesson, "substitute"), wish | {"onward": True}
        )
        assert onward.code == "in_the_past"
        taken = await county.admin.call("POST", path(lesson, "substitute"), wish)
        assert taken["lessons"][0]["lead_teacher"]["person_id"] == SECOND_TEACHER
        substitute = await county.sign_in("liu")
        started = await substitute.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")
        assert started["state"] == "live"

        other = await county.lesson(4)
        ends = datetime.fromisoformat(other["ends_at"])
        county.clock.advance(seconds=(ends - county.clock.now()).total_seconds() + 1)
        over = await refused(county.admin, "POST", path(other, "substitute"), wish)
        assert over.code == "in_the_past"


async def test_a_lesson_that_a_teacher_made_is_moved_like_any_other(tmp_path: Path) -> None:
    async with planned_county(tmp_path) as county:
        teacher = await county.sign_in("wang")
        start = datetime(2026, 9, 16, 1, 10, tzinfo=UTC)
        made = await teacher.new_lesson(rooms=("yunling1",), starts_at=start)
        lesson = await county.lesson(3)
        assert (lesson["lesson_id"], lesson["plan_id"]) == (made["lesson_id"], None)
        (moved,) = (await move(county.admin, lesson, THURSDAY, 3))["lessons"]
        assert (moved["date"], moved["period"], moved["week"]) == (THURSDAY, 3, 3)
        cancelled = await teacher.call(
            "POST", f"/api/lessons/{made['lesson_id']}/cancel", {"reason": "停电"}
        )
        assert cancelled["state"] == "cancelled"
        assert (await county.lesson(3))["version"] == 2  # calendar feeds see it by the sequence


async def _denied(client: Client, county: PlannedCounty, lesson: dict[str, Any]) -> set[int]:
    bodies: dict[str, Any] = {
        "move": {"version": 0, "slot": {"date": THURSDAY, "period": 3}},
        "substitute": {"version": 0, "teacher_id": SECOND_TEACHER, "reason": "other"},
        "cancel": {"version": 0, "reason": "other"},
        "make-up": {"slot": {"date": THURSDAY, "period": 3}},
    }
    found = {
        (await refused(client, "POST", path(lesson, action), body)).status
        for action, body in bodies.items()
    }
    plan = f"/api/timetable/plans/{lesson['plan_id']}"
    wish = {"version": 1, "plan": county.wish()}
    found.add((await refused(client, "PUT", plan, wish)).status)
    found.add((await refused(client, "POST", f"{plan}/end", {"version": 1})).status)
    found.add((await refused(client, "POST", "/api/timetable/plans", county.wish())).status)
    check = {"lesson": {"lesson_id": lesson["lesson_id"], "teacher_id": SECOND_TEACHER}}
    found.add((await refused(client, "POST", "/api/timetable/check", check)).status)
    settle = f"/api/timetable/counties/{COUNTY_ID}/settle"
    found.add((await refused(client, "POST", settle)).status)
    return found


async def test_who_is_outside_of_the_branch_finds_nothing_and_who_reads_changes_nothing(
    tmp_path: Path,
) -> None:
    async with planned_county(tmp_path) as county:
        await county.plan()
        lesson = await county.lesson(3)
        far = await county.sign_in("yuanguan")
        assert await _denied(far, county, lesson) == {404}
        assert (await refused(far, "GET", path(lesson))).status == 404
        for reader in ("wang", "jiaoyan", "zhu"):
            client = await county.sign_in(reader)
            assert await _denied(client, county, lesson) == {403}
            detail = await client.call("GET", path(lesson))
            assert (detail["may_manage"], detail["lesson"]["title"]) == (False, "音乐")
        stranger = await county.sign_in("liu")
        assert (await refused(stranger, "GET", path(lesson))).status == 404
