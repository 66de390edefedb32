"""Signing in against a real server: cookies, CSRF, terminals, revocation, guessing."""

import aiohttp
import pytest
from yarl import URL

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.server import Client, ProblemError, TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _cookies(client: Client) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in client.http.cookie_jar}


async def _status(client: Client, method: str, path: str, **kwargs: object) -> tuple[int, str]:
    async with client.http.request(method, client.base + path, **kwargs) as response:
        problem = await response.json(content_type=None)
        return response.status, (problem or {}).get("code", "")


async def test_login_sets_an_http_only_cookie_and_logout_ends_it(server: TongkeServer) -> None:
    client = server.client()
    async with client.http.post(
        f"{server.url}/api/login", json={"login": "wang", "password": "tongke-demo"}
    ) as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    kept = _cookies(client)
    client.identity = await client.call("GET", "/api/me")
    assert client.identity["roles"] == ["lead_teacher"]
    await client.call("POST", "/api/logout")
    stolen = server.client()
    stolen.http.cookie_jar.update_cookies(kept)
    assert await _status(stolen, "GET", "/api/me") == (401, "not_signed_in")


async def test_wrong_password_and_unknown_account_look_the_same(server: TongkeServer) -> None:
    client = server.client()
    problems = []
    for login in ("wang", "nobody"):
        async with client.http.post(
            f"{server.url}/api/login", json={"login": login, "password": "wrong"}
        ) as response:
            problems.append((response.status, await response.json(content_type=None)))
    assert problems[0] == problems[1]
    assert problems[0][0] == 401


async def test_guessing_a_password_is_stopped_and_others_still_get_in(
    server: TongkeServer,
) -> None:
    client = server.client()
    body = {"login": "ziyuan", "password": "guess"}
    answers = [await _status(client, "POST", "/api/login", json=body) for _ in range(6)]
    assert answers[:5] == [(401, "bad_credentials")] * 5
    assert answers[5] == (429, "too_many_requests")
    await server.sign_in("wang")


async def test_an_unsafe_request_needs_the_sessions_own_csrf_token(server: TongkeServer) -> None:
    client = await server.sign_in("wang")
    other = await server.sign_in("wang")
    for token in ("", "x" * 43, other.identity["csrf_token"]):
        headers = {"X-CSRF-Token": token}
        assert await _status(client, "POST", "/api/logout", headers=headers) == (403, "csrf")
    foreign = {"X-CSRF-Token": client.identity["csrf_token"], "Origin": "https://evil.example"}
    assert await _status(client, "POST", "/api/logout", headers=foreign) == (403, "csrf")
    # Login has no session yet, so only the Origin guards it.
    body = {"login": "wang", "password": "tongke-demo"}
    login = await _status(client, "POST", "/api/login", json=body, headers=foreign)
    assert login == (403, "csrf")


def _changed(text: str) -> str:
    """Text with another first letter."""
    return ("B" if text[0] == "A" else "A") + text[1:]


async def test_a_forged_or_foreign_cookie_is_no_session(server: TongkeServer) -> None:
    client = await server.sign_in("wang")
    cookie = _cookies(client)["tongke_session"]
    version, payload, mac = cookie.split(".")
    for forged in (
        f"{version}.{payload}.{_changed(mac)}",
        f"{version}.{_changed(payload)}.{mac}",
        payload,
        "",
        "v1..",
        "漢" * 10,
        "A" * 5000,
    ):
        headers = {"Cookie": f"tongke_session={forged}".encode().decode("latin-1")}
        async with aiohttp.request("GET", f"{server.url}/api/me", headers=headers) as response:
            assert response.status == 401


async def test_a_terminal_signs_in_by_code_and_comes_back_by_its_device_cookie(
    server: TongkeServer,
) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:2])
    kiosk = server.client()
    found = await kiosk.call("POST", "/api/terminal/lookup", {"join_code": lesson["join_code"]})
    assert [room["room_id"] for room in found["rooms"]] == list(RECEIVE_ROOMS[:2])
    identity = await kiosk.terminal_login(
        join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[1], remember=True
    )
    assert identity["roles"] == ["receive_room"]
    assert identity["room"]["room_id"] == RECEIVE_ROOMS[1]
    device = {"tongke_device": _cookies(kiosk)["tongke_device"]}
    rebooted = server.client()
    rebooted.http.cookie_jar.update_cookies(device, URL(server.url))
    rebooted.identity = await rebooted.call("POST", "/api/terminal/resume")
    assert rebooted.identity["room"] == identity["room"]
    await rebooted.call("POST", "/api/logout")
    assert "tongke_device" not in _cookies(rebooted)
    assert (await _status(kiosk, "POST", "/api/terminal/resume"))[0] == 401


async def test_without_remember_there_is_no_device_cookie(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson()
    kiosk = server.client()
    await kiosk.terminal_login(
        join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[0], remember=False
    )
    assert "tongke_device" not in _cookies(kiosk)
    assert (await _status(kiosk, "POST", "/api/terminal/resume"))[0] == 401


async def test_a_code_opens_only_the_rooms_it_invites_and_only_while_open(
    server: TongkeServer,
) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    kiosk = server.client()
    with pytest.raises(ProblemError) as uninvited:
        await kiosk.terminal_login(join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[1])
    assert (uninvited.value.status, uninvited.value.field) == (422, "room_id")
    await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/cancel", {"reason": "停电"})
    with pytest.raises(ProblemError) as over:
        await kiosk.call("POST", "/api/terminal/lookup", {"join_code": lesson["join_code"]})
    assert (over.value.status, over.value.field) == (404, "join_code")


@pytest.mark.parametrize(
    "body", [{}, {"join_code": "12345678"}, {"device_token": "x", "join_code": "1", "room_id": "r"}]
)
async def test_half_a_terminal_login_is_refused(server: TongkeServer, body: dict[str, str]) -> None:
    status, _ = await _status(server.client(), "POST", "/api/terminal/login", json=body)
    assert status == 422


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"login": 7, "password": "x"}', "application/json", 422),
        (b"login=wang", "application/x-www-form-urlencoded", 415),
        (b'"' + b"a" * 300_000 + b'"', "application/json", 413),
    ],
)
async def test_bodies_that_cannot_be_read_get_a_problem(
    server: TongkeServer, body: bytes, kind: str, status: int
) -> None:
    async with aiohttp.request(
        "POST", f"{server.url}/api/login", data=body, headers={"Content-Type": kind}
    ) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["status"] == status
