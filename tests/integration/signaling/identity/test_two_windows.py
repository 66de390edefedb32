"""A teacher's and a classroom's window in one browser: two logins that leave each other alone."""

import pytest
from yarl import URL

from signaling.command.seed import DEMO_PASSWORD, RECEIVE_ROOMS
from tests.support.control import until
from tests.support.server import Client, ProblemError, TongkeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
PERSON, TERMINAL = "person", "terminal"


class _Window(Client):
    """A page of a browser that it shares with others."""

    kind = PERSON

    async def call(self, method: str, path: str, body: object = None, **kwargs: object) -> object:
        headers = {"X-Tongke-As": self.kind}
        return await super().call(method, path, body, headers=headers, **kwargs)


def _windows(browser: Client) -> tuple[_Window, _Window]:
    teacher, classroom = (_Window(browser.base, browser.http) for _ in range(2))
    classroom.kind = TERMINAL
    return teacher, classroom


def _cookies(client: Client) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in client.http.cookie_jar}


async def test_both_windows_hold_a_lesson_and_each_signs_out_alone(server: TongkeServer) -> None:
    teacher, classroom = _windows(server.client())
    await teacher.login("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    await classroom.terminal_login(join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[0])
    assert (await teacher.call("GET", "/api/me"))["roles"] == ["lead_teacher"]
    assert (await classroom.call("GET", "/api/me"))["roles"] == ["receive_room"]
    await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")
    ws_url = f"{server.url}/ws/lessons/{lesson['lesson_id']}"
    seats = {}
    for kind in (PERSON, TERMINAL):
        async with teacher.http.ws_connect(f"{ws_url}?as={kind}") as ws:
            await ws.send_json({"type": "hello"})
            seats[kind] = (await until(ws, "snapshot"))["you"]
    assert seats == {PERSON: "lead", TERMINAL: f"room-{RECEIVE_ROOMS[0]}"}
    for window in (teacher, classroom):
        assert await window.media_access(lesson["lesson_id"])
    await teacher.call("POST", "/api/logout")
    with pytest.raises(ProblemError) as out:
        await teacher.call("GET", "/api/me")
    assert out.value.status == 401
    assert {"tongke_device", "tongke_terminal"} <= set(_cookies(teacher))
    assert (await classroom.call("GET", "/api/me"))["roles"] == ["receive_room"]
    await teacher.login("wang")
    await classroom.call("POST", "/api/logout")
    assert not {"tongke_device", "tongke_terminal"} & set(_cookies(teacher))
    assert (await teacher.call("GET", "/api/me"))["roles"] == ["lead_teacher"]


async def test_the_csrf_token_of_one_window_is_none_of_the_others(server: TongkeServer) -> None:
    teacher, classroom = _windows(server.client())
    await teacher.login("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    await classroom.terminal_login(join_code=lesson["join_code"], room_id=RECEIVE_ROOMS[0])
    classroom.identity, teacher.identity = teacher.identity, classroom.identity
    for window in (teacher, classroom):
        with pytest.raises(ProblemError) as refused:
            await window.call("POST", "/api/logout")
        assert refused.value.code == "csrf"


async def test_a_program_with_one_login_need_not_say_which(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    assert (await room.call("GET", "/api/me"))["room"]["room_id"] == RECEIVE_ROOMS[0]
    with pytest.raises(ProblemError) as unknown:
        await room.call("GET", "/api/me", headers={"X-Tongke-As": "robot"})
    assert (unknown.value.status, unknown.value.field) == (400, "X-Tongke-As")


async def test_a_terminal_of_before_stays_signed_in_until_a_person_signs_in(
    server: TongkeServer,
) -> None:
    teacher = await server.sign_in("wang")
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    room = await server.terminal(lesson, RECEIVE_ROOMS[0])
    old = server.client()  # as the landed version left it: one cookie for all
    old.http.cookie_jar.update_cookies(
        {
            "tongke_session": _cookies(room)["tongke_terminal"],
            "tongke_device": _cookies(room)["tongke_device"],
        },
        URL(server.url),
    )
    person, terminal = _windows(old)
    terminal.identity = await terminal.call("GET", "/api/me")
    assert terminal.identity["roles"] == ["receive_room"]
    with pytest.raises(ProblemError):
        await person.call("GET", "/api/me")
    await person.login("wang")
    with pytest.raises(ProblemError):
        await terminal.call("GET", "/api/me")
    terminal.identity = await terminal.call("POST", "/api/terminal/resume")
    assert (await person.call("GET", "/api/me"))["roles"] == ["lead_teacher"]
    assert (await terminal.call("GET", "/api/me"))["roles"] == ["receive_room"]


async def test_a_login_page_that_signs_a_terminal_in_keeps_its_person(server: TongkeServer) -> None:
    teacher, _ = _windows(server.client())
    await teacher.login("wang", DEMO_PASSWORD)
    lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:1])
    terminal = {"join_code": lesson["join_code"], "room_id": RECEIVE_ROOMS[0]}
    await teacher.call("POST", "/api/terminal/login", terminal)
    assert (await teacher.call("GET", "/api/me"))["roles"] == ["lead_teacher"]
