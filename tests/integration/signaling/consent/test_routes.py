"""授权同意 from the outside: who keeps and reads what, on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.consent import service as consent_service
from signaling.consent.events import ConsentEnd, ConsentWithdrawn
from signaling.consent.tables import ConsentRow
from signaling.directory.tables import ClassRow, SchoolRow
from signaling.files.tables import FileRow
from tests.integration.signaling.stores import on_both_stores
from tests.support.consents import PNG, a_form
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, two_counties
from tests.support.uploads import upload

HERE, NEXT_DOOR = OURS.school(1), OURS.school(2)
CLASS = f"{HERE.school}-class"
TERM = f"{OURS.mark}-term"
BASE = "/api/consents"
PURPOSE = "consent_form"

pytestmark = on_both_stores


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock, store: dict[str, str]) -> AsyncIterator[World]:
    async with two_counties(tmp_path, clock, **store) as made:
        yield made


@pytest.fixture
def told(world: World) -> list[ConsentWithdrawn]:
    """The events of withdrawn consents."""
    heard: list[ConsentWithdrawn] = []

    async def hear(event: ConsentWithdrawn) -> None:
        heard.append(event)

    world.services.events.subscribe(ConsentWithdrawn, hear)
    return heard


async def assistant(world: World) -> Client:
    return await world.sign_in(HERE.person(Role.ASSISTANT))


async def record(world: World, client: Client, **more: Any) -> dict[str, Any]:
    wish = {"class_id": CLASS, "term_id": TERM} | a_form(world.services, **more)
    made: dict[str, Any] = await client.call("POST", BASE, wish)
    return made


async def refused(client: Client, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    with pytest.raises(ProblemError) as caught:
        await client.call(method, path, body)
    return caught.value.status, caught.value.code, caught.value.field or ""


async def states(client: Client, query: str = "") -> dict[str, str]:
    page = await client.call("GET", f"{BASE}{query}")
    return {line["class_id"]: line["state"] for line in page["lines"]}


async def test_an_assistant_keeps_the_consent_of_the_own_school(
    world: World, told: list[ConsentWithdrawn], clock: ManualClock
) -> None:
    client = await assistant(world)
    assert await states(client) == {CLASS: "none"}
    made = await record(world, client)
    assert made["purposes"] == ["live", "record", "show_school", "show_county"]
    assert made["by"] == HERE.person(Role.ASSISTANT)
    page = await client.call("GET", BASE)
    assert (page["term"]["term_id"], page["term"]["name"]) == (TERM, TERM)
    assert page["term"]["last"] == "2027-04-11"
    assert page["counts"] == [
        {"state": one, "classes": int(one == "given")}
        for one in ("none", "given", "unseated", "expired", "withdrawn")
    ]
    path = f"{BASE}/{made['consent_id']}"
    more = a_form(world.services, refusals=2, purposes=["show_county"]) | {"version": 1}
    changed = await client.call("PUT", path, more)
    assert (changed["version"], changed["refusals"]) == (2, 2)
    assert await states(client) == {CLASS: "unseated"}
    changed = await client.call("PUT", path, more | {"version": 2, "remedy": "off_camera"})
    assert await states(client, "?state=given") == {CLASS: "given"}
    clock.advance(days=3)
    body = {"version": 3, "on": "2026-11-25", "reason": "guardian", "note": "家长来电"}
    gone = await client.call("POST", f"{path}/withdraw", body)
    assert (gone["withdrawal"]["on"], gone["withdrawal"]["note"]) == ("2026-11-25", "家长来电")
    assert [(one.cause, one.class_id, one.school_id) for one in told] == [
        (ConsentEnd.NARROWED, CLASS, HERE.school),
        (ConsentEnd.WITHDRAWN, CLASS, HERE.school),
    ]
    assert await states(client) == {CLASS: "withdrawn"}
    again = await refused(client, "POST", f"{path}/withdraw", body | {"version": 4})
    assert again[:2] == (409, "consent_withdrawn")
    anew = await record(world, client)
    shown = await client.call("GET", f"{BASE}/classes/{CLASS}?term={TERM}")
    assert shown["line"]["consent"]["consent_id"] == anew["consent_id"]
    assert [one["consent_id"] for one in shown["former"]] == [made["consent_id"]]


async def test_who_reads_and_who_keeps(world: World) -> None:
    made = await record(world, await assistant(world))
    path = f"{BASE}/{made['consent_id']}"
    body = {"version": 1, "on": "2026-11-23", "reason": "school"}
    for role in (Role.RESEARCHER, Role.INSPECTOR, Role.RESOURCE_ADMIN):
        reader = await world.sign_in(OURS.person(role))
        assert await states(reader) == {CLASS: "given", f"{NEXT_DOOR.school}-class": "none"}
        line = (await reader.call("GET", BASE))["lines"][0]
        assert line["may_keep"] is False
        assert (await refused(reader, "POST", f"{path}/withdraw", body))[0] == 403
    for place, status in ((NEXT_DOOR, 404), (THEIRS.school(1), 404)):
        other = await world.sign_in(place.person(Role.ASSISTANT))
        assert (await refused(other, "GET", path))[0] == status
        assert (await refused(other, "POST", f"{path}/withdraw", body))[0] == status
        wish = {"class_id": CLASS, "term_id": TERM} | a_form(world.services)
        assert (await refused(other, "POST", BASE, wish))[0] == 404
    teacher = await world.sign_in(HERE.teacher)
    assert (await teacher.call("POST", f"{path}/withdraw", body))["withdrawal"]["by"]
    kiosk = await world.terminal(HERE.room)
    assert (await refused(kiosk, "GET", BASE))[0] == 403


async def test_pages_belong_to_the_consent_and_not_to_who_brought_them(world: World) -> None:
    client = await assistant(world)
    first = await upload(client, PNG, "第一页.png", PURPOSE)
    made = await record(world, client, file_ids=[first])
    assert made["files"] == [{"file_id": first, "name": "第一页.png", "size": len(PNG)}]
    assert (await client.call("GET", "/api/files"))["files"] == []
    reader = await world.sign_in(OURS.person(Role.INSPECTOR))
    url = f"{reader.base}{BASE}/{made['consent_id']}/files/{first}"
    async with reader.http.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
        assert answer.headers["Content-Disposition"].startswith("attachment")
    (seen,) = await world.services.audit.entries(AuditAction.CONSENT_PAGE_READ)
    told = (seen.actor_id, seen.target, seen.detail, bool(seen.path))
    assert told == (OURS.person(Role.INSPECTOR), made["consent_id"], "第一页.png", True)
    second = await upload(client, PNG, "第二页.png", PURPOSE)
    path = f"{BASE}/{made['consent_id']}"
    form = a_form(world.services, file_ids=[second]) | {"version": 1}
    changed = await client.call("PUT", path, form)
    assert [one["file_id"] for one in changed["files"]] == [second]
    await world.services.kept_files.delete_expired()
    async with world.services.database.read() as session:
        assert await session.get(FileRow, first) is None
        kept = await session.get(FileRow, second)
        assert kept is not None
        assert kept.expires_at.year >= 2031
    other = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    foreign = await upload(other, PNG, "别人的.png", PURPOSE)
    taken = form | {"version": 2, "file_ids": [second, foreign]}
    assert await refused(client, "PUT", path, taken) == (422, "file_not_found", "file_ids[1]")
    workbook = await upload(other, b"a,b\n", "表.csv")
    own = {"class_id": f"{NEXT_DOOR.school}-class", "term_id": TERM}
    wish = own | a_form(world.services, file_ids=[workbook])
    assert (await refused(other, "POST", BASE, wish))[1] == "file_not_found"


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"term_id": f"{THEIRS.mark}-term"}, "unknown_term", "term_id"),
        ({"class_id": "none-such"}, "unknown_class", "class_id"),
        ({"given_on": "2026-12-24"}, "time_out_of_range", "given_on"),
        ({"covers_to": "2026-11-01"}, "ends_before_start", "covers_to"),
        ({"covers_to": "2028-11-01"}, "time_out_of_range", "covers_to"),
        ({"covers_from": "2026-05-01", "covers_to": "2026-06-01"}, "outside_term", "covers_from"),
        ({"until": "2026-11-01"}, "ends_before_start", "until"),
        ({"until": "2099-11-01"}, "time_out_of_range", "until"),
        ({"refusals": 31}, "invalid", "refusals"),
        ({"purposes": []}, "invalid", "purposes"),
        ({"remedy": "curtain"}, "invalid", "remedy"),
        ({"file_ids": ["none-such"]}, "file_not_found", "file_ids[0]"),
    ],
)
async def test_a_form_that_cannot_be_is_refused_by_its_field(
    world: World, more: dict[str, Any], code: str, field: str
) -> None:
    client = await assistant(world)
    wish = {"class_id": CLASS, "term_id": TERM} | a_form(world.services) | more
    assert await refused(client, "POST", BASE, wish) == (422, code, field)


async def test_a_consent_that_stands_is_changed_and_not_doubled(world: World) -> None:
    client = await assistant(world)
    made = await record(world, client)
    wish = {"class_id": CLASS, "term_id": TERM} | a_form(world.services)
    assert await refused(client, "POST", BASE, wish) == (409, "consent_stands", "term_id")
    path = f"{BASE}/{made['consent_id']}"
    form = a_form(world.services)
    assert (await refused(client, "PUT", path, form | {"version": 7}))[1] == "changed_meanwhile"
    early = {"version": 1, "on": "2026-11-01", "reason": "guardian"}
    late = early | {"on": "2026-11-24"}
    for body in (early, late):
        answer = await refused(client, "POST", f"{path}/withdraw", body)
        assert answer == (422, "time_out_of_range", "on")
    unsaid = {"version": 1, "on": "2026-11-23", "reason": "other"}
    answer = await refused(client, "POST", f"{path}/withdraw", unsaid)
    assert answer == (422, "note_missing", "note")


async def test_a_county_is_listed_in_pages_and_searched(world: World) -> None:
    async with world.services.database.write() as session:
        session.add_all(
            ClassRow(class_id=f"c{n:03}", school_id=NEXT_DOOR.school, name=f"{n}班", grade="三年级")
            for n in range(120)
        )
        (await session.get_one(SchoolRow, NEXT_DOOR.school)).name = "山泉教学点"
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    found: list[str] = []
    after = ""
    while True:
        page = await admin.call("GET", f"{BASE}?q=山泉 三年级&state=none{after}")
        found += [line["class_id"] for line in page["lines"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len(found) == len(set(found)) == 120
    assert {line["school"] for line in page["lines"]} == {"山泉教学点"}
    async with world.services.database.write() as session:
        for n, grade in enumerate(("二年级", "六年级", "四年级")):
            (await session.get_one(ClassRow, f"c{n:03}")).grade = grade
    lines = (await admin.call("GET", f"{BASE}?school={NEXT_DOOR.school}"))["lines"]
    assert [line["grade"][0] for line in lines[:3]] == ["一", "二", "三"]
    assert await states(admin, f"?school={HERE.school}") == {CLASS: "none"}
    assert await states(admin, "?q=7班&state=given") == {}
    for query, field in (("?state=maybe", "state"), ("?after=none-such", "after")):
        assert (await refused(admin, "GET", BASE + query))[2] == field
    far = await refused(admin, "GET", f"{BASE}?term={THEIRS.mark}-term")
    assert far == await refused(admin, "GET", f"{BASE}?term=none-such")


async def test_the_end_of_its_time_is_told_once(
    world: World, told: list[ConsentWithdrawn], clock: ManualClock
) -> None:
    client = await assistant(world)
    await record(world, client, until="2026-12-24")
    clock.set(days=31)
    desk = world.services.consents.desk
    await desk.tell_over()
    assert told == []
    clock.set(days=1)
    await desk.tell_over()
    await desk.tell_over()
    assert [one.cause for one in told] == [ConsentEnd.EXPIRED]
    assert await states(await assistant(world)) == {CLASS: "expired"}


async def test_the_ends_of_a_whole_term_are_told_in_one_round_each_by_itself(
    world: World, told: list[ConsentWithdrawn], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_service, "_AT_ONCE", 2)
    monkeypatch.setattr(consent_service, "_LOOKS", 3)
    client = await assistant(world)
    await record(world, client, until="2026-12-24")
    async with world.services.database.write() as session:
        (row,) = await session.scalars(select(ConsentRow))
        for number in range(6):
            names = [column.name for column in ConsentRow.__table__.columns]
            values = {name: getattr(row, name) for name in names}
            values |= {"consent_id": f"more-{number}", "term_id": f"term-{number}"}
            session.add(ConsentRow(**values))
    clock.set(days=32)
    desk = world.services.consents.desk
    await desk.tell_over()
    assert len(told) == 6  # a round is bounded
    await desk.tell_over()
    assert len({one.consent_id for one in told}) == len(told) == 7
    audited = await world.services.audit.entries(AuditAction.CONSENT_EXPIRE)
    assert len(audited) == 7
