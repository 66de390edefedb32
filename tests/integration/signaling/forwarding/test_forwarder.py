"""REST, WHIP and WHEP through a web process: what clients see is what the cell answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from signaling.audit.actions import AuditAction
from signaling.command.seed import RECEIVE_ROOMS
from signaling.directory.tables import PersonRow
from signaling.forwarding.core.envelope import Refusal
from signaling.forwarding.core.headers import ENVELOPE, REFUSAL
from signaling.forwarding.places import CellAddress, NoCell, StaticPlaces
from signaling.http_face import http_server
from signaling.web.app import MAX_BODY_BYTES
from signaling.web.connection_book import Stage
from tests.integration.signaling.media.by_hand import FRAGMENT, media_request, poll, some_offer
from tests.support.control import until
from tests.support.nginx import free_port
from tests.support.server import Client, ProblemError
from tests.support.small_media import publishing, watching
from tests.support.web_and_cell import Cluster, forwarder_to, sender_of, web_and_cell

pytestmark = pytest.mark.asyncio(loop_scope="module")

AWAY = (503, "cell_away")


async def test_a_lesson_runs_in_the_cell_and_not_in_the_web_process(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    lesson_id = lesson["lesson_id"]
    assert (lesson["state"], cluster.web.hub.rooms) == ("live", ())
    room = cluster.cell.hub.room(lesson_id)
    assert room is not None
    assert room.state.is_live
    ended = await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
    assert (ended["state"], cluster.cell.hub.room(lesson_id)) == ("ended", None)


async def test_media_flow_through_the_cell_by_addresses_of_the_web_process(
    cluster: Cluster,
) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    access = await teacher.media_access(lesson["lesson_id"])
    async with (
        teacher.channel(lesson["lesson_id"]) as ws,
        publishing(teacher, access["camera"]) as publisher,
        watching(teacher, access["watch"]) as viewer,
    ):
        await until(ws, "snapshot")
        for peer, kind in ((publisher, "whip"), (viewer, "whep")):
            path = f"{cluster.url}/{kind}/{lesson['lesson_id']}/sessions/"
            assert peer.location is not None
            assert peer.location.startswith(path)
            assert peer.etag.startswith('"')
        sources = cluster.cell.relay.sources(lesson["lesson_id"])
        assert [source.source_id for source in sources] == ["lead.camera"]
        await poll(lambda: publisher.up_at is not None and viewer.up_at is not None)
        assert len(cluster.cell.media_sessions) == 2
        assert len(cluster.web.media_sessions) == 0
    await poll(lambda: len(cluster.cell.media_sessions) == 0)  # both sent their DELETE


async def test_a_session_is_patched_by_its_entity_tag_and_deleted(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    camera = (await teacher.media_access(lesson["lesson_id"]))["camera"]

    async def asked(method: str, path: str, body: bytes | None, **more: str) -> Any:
        return await media_request(
            teacher, method, path, token=camera["token"], body=body, kind=FRAGMENT, **more
        )

    status, _, opened = await media_request(
        teacher, "POST", camera["url"], token=camera["token"], body=await some_offer()
    )
    assert status == 201
    assert opened["Accept-Patch"] == FRAGMENT
    assert opened.getall("Access-Control-Allow-Origin") == ["*"]
    session = opened["Location"]
    restart = b"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    status, problem, _ = await asked("PATCH", session, restart)
    assert (status, problem["code"]) == (428, "precondition_required")
    status, problem, _ = await asked("PATCH", session, restart, If_Match='"other"')
    assert (status, problem["code"]) == (412, "stale_session")
    tags = f'"other", {opened["ETag"]}'
    status, _, patched = await asked("PATCH", session, restart, If_Match=tags)
    assert status == 200
    assert patched["ETag"] not in {opened["ETag"], ""}
    foreign = session.replace(lesson["lesson_id"], "another-lesson")
    assert (await asked("DELETE", foreign, None))[0] == 404
    assert (await asked("DELETE", session, None))[0] == 200
    assert (await asked("DELETE", session, None))[0] == 404


async def test_preflights_are_answered_by_any_process(cluster: Cluster) -> None:
    client = cluster.client()
    await cluster.cell_down()
    try:
        for path in ("/whip/x/lead.camera", "/whep/x", "/whip/x/sessions/y"):
            status, _, headers = await media_request(client, "OPTIONS", path, body=None, kind=None)
            assert status == 200
            assert "If-Match" in headers["Access-Control-Allow-Headers"]
    finally:
        await cluster.cell_up()


async def test_the_cell_learns_the_clients_address_from_the_envelope_alone(
    cluster: Cluster,
) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.new_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}/start"
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", ENVELOPE: "v1.a.b"}
    await teacher.call("POST", path, headers=forged)
    admin = await cluster.sign_in("xianguan")
    lines = (await admin.call("GET", "/api/audit"))["lines"]
    line = next(one for one in lines if one["action"] == AuditAction.LESSON_START)
    assert line["remote"] == "127.0.0.1"


async def test_refusals_of_both_processes_reach_the_client_as_they_are(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}"
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    stranger = cluster.client()
    foreign = {"Origin": "https://elsewhere.example"}
    kind = {"Content-Type": "image/webp"}
    for client, method, deed, body, more, status, code in (
        (stranger, "POST", "/end", None, {}, 401, "not_signed_in"),
        (room, "POST", "/end", None, {}, 403, "forbidden"),
        (teacher, "POST", "/end", None, foreign, 403, "csrf"),
        (teacher, "POST", "/end", None, {"X-CSRF-Token": "x"}, 403, "csrf"),
        (teacher, "PUT", "/stills/lead.courseware", b"x" * 50_000, kind, 404, "not_found"),
        (teacher, "PUT", "/stills/lead.courseware", bytes(MAX_BODY_BYTES + 1), kind, 413,
         "too_large"),
        (teacher, "POST", "/notices", b"{", {"Content-Type": "application/json"}, 400,
         "malformed"),
    ):  # fmt: skip
        headers = {"X-CSRF-Token": client.identity.get("csrf_token", ""), **more}
        async with client.http.request(
            method, cluster.url + path + deed, data=body, headers=headers
        ) as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["code"]) == (status, code), (deed, headers)
            assert REFUSAL not in answer.headers


async def test_a_header_that_is_no_text_is_refused(cluster: Cluster) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(cluster.url.split(":")[-1]))
    lesson = await (await cluster.sign_in("wang")).new_lesson()
    path = f"/whip/{lesson['lesson_id']}/lead.camera"
    writer.write(
        b'POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nIf-Match: "\xff"\r\n\r\n'
        % path.encode()
    )
    answer = await reader.readuntil(b"\r\n")
    writer.close()
    assert b" 400 " in answer


async def test_a_cell_that_is_away_is_told_at_once_and_found_again(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()
    await cluster.cell_down()
    try:
        with pytest.raises(ProblemError) as away:
            await teacher.media_access(lesson["lesson_id"])
        assert (away.value.status, away.value.code) == AWAY
        url = f"{cluster.url}/api/lessons/{lesson['lesson_id']}/end"
        headers = {"X-CSRF-Token": teacher.identity["csrf_token"]}
        async with teacher.http.post(url, headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert (await teacher.call("GET", "/api/lessons"))["lessons"] is not None
    finally:
        await cluster.cell_up()
    assert await teacher.media_access(lesson["lesson_id"])


async def test_a_cell_that_dies_in_mid_request_leaves_an_answer(cluster: Cluster) -> None:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.new_lesson()
    path = f"/api/lessons/{lesson['lesson_id']}/start"
    gate = cluster._server._gate
    async with cluster.web.database.write() as rows:
        await rows.execute(update(PersonRow).values(name=PersonRow.name))
        asking = asyncio.create_task(teacher.call("POST", path))  # waits for its turn to write
        await poll(
            lambda: any(c.entry.stage is Stage.ANSWERING for c in gate._connections.values())
        )
        await gate.close()
        with pytest.raises(ProblemError) as away:
            await asking
        assert (away.value.status, away.value.code) == AWAY
    assert (await teacher.call("POST", path))["state"] == "live"


async def test_a_cell_on_another_machine_is_reached_over_http(tmp_path: Path) -> None:
    async with web_and_cell(tmp_path, tcp_port=free_port()) as apart:
        teacher = await apart.sign_in("wang")
        lesson = await teacher.live_lesson()
        async with teacher.channel(lesson["lesson_id"]) as ws:
            await until(ws, "snapshot")
        assert apart.web.hub.rooms == ()
        base = apart.address.base_url
        async with teacher.http.post(f"{base}/api/lessons/{lesson['lesson_id']}/end") as answer:
            assert answer.status == 401
        access = await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/external-access")
        assert access["servers"] == [apart.url]  # people's address, not the cell's


# --- cells that do what no cell of ours does ------------------------------------------------------

BIG = 8 * 1024 * 1024


@asynccontextmanager
async def false_cell(
    path: Path, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> AsyncIterator[CellAddress]:
    """A process at the address of a cell that answers everything in one way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    try:
        yield CellAddress("false-cell", path)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def before(cluster: Cluster, address: CellAddress) -> AsyncIterator[Client]:
    """A web process before a false cell, and the teacher signed in there."""
    sender = sender_of(cluster.web)
    forwarder = forwarder_to(StaticPlaces((address,)), cluster.web, sender)
    server = http_server(cluster.web, forwarder)
    await server.start()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        client = Client(server.url, session)
        await client.login("wang")
        try:
            yield client
        finally:
            await server.stop()
            await sender.clients.close()


async def test_an_answer_of_any_size_comes_as_fast_as_its_client_takes_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    """The web process keeps no more of it than the sockets do."""
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"X-Kept": "yes", "Set-Cookie": "a=b"})
        response.content_length = BIG
        await response.prepare(request)
        for number in range(BIG // 65536):
            await response.write(bytes([number % 251]) * 65536)
            sent += 65536
        return response

    async with false_cell(tmp_path / "s", answer) as address, before(cluster, address) as client:
        headers = {"X-CSRF-Token": client.identity["csrf_token"]}
        async with client.http.post(f"{client.base}/api/lessons/x/start", headers=headers) as got:
            got.connection.transport.pause_reading()  # type: ignore[union-attr]
            before_s = -1
            while before_s != sent:  # until nothing moves any more
                before_s = sent
                await asyncio.sleep(0.3)
            assert sent < BIG
            got.connection.transport.resume_reading()  # type: ignore[union-attr]
            body = await got.read()
            assert body == b"".join(bytes([n % 251]) * 65536 for n in range(BIG // 65536))
            assert got.headers["X-Kept"] == "yes"
            assert "Set-Cookie" not in got.headers


@pytest.mark.parametrize("size", [1000, BIG], ids=["small", "streamed"])
async def test_half_an_answer_is_never_taken_for_a_whole_one(
    cluster: Cluster, tmp_path: Path, size: int
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = size
        await response.prepare(request)
        await response.write(bytes(size // 2))
        assert request.transport is not None
        request.transport.close()
        return response

    async with false_cell(tmp_path / "s", answer) as address, before(cluster, address) as client:
        if size > 100_000:
            with pytest.raises(aiohttp.ClientError):
                await client.call("POST", "/api/lessons/x/start")
        else:
            with pytest.raises(ProblemError) as away:
                await client.call("POST", "/api/lessons/x/start")
            assert (away.value.status, away.value.code) == AWAY


async def test_a_refusal_of_the_door_is_not_shown_to_the_client(
    cluster: Cluster, tmp_path: Path
) -> None:
    """A 401 would make a page believe that its login is over."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=401, headers={REFUSAL: Refusal.UNKNOWN_KEY})

    async with false_cell(tmp_path / "s", answer) as address, before(cluster, address) as client:
        with pytest.raises(ProblemError) as away:
            await client.call("POST", "/api/lessons/x/start")
        assert (away.value.status, away.value.code) == AWAY


# --- which cell -----------------------------------------------------------------------------------


class Places:
    """Places of lessons that a test moves about."""

    def __init__(self, *cells: CellAddress) -> None:
        self.cells_there = cells
        self.answers = list(cells)  # the next one after `forget`; the last one stays
        self.placed: list[tuple[str, int]] = []
        self.room: CellAddress | None = None

    async def cell_of(self, lesson_id: str) -> CellAddress | None:
        del lesson_id
        return self.answers[0] if self.answers else None

    def forget(self, lesson_id: str) -> None:
        del lesson_id
        if len(self.answers) > 1:
            self.answers.pop(0)

    async def cells(self) -> Sequence[CellAddress]:
        return self.cells_there

    async def place(self, lesson_id: str, expected: int) -> CellAddress:
        self.placed.append((lesson_id, expected))
        if self.room is None:
            raise NoCell("all cells are full")
        return self.room


@asynccontextmanager
async def with_places(cluster: Cluster, places: Places) -> AsyncIterator[Client]:
    async with contextlib.AsyncExitStack() as stack:
        sender = sender_of(cluster.web)
        stack.push_async_callback(sender.clients.close)
        forwarder = forwarder_to(places, cluster.web, sender)
        server = http_server(cluster.web, forwarder)
        await server.start()
        stack.push_async_callback(server.stop)
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        client = Client(server.url, await stack.enter_async_context(session))
        await client.login("wang")
        yield client


async def test_a_lesson_is_given_to_a_cell_when_its_room_opens(cluster: Cluster) -> None:
    places = Places()
    async with with_places(cluster, places) as teacher:
        lesson = await teacher.new_lesson(rooms=RECEIVE_ROOMS[:2])
        path = f"/api/lessons/{lesson['lesson_id']}"
        with pytest.raises(ProblemError) as early:  # of a lesson that waits, any process says so
            await teacher.media_access(lesson["lesson_id"])
        assert (early.value.status, early.value.code, places.placed) == (409, "wrong_state", [])
        with pytest.raises(ProblemError) as full:
            await teacher.call("POST", f"{path}/start")
        assert (full.value.status, full.value.code) == AWAY
        places.room = cluster.address
        assert (await teacher.call("POST", f"{path}/start"))["state"] == "live"
        assert places.placed[-1] == (lesson["lesson_id"], 3)
        # Its cell is lost: whatever is asked of a live lesson gives it to another one.
        await teacher.media_access(lesson["lesson_id"])
        assert len(places.placed) == 3
        assert cluster.web.hub.rooms == ()


async def test_what_is_no_open_lesson_has_no_cell(cluster: Cluster) -> None:
    places = Places()
    async with with_places(cluster, places) as teacher:
        lesson = await teacher.new_lesson()
        path = f"/api/lessons/{lesson['lesson_id']}"
        cancelled = await teacher.call("POST", f"{path}/cancel", {"reason": "other"})
        assert cancelled["state"] == "cancelled"
        for lesson_id, status in ((lesson["lesson_id"], 409), ("none-such", 404)):
            with pytest.raises(ProblemError) as refused:
                await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
            assert refused.value.status == status
        assert places.placed == []


async def test_a_lesson_that_has_moved_is_followed_once(cluster: Cluster, tmp_path: Path) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=401, headers={REFUSAL: Refusal.NOT_HELD})

    async with false_cell(tmp_path / "s", answer) as former:
        async with with_places(cluster, Places(former, cluster.address)) as teacher:
            lesson = await teacher.new_lesson()
            path = f"/api/lessons/{lesson['lesson_id']}/start"
            assert (await teacher.call("POST", path))["state"] == "live"
        async with with_places(cluster, Places(former)) as teacher:
            with pytest.raises(ProblemError) as between:
                await teacher.call("POST", path)
            assert (between.value.status, between.value.code) == AWAY
