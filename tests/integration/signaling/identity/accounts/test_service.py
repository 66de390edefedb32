"""Accounts: made with slips, activated once, reset, closed, left and opened again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.directory.tables import PersonRow
from signaling.identity.login_throttle import PER_ADDRESS
from signaling.lessons.wire import ClassKind, LessonCreate
from tests.support.control import until
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, PASSWORD, THEIRS, World, held_lesson, two_counties

HERE = OURS.school(1)
FIRST, SECOND = "Guanchao-1125", "Xiaoshi.1208"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock) -> AsyncIterator[World]:
    async with two_counties(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def create(client: Client, *logins: str, **more: Any) -> list[dict[str, Any]]:
    """Accounts of the first school; their slips."""
    accounts = [
        {"login": login, "name": f"{login}老师", "node_id": HERE.school, **more} for login in logins
    ]
    made = await client.call("POST", "/api/accounts", {"accounts": accounts})
    return list(made["slips"])


async def account(client: Client, words: str) -> dict[str, Any]:
    (found,) = (await client.call("GET", f"/api/accounts?q={words}"))["accounts"]
    return dict(found)


async def activate(client: Client, code: str, password: str = FIRST) -> dict[str, Any]:
    body = {"code": code, "password": password}
    client.identity = await client.call("POST", "/api/activation", body)
    return client.identity


async def refusal(call: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ProblemError) as refused:
        await call
    return refused.value.status, str(refused.value.code), refused.value.field


async def test_a_slip_opens_an_account_once(world: World, admin: Client) -> None:
    (slip,) = await create(admin, "lin", roles=["lead_teacher"])
    assert slip["url"] == f"{world.base}/activate#{slip['code'].replace('-', '')}"
    assert (await account(admin, "lin"))["state"] == "waiting"
    page = world.client()
    typed = slip["code"].lower().replace("-", " ")
    offer = await page.call("POST", "/api/activation/lookup", {"code": typed})
    assert offer == {"name": "lin老师", "login": "lin", "home": HERE.school}
    identity = await activate(page, typed)
    assert (identity["roles"], identity["must_change_password"]) == (["lead_teacher"], False)
    assert identity["counties"] == [{"county_id": OURS.mark, "name": OURS.mark}]
    assert (await account(admin, "lin"))["state"] == "open"
    again = activate(world.client(), slip["code"], SECOND)
    assert await refusal(again) == (404, "unknown_code", "code")
    await world.client().login("lin", FIRST)


async def test_an_account_that_waits_opens_to_no_password(world: World, admin: Client) -> None:
    await create(admin, "lin")
    for password in ("", "!", "lin"):
        status, code, _ = await refusal(world.client().login("lin", password or "x"))
        assert (status, code) == (401, "bad_credentials")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Short-1", "password_short"),
        ("longenough1", "password_plain"),
        ("Lin-teacher-1", "password_like_login"),
    ],
)
async def test_a_poor_password_is_refused_and_the_code_stays(
    world: World, admin: Client, password: str, code: str
) -> None:
    (slip,) = await create(admin, "lin")
    page = world.client()
    assert await refusal(activate(page, slip["code"], password)) == (422, code, "password")
    await activate(page, slip["code"])


async def test_a_code_is_good_for_thirty_days(
    world: World, admin: Client, clock: ManualClock
) -> None:
    (slip,) = await create(admin, "lin")
    clock.advance(days=30)
    admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))  # a session lasts a week
    asked = activate(world.client(), slip["code"])
    assert await refusal(asked) == (410, "code_expired", "code")
    assert (await account(admin, "lin"))["state"] == "no_slip"
    (fresh,) = (
        await admin.call("POST", "/api/accounts/slips", {"person_ids": [slip["person_id"]]})
    )["slips"]
    await activate(world.client(), fresh["code"])


async def test_codes_cannot_be_guessed(world: World, admin: Client) -> None:
    (slip,) = await create(admin, "lin")
    page = world.client()
    for number in range(PER_ADDRESS.max_failures):
        guess = page.call("POST", "/api/activation/lookup", {"code": f"{number:016d}"})
        assert (await refusal(guess))[0] == 404
    assert (await refusal(activate(page, slip["code"])))[:2] == (429, "too_many_requests")


async def test_of_many_guesses_at_once_no_more_are_answered(world: World) -> None:
    page, path = world.client(), "/api/activation/lookup"
    codes = (f"{number:016d}" for number in range(3 * PER_ADDRESS.max_failures))
    guesses = (refusal(page.call("POST", path, {"code": code})) for code in codes)
    statuses = [status for status, _, _ in await asyncio.gather(*guesses)]
    assert statuses.count(404) <= PER_ADDRESS.max_failures


async def test_many_accounts_are_made_together_or_not_at_all(world: World, admin: Client) -> None:
    slips = await create(admin, *(f"t{number}" for number in range(30)))
    assert len({slip["code"] for slip in slips}) == 30
    for logins, field in (
        (["new", "T7"], "accounts[1].login"),
        (["x", "y", "X"], "accounts[0].login"),
    ):
        assert await refusal(create(admin, *logins)) == (409, "taken", field)
    assert (await admin.call("GET", "/api/accounts?q=new"))["accounts"] == []
    outside = [{"login": "z", "name": "z", "node_id": THEIRS.mark}]
    asked = admin.call("POST", "/api/accounts", {"accounts": outside})
    assert await refusal(asked) == (422, "unknown_node", "accounts[0].node_id")


async def test_a_reset_ends_every_session_and_the_password(world: World, admin: Client) -> None:
    lesson_id = await held_lesson(world, HERE)
    teacher = await world.sign_in(HERE.teacher)
    seen = await account(admin, HERE.teacher)
    path = f"/api/accounts/{HERE.teacher}/reset"
    async with teacher.channel(lesson_id) as lead:
        await until(lead, "snapshot")
        (slip,) = (await admin.call("POST", path, {"version": seen["version"]}))["slips"]
        assert (await until(lead, "bye"))["reason"] == "forbidden"
    assert (await refusal(teacher.call("GET", "/api/me")))[0] == 401
    assert (await refusal(world.client().login(HERE.teacher, PASSWORD)))[0] == 401
    stale = admin.call("POST", path, {"version": seen["version"]})
    assert (await refusal(stale))[:2] == (409, "changed_meanwhile")
    await activate(world.client(), slip["code"])


async def test_whoever_reaches_beyond_the_branch_is_not_taken_over(world: World) -> None:
    """An admin of one school could else become the county's by resetting an account there."""
    county = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    wish = {"role": "county_admin", "node_id": OURS.mark}
    await county.call("POST", f"/api/people/{HERE.teacher}/grants", wish)
    school = await world.sign_in(HERE.person(Role.COUNTY_ADMIN))
    seen = await account(school, HERE.teacher)
    assert (seen["manageable"], seen["roles"]) == (False, ["lead_teacher"])
    for action in ("reset", "close", "leave", "reopen"):
        asked = school.call(
            "POST", f"/api/accounts/{HERE.teacher}/{action}", {"version": seen["version"]}
        )
        assert await refusal(asked) == (403, "beyond_branch", None)
    slips = school.call("POST", "/api/accounts/slips", {"person_ids": [HERE.teacher]})
    assert (await refusal(slips))[:2] == (403, "beyond_branch")
    own = await account(school, HERE.person(Role.COUNTY_ADMIN))
    asked = school.call(
        "POST", f"/api/accounts/{own['person_id']}/close", {"version": own["version"]}
    )
    assert (await refusal(asked))[:2] == (403, "own_account")


async def _lesson_ahead(world: World) -> str:
    start = world.services.clock.now() + timedelta(days=1)
    wish = LessonCreate(
        "《观潮》",
        ClassKind.DEDICATED,
        "语文",
        "四年级",
        start,
        start + timedelta(minutes=40),
        HERE.teacher,
        (),
    )
    async with world.services.audit.work(SYSTEM, "test") as work:
        return await world.services.lesson_store.create(work, wish)


async def test_a_teacher_leaves_and_the_lessons_ahead_stay(world: World, admin: Client) -> None:
    lesson_id = await _lesson_ahead(world)
    teacher = await world.sign_in(HERE.teacher)
    path = f"/api/accounts/{HERE.teacher}"
    ahead = await admin.call("GET", f"{path}/lessons")
    assert ([one["lesson_id"] for one in ahead["lessons"]], ahead["total"]) == ([lesson_id], 1)
    version = (await account(admin, HERE.teacher))["version"]
    unknowing = admin.call("POST", f"{path}/leave", {"version": version})
    assert (await refusal(unknowing))[:2] == (409, "lessons_ahead")
    left = await admin.call("POST", f"{path}/leave", {"version": version, "lessons": 1})
    assert (left["state"], left["roles"]) == ("left", [])
    assert (await refusal(teacher.call("GET", "/api/me")))[0] == 401
    lesson = await admin.call("GET", f"/api/lessons/{lesson_id}")
    assert (lesson["state"], lesson["lead_teacher"]["person_id"]) == ("scheduled", HERE.teacher)
    back = await admin.call("POST", f"{path}/reopen", {"version": left["version"]})
    assert (back["state"], back["roles"], back["left_at"]) == ("no_slip", [], None)


async def test_a_closed_account_keeps_its_roles_and_password(world: World, admin: Client) -> None:
    path = f"/api/accounts/{HERE.teacher}"
    version = (await account(admin, HERE.teacher))["version"]
    closed = await admin.call("POST", f"{path}/close", {"version": version})
    assert closed["state"] == "closed"
    assert (await refusal(world.client().login(HERE.teacher, PASSWORD)))[0] == 401
    slips = admin.call("POST", "/api/accounts/slips", {"person_ids": [HERE.teacher]})
    assert (await refusal(slips))[:2] == (409, "account_closed")
    await admin.call("POST", f"{path}/reopen", {"version": closed["version"]})
    teacher = await world.sign_in(HERE.teacher)
    assert teacher.identity["roles"] == ["lead_teacher"]


async def test_the_countys_last_admin_cannot_be_closed(world: World, admin: Client) -> None:
    wish = {"role": "county_admin", "node_id": OURS.mark}
    await admin.call("POST", f"/api/people/{HERE.teacher}/grants", wish)
    other = await world.sign_in(HERE.teacher)
    first = OURS.person(Role.COUNTY_ADMIN)
    version = (await account(other, first))["version"]
    await other.call("POST", f"/api/accounts/{first}/close", {"version": version})
    grants = (await other.call("GET", f"/api/grants?q={HERE.teacher}"))["people"][0]["grants"]
    (mine,) = [one["grant_id"] for one in grants if one["node"]["level"] == "county"]
    asked = other.call("DELETE", f"/api/people/{HERE.teacher}/grants/{mine}")
    assert (await refusal(asked))[:2] == (409, "last_admin")


async def test_the_own_password_is_changed_and_other_sessions_end(world: World) -> None:
    here, elsewhere = await world.sign_in(HERE.teacher), await world.sign_in(HERE.teacher)
    for current, fresh, expected in (
        ("wrong-Pass1", SECOND, (401, "bad_credentials", "current")),
        (PASSWORD, PASSWORD, (422, "password_same", "password")),
        (PASSWORD, "weak", (422, "password_short", "password")),
    ):
        asked = here.call("POST", "/api/password", {"current": current, "password": fresh})
        assert await refusal(asked) == expected
    await here.call("POST", "/api/password", {"current": PASSWORD, "password": SECOND})
    await here.call("GET", "/api/lessons?day=2026-11-23")
    assert (await refusal(elsewhere.call("GET", "/api/me")))[0] == 401
    await world.client().login(HERE.teacher, SECOND)


async def test_until_a_first_password_is_changed_nothing_else_is_answered(world: World) -> None:
    async with world.services.audit.work(SYSTEM, "test") as work:
        await work.session.execute(
            update(PersonRow)
            .where(PersonRow.person_id == HERE.teacher)
            .values(must_change_password=True)
        )
    lesson_id = await held_lesson(world, HERE)
    teacher = await world.sign_in(HERE.teacher)
    assert teacher.identity["must_change_password"]
    document = await teacher.call("GET", "/api/openapi.json")
    open_still = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            ways = operation["security"]
            # What guests may ask is answered as to a guest.
            if {} in ways or not any("session" in way for way in ways) or "logout" in path:
                continue
            plain = teacher.base + path.replace("{", "").replace("}", "")
            headers = {"X-CSRF-Token": teacher.identity["csrf_token"]}
            async with teacher.http.request(method, plain, headers=headers) as answer:
                if answer.status == 403:
                    assert "password_change_due" in await answer.text() or method == "head"
                    continue
            open_still.add((method, path))
    assert open_still == {("get", "/api/me"), ("post", "/api/password")}
    async with teacher.channel(lesson_id) as lead:
        assert (await until(lead, "bye"))["reason"] == "forbidden"
    await teacher.call("POST", "/api/password", {"current": PASSWORD, "password": SECOND})
    await teacher.call("GET", f"/api/lessons/{lesson_id}")


async def test_accounts_are_found_by_state_and_in_pages(world: World, admin: Client) -> None:
    await create(admin, *(f"t{number:02d}" for number in range(60)))
    first = await admin.call("GET", "/api/accounts?state=waiting")
    assert len(first["accounts"]) == 50
    rest = await admin.call("GET", f"/api/accounts?state=waiting&after={first['next']}")
    assert (len(rest["accounts"]), rest["next"]) == (10, None)
    assert (await refusal(admin.call("GET", "/api/accounts?state=x")))[2] == "state"
    assert (await admin.call("GET", "/api/accounts?state=left"))["accounts"] == []
