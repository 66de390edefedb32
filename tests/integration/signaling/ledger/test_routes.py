"""The ledger over HTTP: a lesson is held, missed and explained; the board of the day; notices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from signaling.audit.facts import detail_of
from signaling.classroom.parts.headcount import SetHeadcount
from signaling.command import seed
from signaling.directory.store import PeopleStore
from signaling.links.rules import Seen
from signaling.links.samples import LinkReading
from signaling.links.wire import LinkState
from signaling.wiring import Services
from tests.integration.signaling.lessons.test_facts import enter
from tests.integration.signaling.stores import work_in
from tests.support.control import until
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, new_lesson, served

CAME, ABSENT = seed.RECEIVE_ROOMS[:2]
WELL = LinkReading(LinkState.GOOD, seen=Seen.HIGH, hears=True)


@asynccontextmanager
async def as_(base: str, login: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        client = Client(base, session)
        await client.login(login)
        yield client


async def refused(client: Client, method: str, path: str, body: Any = None) -> tuple[int, str]:
    try:
        await client.call(method, path, body)
    except ProblemError as error:
        return error.status, error.code
    raise AssertionError("nobody refused it")


async def _hold(services: Services, teacher: Client, clock: ManualClock, lesson_id: str) -> None:
    """A lesson of 35 minutes to which one of two rooms comes; it sees two seconds of it."""
    await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
    channel = await enter(services, lesson_id, CAME)
    room = services.hub.room(lesson_id)
    assert room is not None
    room.command(channel, SetHeadcount(1, 14))
    for _ in range(3):
        services.fact_keeper.readings(lesson_id, [(f"room-{CAME}", WELL)])
        clock.advance(seconds=1)
    clock.advance(minutes=35)
    await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
    await services.ledger.counter.settle()


async def missed_units(client: Client, query: str = "") -> list[dict[str, Any]]:
    found = await client.call("GET", f"/api/ledger/missed{query}")
    return [one["unit"] for one in found["units"]]


async def test_a_lesson_is_counted_explained_and_confirmed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        await _hold(services, teacher, clock, lesson_id)
        units = (await teacher.call("GET", "/api/ledger/units"))["units"]
        assert [(u["room_id"], u["outcome"], u["cause"]) for u in units] == [
            (ABSENT, "missed", "awaiting"),
            (CAME, "held", None),
        ]
        unit = f"/api/ledger/units/{lesson_id}/{ABSENT}"
        (missed,) = await missed_units(teacher)
        assert (missed["room_id"], missed["may_explain"], missed["may_confirm"]) == (
            *(ABSENT, True, False),
        )
        given = {"reason": "network_fault", "version": missed["version"]}
        await teacher.call("POST", f"{unit}/reason", given)
        assert await refused(teacher, "POST", f"{unit}/reason", given) == (409, "changed_meanwhile")
        assert await missed_units(teacher) == []
        assert await refused(teacher, "GET", "/api/ledger/totals") == (403, "forbidden")
        async with as_(teacher.base, "xianguan") as admin:
            (waiting,) = await missed_units(admin, "?cause=given")
            await admin.call("POST", f"{unit}/confirm", {"version": waiting["version"]})
            assert await missed_units(admin, "?cause=given") == []
            totals = await admin.call("GET", "/api/ledger/totals?by=point")
            figures = totals["total"]
            assert (figures["planned"], figures["held"], figures["valid"], figures["excused"]) == (
                *(2, 1, 1, 1),
            )
            assert (figures["delivery_rate"], figures["pupils"]) == (0.5, 14)
            assert {row["label"]: row["figures"]["held"] for row in totals["rows"]} == {
                "山泉教学点": 1,
                "云岭教学点": 0,
            }
            evidence = await admin.call("GET", f"/api/ledger/units/{lesson_id}/{CAME}")
            assert [(c["pupils"], c["by_id"]) for c in evidence["headcounts"]] == [
                (14, f"room-{CAME}")
            ]
            assert evidence["seen_seconds"] == 2
            assert evidence["unit"]["present_minutes"] == 35
            heat = await admin.call("GET", "/api/ledger/heat")
            assert [len(row["cells"]) for row in heat["rows"]] == [1, 1]
            month = await admin.call("GET", "/api/ledger/months/2026-11?county=county-qingshan")
            assert (month["total"]["held"], month["state"]["may_freeze"]) == (1, False)


async def test_the_county_decides_about_many_reasons_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        clock.advance(hours=3)
        await services.ledger.counter.catch_up()
        await services.ledger.counter.settle()
        for room_id, note in ((CAME, "停电"), (ABSENT, "")):
            (unit,) = [one for one in await missed_units(teacher) if one["room_id"] == room_id]
            path = f"/api/ledger/units/{lesson_id}/{room_id}/reason"
            given = {"reason": "power_fault", "version": unit["version"], "note": note}
            await teacher.call("POST", path, given)
        async with as_(teacher.base, "xianguan") as admin:
            listed = (await admin.call("GET", "/api/ledger/missed?cause=given"))["units"]
            said = {one["unit"]["room_id"]: one["said"] for one in listed}
            assert (said[CAME]["note"], said[CAME]["by"]) == ("停电", "王老师")
            for query, number in (
                ("&month=2026-11", 2),
                ("&month=2026-10", 0),
                ("&q=山泉", 1),
                ("&q=山泉%20云岭", 0),
                ("&point=school-shanquan", 1),
            ):
                assert len(await missed_units(admin, f"?cause=given{query}")) == number, query
            seen = [
                {key: one["unit"][key] for key in ("lesson_id", "room_id", "version")}
                for one in listed
            ]
            batch, back = "/api/ledger/missed/confirm", "/api/ledger/missed/return"
            assert await refused(teacher, "POST", batch, {"units": seen}) == (403, "forbidden")
            empty = {"units": seen, "note": ""}
            assert await refused(admin, "POST", back, empty) == (422, "note_missing")
            many = {"units": [seen[0]] * 101}
            assert await refused(admin, "POST", batch, many) == (422, "invalid")

            # One was changed meanwhile, one is nobody's: the others are decided all the same.
            stale = [seen[0] | {"version": 99}, seen[1], seen[1] | {"room_id": "nobody"}]
            told = await admin.call("POST", batch, {"units": stale})
            assert [one["room_id"] for one in told["decided"]] == [seen[1]["room_id"]]
            assert told["decided"][0]["confirmed"] is True
            assert [one["code"] for one in told["refused"]] == [
                *("changed_meanwhile", "unit_not_found"),
            ]
            (confirmed,) = await missed_units(admin, "?cause=confirmed")

            # What is given back is asked again of the point, with the words of the county.
            wish = {"units": seen[:1], "note": "请写清楚停电时间"}
            (returned,) = (await admin.call("POST", back, wish))["decided"]
            assert (returned["cause"], returned["reason"]) == ("awaiting", None)
        (asked,) = (await teacher.call("GET", "/api/ledger/missed"))["units"]
        assert asked["unit"]["room_id"] == returned["room_id"] != confirmed["room_id"]
        assert (asked["said"]["returns"], asked["said"]["note"]) == (True, "请写清楚停电时间")
        again = {"reason": "network_fault", "version": asked["unit"]["version"]}
        path = f"/api/ledger/units/{lesson_id}/{returned['room_id']}/reason"
        await teacher.call("POST", path, again)
        assert await missed_units(teacher) == []


async def test_the_neighbour_county_sees_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with served(tmp_path, clock) as (services, teacher, lesson_id):
        await _hold(services, teacher, clock, lesson_id)
        people: PeopleStore = services.people
        async with work_in(services.database) as work:
            await people.add_county(work, "county-b", "邻县")
            await people.add_person(
                work,
                login="linxian",
                name="邻县",
                password_hash=await services.passwords.hash(seed.DEMO_PASSWORD),
                roles=("county_admin",),  # type: ignore[arg-type]
                node_id="county-b",
            )
        unit = f"/api/ledger/units/{lesson_id}/{ABSENT}"
        async with as_(teacher.base, "linxian") as neighbour:
            for path in ("units", "missed?cause=all"):
                assert (await neighbour.call("GET", f"/api/ledger/{path}"))["units"] == []
            county = "county=county-qingshan"
            totals = await neighbour.call("GET", f"/api/ledger/totals?{county}")
            assert (totals["rows"], totals["total"]["planned"]) == ([], 0)
            assert (await neighbour.call("GET", "/api/ledger/today"))["lessons"] == []
            assert await refused(neighbour, "GET", unit) == (404, "unit_not_found")
            given = {"reason": "power_fault", "version": 0}
            assert await refused(neighbour, "POST", f"{unit}/reason", given) == (
                *(404, "unit_not_found"),
            )
            for path in ("months", "months/2026-11", "months/2026-11/corrections"):
                found = await refused(neighbour, "GET", f"/api/ledger/{path}?{county}")
                assert found == (404, "unknown_node"), path
            frozen = {"county_id": "county-qingshan"}
            path = "/api/ledger/months/2026-10/freeze"
            assert await refused(neighbour, "POST", path, frozen) == (404, "unknown_node")


async def test_questions_that_cannot_be_are_refused_by_field(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (_, teacher, _lesson),
        as_(teacher.base, "xianguan") as admin,
    ):
        for path, code in (
            ("totals?by=planet", "invalid"),
            ("totals?from=2026-13-01", "invalid"),
            ("totals?from=2026-11-02&to=2026-11-01", "invalid"),
            ("totals?from=2020-01-01&to=2026-01-01", "invalid"),
            ("totals?after=nobody", "bad_cursor"),
            ("units?outcome=lost", "invalid"),
            ("units?after=x", "bad_cursor"),
            ("missed?cause=x", "invalid"),
            ("missed?month=2026-13", "invalid"),
            ("requirements?node=nowhere", "unknown_node"),
            ("today?day=tomorrow", "invalid"),
            ("today?after=nobody", "bad_cursor"),
        ):
            assert await refused(admin, "GET", f"/api/ledger/{path}") == (422, code), path
        for path in ("months/2026-13", "months/nothing"):
            found = await refused(admin, "GET", f"/api/ledger/{path}?county=county-qingshan")
            assert found == (404, "month_not_found")
        assert await refused(admin, "DELETE", "/api/ledger/requirements/x") == (422, "invalid")


async def test_the_board_of_today_and_a_notice_from_it(tmp_path: Path) -> None:
    clock = ManualClock()
    async with (
        served(tmp_path, clock) as (services, teacher, lesson_id),
        as_(teacher.base, "xianguan") as admin,
    ):
        later = await new_lesson(services, hours=3)
        clock.advance(minutes=10)
        board = await admin.call("GET", "/api/ledger/today")
        assert [(one["lesson_id"], one["state"]) for one in board["lessons"]] == [
            (lesson_id, "late"),
            (later, "due"),
        ]
        await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
        async with teacher.channel(lesson_id) as lead:
            await until(lead, "snapshot")
            await enter(services, lesson_id, CAME)
            board = await admin.call("GET", "/api/ledger/today")
            live = board["lessons"][0]
            assert (live["state"], live["lead_online"], live["may_notify"]) == ("live", True, True)
            rooms = {room["room_id"]: (room["online"], room["link"]) for room in live["rooms"]}
            assert rooms == {CAME: (True, "good"), ABSENT: (False, "offline")}
            assert board["counts"]["rooms_offline"] == 1
            assert [one["may_substitute"] for one in board["lessons"]] == [False, True]
            notices = f"/api/lessons/{lesson_id}/notices"
            await admin.call("POST", notices, {"text": "请检查网络", "room_id": ABSENT})
            told = await until(lead, "notices_changed")
            assert [(n["text"], n["by"], n["participant_id"]) for n in told["notices"]] == [
                ("请检查网络", "李管理员", f"room-{ABSENT}")
            ]
            for body, problem in (
                ({"text": "", "room_id": ABSENT}, (422, "invalid")),
                ({"text": "x" * 201}, (422, "invalid")),
                ({"text": "请", "room_id": "nowhere"}, (422, "unknown_room")),
            ):
                assert await refused(admin, "POST", notices, body) == problem
            async with as_(teacher.base, "jiaoyan") as researcher:
                assert await refused(researcher, "POST", notices, {"text": "请"}) == (
                    *(403, "forbidden"),
                )
        await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert await refused(admin, "POST", notices, {"text": "晚了"}) == (409, "wrong_state")
        audited = [(e.action, e.detail) for e in await services.audit.entries()]
        told = detail_of(room="云岭教学点 复式班教室", text="请检查网络")
        assert ("notice_send", told) in audited
        tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
        assert (await admin.call("GET", f"/api/ledger/today?day={tomorrow}"))["lessons"] == []
