"""Lessons over HTTP against a real server: roles, states, clashes, problems."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.server import Client, ProblemError, TongkeServer
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _refused(client: Client, method: str, path: str, body: object = None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await client.call(method, path, body)
    return caught.value


async def test_a_lesson_lives_from_creation_to_its_end(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(title="分数的初步认识")
    path = f"/api/lessons/{lesson['lesson_id']}"
    assert lesson["state"] == "scheduled"
    assert len(lesson["join_code"]) == 8
    started = await teacher.call("POST", f"{path}/start")
    assert (started["state"], started["held_to"]) == ("live", None)
    assert await teacher.call("POST", f"{path}/start") == started
    ended = await teacher.call("POST", f"{path}/end")
    assert ended["state"] == "ended"
    assert ended["held_from"] == started["held_from"]
    assert ended["recording_id"]
    again = await _refused(teacher, "POST", f"{path}/start")
    assert (again.status, again.code) == (409, "wrong_state")


async def test_who_was_there_is_known_at_once_when_the_lesson_ends(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.live_lesson(rooms=RECEIVE_ROOMS[:2])
    room = await server.terminal(lesson, RECEIVE_ROOMS[1])
    async with room.channel(lesson["lesson_id"]) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_S))["type"] == "snapshot"
        ended = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")
    assert [r["room_id"] for r in ended["receive_rooms"]] == list(RECEIVE_ROOMS[:2])
    assert [r["room_id"] for r in ended["attended_rooms"]] == [RECEIVE_ROOMS[1]]


async def test_two_starts_at_once_make_one_lesson(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}/start"
    answers = await asyncio.gather(*(teacher.call("POST", path) for _ in range(6)))
    assert {answer["held_from"] for answer in answers} == {answers[0]["held_from"]}


async def test_cancelling_keeps_the_reason_and_closes_the_room(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}"
    missing = await _refused(teacher, "POST", f"{path}/cancel", {"reason": ""})
    assert (missing.status, missing.field) == (422, "reason")
    async with teacher.channel(lesson["lesson_id"]) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_S))["type"] == "snapshot"
        cancelled = await teacher.call("POST", f"{path}/cancel", {"reason": "教师请假"})
        assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "教师请假")
        assert (await ws.receive_json(timeout=PATIENCE_S))["type"] == "lesson_changed"
        assert await ws.receive_json(timeout=PATIENCE_S) == {"type": "bye", "reason": "lesson_over"}
    for deed in ("start", "end"):
        assert (await _refused(teacher, "POST", f"{path}/{deed}")).code == "wrong_state"


async def test_rooms_and_teacher_are_in_one_place_at_a_time(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    start = datetime.now(UTC) + timedelta(days=200)
    await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1], starts_at=start)
    with pytest.raises(ProblemError) as clash:
        await teacher.new_lesson(starts_at=start + timedelta(minutes=39))
    assert (clash.value.status, clash.value.code) == (409, "clash")
    assert clash.value.field == "lead_teacher_id"
    after = await teacher.new_lesson(starts_at=start + timedelta(minutes=40))
    assert after["state"] == "scheduled"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"title": ""}, 422, "title"),
        ({"class_kind": "lecture"}, 422, "class_kind"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 422, "ends_at"),
        ({"starts_at": "2030-01-01T08:00:00"}, 422, "starts_at"),
        ({"starts_at": "tomorrow"}, 422, "starts_at"),
        ({"receive_room_ids": ["nowhere"]}, 422, "receive_room_ids[0]"),
        ({"receive_room_ids": list(RECEIVE_ROOMS[:1]) * 2}, 422, "receive_room_ids"),
        ({"receive_room_ids": [7]}, 422, "receive_room_ids[0]"),
        ({"lead_room_id": RECEIVE_ROOMS[0]}, 422, "lead_room_id"),
        ({"lead_room_id": "nowhere"}, 422, "lead_room_id"),
        ({"surprise": 1}, 422, "surprise"),
    ],
)
async def test_a_bad_lesson_is_refused_by_the_field(
    server: TongkeServer, change: dict[str, object], status: int, field: str
) -> None:
    teacher = await server.sign_in("wang")
    body: dict[str, object] = {
        "title": "课",
        "class_kind": "dedicated",
        "subject": "数学",
        "grade": "一年级",
        "starts_at": "2031-01-01T08:00:00+08:00",
        "ends_at": "2031-01-01T08:40:00+08:00",
        "lead_teacher_id": "teacher-wang",
        "receive_room_ids": list(RECEIVE_ROOMS[:1]),
    }
    refused = await _refused(teacher, "POST", "/api/lessons", body | change)
    assert (refused.status, refused.field) == (status, field)


async def test_each_role_sees_and_does_only_its_own(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    admin = await server.sign_in("xianguan")
    researcher = await server.sign_in("jiaoyan")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    invited = await server.terminal(lesson, RECEIVE_ROOMS[0])
    other = server.client()
    token = await admin.call("POST", f"/api/rooms/{RECEIVE_ROOMS[1]}/device-token")
    await other.terminal_login(device_token=token["device_token"])
    path = f"/api/lessons/{lesson['lesson_id']}"

    assert (await admin.call("GET", path))["join_code"] == lesson["join_code"]
    assert (lesson["seat"], "start_lesson" in lesson["may"]) == ("lead_teacher", True)
    seen = await researcher.call("GET", path)
    assert (seen["seat"], "observe" in seen["may"]) == ("researcher", True)
    assert "publish_camera" not in seen["may"]
    assert "create_lesson" in teacher.identity["may"]
    assert "create_lesson" not in researcher.identity["may"]
    assert (await researcher.call("GET", "/api/me"))["time_zone"] == "Asia/Shanghai"
    for reader in (researcher, invited):
        assert (await reader.call("GET", path))["join_code"] is None
    assert (await _refused(other, "GET", path)).status == 404
    for stranger in (researcher, invited, admin):
        assert (await _refused(stranger, "POST", f"{path}/start")).status == 403
    for stranger in (researcher, invited):
        assert (await _refused(stranger, "POST", f"{path}/end")).status == 403
        assert (await _refused(stranger, "GET", "/api/directory")).status == 403
    assert (await _refused(teacher, "POST", "/api/rooms/shanquan1/device-token")).status == 403
    for planner in (teacher, admin):
        found = (await planner.call("GET", "/api/directory"))["lead_teachers"]
        assert lesson["lead_teacher"] in found
    await teacher.call("POST", f"{path}/start")
    assert (await admin.call("POST", f"{path}/end"))["state"] == "ended"


async def test_a_day_lists_the_callers_lessons_in_the_countys_time_zone(
    server: TongkeServer,
) -> None:
    teacher = await server.sign_in("wang")
    # 23:30 in Shanghai on the 5th is still the 5th there, though 15:30 UTC; it ends on the 6th.
    at = datetime(2032, 3, 5, 15, 30, tzinfo=UTC)
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1], starts_at=at)
    invited = await server.terminal(lesson, RECEIVE_ROOMS[0])

    async def ids(client: Client, query: str) -> list[str]:
        listed = await client.call("GET", f"/api/lessons?{query}")
        return [entry["lesson_id"] for entry in listed["lessons"]]

    assert await ids(teacher, "day=2032-03-05") == [lesson["lesson_id"]]
    assert await ids(teacher, "day=2032-03-06") == [lesson["lesson_id"]]
    assert await ids(teacher, "day=2032-03-04") == await ids(teacher, "day=2032-03-07") == []
    assert await ids(invited, "week=2032-W10") == [lesson["lesson_id"]]
    admin = await server.sign_in("xianguan")
    token = await admin.call("POST", f"/api/rooms/{RECEIVE_ROOMS[1]}/device-token")
    uninvited = server.client()
    await uninvited.terminal_login(device_token=token["device_token"])
    assert await ids(uninvited, "week=2032-W10") == []
    for edge in ("0001-01-02", "9999-12-29"):
        assert await ids(teacher, f"day={edge}") == []
    for query, field in (
        ("day=5.3.2032", "day"),
        ("week=2032-W60", "week"),
        ("day=2032-03-05&week=2032-W10", "week"),
    ):
        refused = await _refused(teacher, "GET", f"/api/lessons?{query}")
        assert (refused.status, refused.field) == (422, field)
