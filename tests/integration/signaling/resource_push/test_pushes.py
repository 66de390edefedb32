"""资源推送 through HTTP: chosen, told when it goes, played, counted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.wire import ShareScope
from tests.support.planned_county import COUNTY_ID, PlannedCounty, planned_county, refused
from tests.support.publications import publish, resource_id
from tests.support.server import Client

MORNING = datetime(2026, 9, 16, 0, 30, tzinfo=UTC)  # Wednesday of week 3, 08:30 in the county
START = datetime(2026, 9, 16, 1, 10, tzinfo=UTC)  # period 2
A, B = resource_id(0), resource_id(1)  # 2400.4 s each


@dataclass
class Pushed:
    """A lesson of 资源推送 for 山泉 and 云岭, and its terminals."""

    county: PlannedCounty
    lesson_id: str
    room: Client
    other: Client

    @property
    def path(self) -> str:
        return f"/api/lessons/{self.lesson_id}"

    async def list(self, client: Client | None = None) -> dict[str, Any]:
        got = await (client or self.county.admin).call("GET", f"{self.path}/resources")
        assert isinstance(got, dict)
        return got

    async def choose(self, *ids: str, revision: int = 0, by: Client | None = None) -> Any:
        body = {"revision": revision, "resource_ids": list(ids)}
        return await (by or self.county.admin).call("PUT", f"{self.path}/resources", body)

    async def report(self, watched_s: float, resource: str = A, by: Client | None = None) -> Any:
        at = self.county.clock.now().isoformat()
        plays = [{"resource_id": resource, "watched_s": watched_s, "at": at}]
        return await (by or self.room).call("POST", f"{self.path}/plays", {"plays": plays})

    async def publication(self, resource: str, **values: Any) -> None:
        async with self.county.services.database.write() as session:
            row = PublicationRow
            await session.execute(update(row).where(row.resource_id == resource).values(values))

    async def unit(self, room: str = "shanquan1") -> dict[str, Any]:
        await self.county.services.ledger.counter.settle()
        path = f"/api/ledger/units/{self.lesson_id}/{room}"
        got = await self.county.admin.call("GET", path)
        assert isinstance(got, dict)
        return got


async def terminal(county: PlannedCounty, room_id: str) -> Client:
    services = county.services
    person = await services.people.person("admin-li")
    admin = SYSTEM if person is None else person.actor(services.clock.now())
    made = await services.identity_desk.bindings.make_code(admin, room_id, county.url)
    client = await county.browser()
    client.identity = await client.call("POST", "/api/terminal/redeem", {"code": made.code})
    return client


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Pushed]:
    async with planned_county(tmp_path, MORNING) as county:
        await publish(county.services.database, 2)
        seats = [{"room_id": "shanquan1"}, {"room_id": "yunling1"}]
        await county.plan(
            delivery_mode="resource_push",
            seats=seats,
            lead_room_id=None,
            starts="09:10:00",
            ends="09:50:00",
            period=None,
        )
        lesson = await county.lesson(3)
        rooms = [await terminal(county, one) for one in ("shanquan1", "yunling1")]
        yield Pushed(county, lesson["lesson_id"], *rooms)


async def test_chosen_played_and_counted(at: Pushed) -> None:
    assert (await at.list())["resources"] == []
    shown = await at.choose(B, A)
    assert [one["resource_id"] for one in shown["resources"]] == [B, A]
    assert await at.county.admin.call("GET", "/api/resource-pushes/troubles")
    for_room = await at.list(at.room)
    assert [one["title"] for one in for_room["resources"]] == ["浮力 1", "浮力 0"]
    assert for_room["may_choose"] is False

    at.county.clock.advance(minutes=41)  # 09:11
    for minute in (1, 2, 3):
        at.county.clock.advance(minutes=1)
        kept = await at.report(60.0 * minute)
        assert kept["plays"][0]["watched_s"] == 60.0 * minute
    # Said again, nothing changes; more than the clock allows does not count.
    assert (await at.report(180))["plays"] == kept["plays"]
    at.county.clock.advance(seconds=30)
    assert (await at.report(2400))["plays"][0]["watched_s"] == 210
    board = await at.county.admin.call("GET", "/api/ledger/today")
    (line,) = board["lessons"]
    assert line["state"] == "live"
    assert [one["watched_minutes"] for one in line["rooms"]] == [3, 0]

    at.county.clock.advance(minutes=27)
    await at.report(1830)  # 30 of 40 minutes
    unit = await at.unit()
    assert (unit["unit"]["outcome"], unit["unit"]["present_minutes"]) == ("held", 30)
    assert unit["needed_seconds"] == 1800
    (played,) = unit["played"]
    assert (played["title"], played["watched_seconds"]) == ("浮力 0", 1830)
    assert unit["unit"]["valid"] is True

    at.county.clock.advance(hours=1)
    await at.county.services.ledger.counter.catch_up()
    assert (await at.unit("yunling1"))["unit"]["outcome"] == "missed"


async def test_what_an_outage_held_back_still_counts(at: Pushed) -> None:
    await at.choose(A)
    at.county.clock.advance(days=2)
    await at.county.services.ledger.counter.catch_up()
    assert (await at.unit())["unit"]["outcome"] == "missed"
    end = START + timedelta(minutes=35)
    plays = [{"resource_id": A, "watched_s": 2000.0, "at": end.isoformat()}]
    await at.room.call("POST", f"{at.path}/plays", {"plays": plays})
    assert (await at.unit())["unit"]["outcome"] == "held"
    # Too few minutes are evidence, and no lesson.
    plays[0]["watched_s"] = 600.0
    await at.other.call("POST", f"{at.path}/plays", {"plays": plays})
    other = await at.unit("yunling1")
    assert other["unit"]["outcome"] == "missed"
    assert other["played"][0]["watched_seconds"] == 600


async def test_what_goes_is_told_at_once(at: Pushed) -> None:
    admin = at.county.admin
    (told,) = (await admin.call("GET", "/api/resource-pushes/troubles"))["lessons"][:1]
    assert (told["trouble"], told["resource"]) == ("none_chosen", "")
    await at.choose(A, B)
    await at.publication(A, withdrawn_at=at.county.clock.now())
    await at.publication(B, expires_at=START)
    listed = await at.list()
    assert [one["trouble"] for one in listed["resources"]] == ["withdrawn", "ends_early"]
    assert listed["resources"][0]["version"] is None
    lessons = (await admin.call("GET", "/api/resource-pushes/troubles"))["lessons"]
    (told,) = (one for one in lessons if one["lesson_id"] == at.lesson_id)
    assert (told["trouble"], told["resource"]) == ("withdrawn", "浮力 0")
    # What is on the list may stay; new it could not come.
    await at.choose(B, A, revision=1)
    await at.choose(B, revision=2)
    problem = await refused(
        admin, "PUT", f"{at.path}/resources", {"revision": 3, "resource_ids": [B, A]}
    )
    assert (problem.status, problem.code) == (422, "push_withdrawn")
    assert problem.field == "resource_ids[1]"


async def test_only_what_every_invited_room_may_see(at: Pushed) -> None:
    path = f"{at.path}/resources"
    await at.publication(A, scope=ShareScope.SCHOOL, node_id="school-shanquan")
    await at.publication(B, scope=ShareScope.PASSWORD)
    body = {"revision": 0, "resource_ids": [A]}
    problem = await refused(at.county.admin, "PUT", path, body)
    assert problem.code == "push_not_for_room"
    assert "云岭" in problem.facts["rooms"]
    body["resource_ids"] = [B]
    problem = await refused(at.county.admin, "PUT", path, body)
    assert problem.code == "push_needs_password"
    body["resource_ids"] = ["none-such"]
    problem = await refused(at.county.admin, "PUT", path, body)
    assert problem.code == "push_withdrawn"
    await at.publication(A, scope=ShareScope.COUNTY, county_id=COUNTY_ID)
    await at.choose(A)


async def test_who_may_do_what(at: Pushed) -> None:
    teacher, stranger = await at.county.sign_in("wang"), await at.county.sign_in("liu")
    await at.choose(A, by=teacher)
    body = {"revision": 1, "resource_ids": [B]}
    assert (await refused(at.room, "PUT", f"{at.path}/resources", body)).status == 403
    assert (await refused(stranger, "PUT", f"{at.path}/resources", body)).status == 404
    assert (await refused(stranger, "GET", f"{at.path}/resources")).status == 404
    plays = {"plays": [{"resource_id": A, "watched_s": 1, "at": START.isoformat()}]}
    assert (await refused(teacher, "POST", f"{at.path}/plays", plays)).status == 403
    body["revision"] = 0  # somebody else was faster
    problem = await refused(at.county.admin, "PUT", f"{at.path}/resources", body)
    assert problem.code == "changed_meanwhile"
    problem = await refused(teacher, "POST", f"{at.path}/start")
    assert problem.code == "push_has_no_room"
    (noted,) = await at.county.services.audit.entries(AuditAction.LESSON_RESOURCES)
    assert noted.detail == "浮力 0"


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ({"resource_id": B}, "resource_not_pushed"),
        ({"at": (START - timedelta(hours=1)).isoformat()}, "play_out_of_time"),
        ({"at": (START + timedelta(hours=5)).isoformat()}, "play_out_of_time"),
        ({"at": "2026-09-16T01:10:00"}, "invalid"),
        ({"watched_s": -1}, "invalid"),
        ({"watched_s": 1e9}, "invalid"),
    ],
)
async def test_claims_that_cannot_be(at: Pushed, claim: dict[str, Any], code: str) -> None:
    await at.choose(A)
    at.county.clock.advance(minutes=50)
    one = {"resource_id": A, "watched_s": 1, "at": START.isoformat()} | claim
    problem = await refused(at.room, "POST", f"{at.path}/plays", {"plays": [one]})
    assert (problem.status, problem.code) == (422, code)
    assert str(problem.field).startswith("plays[0].")


async def test_the_list_is_bounded_and_only_of_such_lessons(at: Pushed) -> None:
    many = {"revision": 0, "resource_ids": [f"r{n}" for n in range(11)]}
    assert (await refused(at.county.admin, "PUT", f"{at.path}/resources", many)).status == 422
    twice = {"revision": 0, "resource_ids": [A, A]}
    problem = await refused(at.county.admin, "PUT", f"{at.path}/resources", twice)
    assert problem.code == "resource_twice"
    second = at.county.second(weekday=4)
    await at.county.admin.call("POST", "/api/timetable/plans", second)
    live = await at.county.lesson(4, id_="teacher-liu")
    path = f"/api/lessons/{live['lesson_id']}/resources"
    assert (await refused(at.county.admin, "GET", path)).code == "not_a_push"
