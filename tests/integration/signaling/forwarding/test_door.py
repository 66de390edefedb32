"""Who comes to a cell's door without a web process, or with another's envelope, stays outside."""

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from sqlalchemy import update

from signaling.access.signing import Keyring, fingerprint
from signaling.base.errors import NotSignedIn
from signaling.command.seed import DEMO_PASSWORD, RECEIVE_ROOMS
from signaling.directory.tables import PersonRow
from signaling.forwarding.core.envelope import (
    WINDOW_MS,
    Envelope,
    Refusal,
    body_digest,
    request_digest,
)
from signaling.forwarding.core.headers import ENVELOPE, REFUSAL, passed
from signaling.forwarding.door import DoorKeeper
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import CellAddress, StaticPlaces, StaticShare
from signaling.forwarding.signatures import seal
from signaling.http_face import ROUTES
from signaling.identity.arrived_logins import ArrivedLogins
from signaling.identity.login_throttle import Caller
from signaling.identity.service import LoginRequest
from signaling.identity.tables import SessionRow
from signaling.web.app import MAX_BODY_BYTES, Face
from signaling.web.listeners import bind_unix
from signaling.web.metrics import RequestMetrics
from signaling.web.routes import Access, Call, Route, bind
from signaling.web.server import HttpServer, make_door_gate
from tests.support.services import new_lesson
from tests.support.web_and_cell import Cluster

pytestmark = pytest.mark.asyncio(loop_scope="module")

_OF_THE_LINE = {"host", "content-length"}
Answer = tuple[int, str | None, Any]
_hours = itertools.count(500)  # lessons of one teacher must not overlap


@dataclass
class Stranger:
    """A process that reaches the door."""

    cluster: Cluster

    async def send(
        self,
        method: str,
        path: str,
        sealed: str | None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Status, the door's refusal, and the answer."""
        path_of_socket = str(self.cluster.address.unix_path)
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(path_of_socket)) as http,
            http.request(
                method,
                f"http://localhost{path}",
                data=body or None,
                headers={**(headers or {}), **({} if sealed is None else {ENVELOPE: sealed})},
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            ) as answer,
        ):
            text = await answer.text()
            return answer.status, answer.headers.get(REFUSAL), msgspec.json.decode(text or "null")

    def seal(
        self,
        method: str,
        path: str,
        session: str | None,
        *,
        sent: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        keys: InnerKeys | None = None,
        **changes: Any,
    ) -> str:
        """The envelope that a web process would make, but for the changes."""
        key_id, key = (keys or self.cluster.keys).signing
        envelope = Envelope(
            key=key_id,
            at=int(self.cluster.cell.clock.now().timestamp() * 1000),
            nonce=secrets.token_urlsafe(16),
            cell=self.cluster.address.cell_id,
            request=request_digest(method, path, passed(headers)),
            body=body_digest(sent),
            session=session,
            remote="192.0.2.7",
            port=8080,
        )
        return seal(msgspec.structs.replace(envelope, **changes), key)


@pytest.fixture
def stranger(cluster: Cluster) -> Stranger:
    return Stranger(cluster)


async def session_of(cluster: Cluster, login: str = "wang") -> str:
    """The hash of a new session."""
    new = await cluster.web.identity.login(LoginRequest(login, DEMO_PASSWORD), Caller("192.0.2.7"))
    return new.signed_in.session_hash


async def start_path(cluster: Cluster) -> str:
    """The path that starts a lesson of its own."""
    return f"/api/lessons/{await new_lesson(cluster.cell, hours=next(_hours))}/start"


async def test_a_signed_request_is_answered(cluster: Cluster, stranger: Stranger) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    status, refusal, lesson = await stranger.send(
        "POST", path, stranger.seal("POST", path, session)
    )
    assert (status, refusal, lesson["state"]) == (200, None, "live")


async def test_an_unsigned_request_is_not_answered_whatever_it_says(
    cluster: Cluster, stranger: Stranger
) -> None:
    teacher = await cluster.sign_in("wang")
    path = await start_path(cluster)
    cookies = "; ".join(f"{c.key}={c.value}" for c in teacher.http.cookie_jar)
    assert "tongke_session" in cookies
    headers = {
        "Cookie": cookies,
        "X-CSRF-Token": teacher.identity["csrf_token"],
        "X-Forwarded-For": "192.0.2.7",
        "Forwarded": "for=192.0.2.7",
    }
    for sealed, reason in ((None, Refusal.UNSIGNED), ("v1.x.y", Refusal.MALFORMED)):
        status, refusal, problem = await stranger.send("POST", path, sealed, headers)
        assert (status, refusal, problem["code"]) == (401, reason, "door_closed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": -WINDOW_MS - 1}, Refusal.OUT_OF_TIME),
        ({"at": WINDOW_MS + 1}, Refusal.OUT_OF_TIME),
        ({"cell": "cell-2"}, Refusal.OTHER_CELL),
        ({"key": "0123456789abcdef"}, Refusal.UNKNOWN_KEY),
        ({"request": "0" * 64}, Refusal.OTHER_REQUEST),
        ({"body": body_digest(b"{}")}, Refusal.OTHER_BODY),
    ],
    ids=["too old", "from the future", "another cell", "unknown key", "another request", "body"],
)
async def test_an_envelope_that_does_not_fit_is_refused(
    cluster: Cluster, stranger: Stranger, changes: dict[str, Any], reason: Refusal
) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    if "at" in changes:
        now = int(cluster.cell.clock.now().timestamp() * 1000)
        changes = {"at": now + changes["at"]}
        cluster.door._opened_ms = now - 10 * WINDOW_MS  # the door has been open for long
    sealed = stranger.seal("POST", path, session, **changes)
    status, refusal, _ = await stranger.send("POST", path, sealed)
    assert (status, refusal) == (401, reason)


async def test_another_secret_is_not_ours(cluster: Cluster, stranger: Stranger) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    theirs = InnerKeys(lambda: Keyring(secrets.token_bytes(32)), cluster.cell.clock.monotonic)
    sealed = stranger.seal("POST", path, session, keys=theirs)
    assert (await stranger.send("POST", path, sealed))[1] == Refusal.UNKNOWN_KEY
    ours = cluster.keys.signing[0]
    sealed = stranger.seal("POST", path, session, keys=theirs, key=ours)
    assert (await stranger.send("POST", path, sealed))[1] == Refusal.BAD_SIGNATURE


async def test_an_envelope_opens_the_door_once(cluster: Cluster, stranger: Stranger) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    sealed = stranger.seal("POST", path, session)
    answers = await asyncio.gather(*[stranger.send("POST", path, sealed) for _ in range(8)])
    assert sorted(status for status, _, _ in answers) == [200] + [401] * 7
    assert {refusal for _, refusal, _ in answers} == {None, Refusal.REPLAYED}


async def test_after_a_restart_of_the_cell_nothing_of_before_is_taken(
    cluster: Cluster, stranger: Stranger
) -> None:
    """The new door knows no nonce of the old one."""
    session, path = await session_of(cluster), await start_path(cluster)
    sealed = stranger.seal("POST", path, session)
    assert (await stranger.send("POST", path, sealed))[0] == 200
    cluster.cell.clock.advance(seconds=1)  # type: ignore[attr-defined]
    await cluster.cell_down()
    await cluster.cell_up()
    assert (await stranger.send("POST", path, sealed))[1] == Refusal.OUT_OF_TIME


async def test_an_envelope_is_for_one_path_query_method_and_header(
    cluster: Cluster, stranger: Stranger
) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    end = path.replace("/start", "/end")
    for method, target, headers in (
        ("POST", end, {}),
        ("POST", f"{path}?as=person", {}),
        ("PUT", path, {}),
        ("POST", path, {"Authorization": "Bearer x"}),
        ("POST", path, {"X-Request-ID": "12345678"}),
    ):
        sealed = stranger.seal("POST", path, session)
        status, refusal, _ = await stranger.send(method, target, sealed, headers)
        assert (status, refusal) == (401, Refusal.OTHER_REQUEST), (method, target, headers)


async def test_another_body_under_the_same_envelope_is_refused(
    cluster: Cluster, stranger: Stranger
) -> None:
    session = await session_of(cluster)
    path = (await start_path(cluster)).replace("/start", "/cancel")
    headers = {"Content-Type": "application/json"}
    signed = b'{"reason":"teacher_ill"}'
    sealed = stranger.seal("POST", path, session, sent=signed, headers=tuple(headers.items()))
    for body in (b'{"reason":"teacher_bad"}', b"", signed + b" "):
        assert (await stranger.send("POST", path, sealed, headers, body))[1] in {
            Refusal.OTHER_BODY,
            Refusal.REPLAYED,  # it was opened by the first of these
        }


async def test_headers_of_clients_mean_nothing_behind_the_door(
    cluster: Cluster, stranger: Stranger
) -> None:
    """With a room's session, neither the teacher's cookie nor its address make a teacher."""
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.new_lesson()
    room = await cluster.terminal(lesson, RECEIVE_ROOMS[0])
    hashes = await sessions_of_cookies(cluster, room, "tongke_terminal")
    path = f"/api/lessons/{lesson['lesson_id']}/start"
    cookies = "; ".join(f"{c.key}={c.value}" for c in teacher.http.cookie_jar)
    headers = {
        "Cookie": cookies,
        "X-CSRF-Token": teacher.identity["csrf_token"],
        "X-Tongke-As": "person",
        "X-Forwarded-For": "203.0.113.9",
    }
    for session, status in ((hashes, 403), (None, 401)):
        sealed = stranger.seal("POST", path, session)
        got, refusal, problem = await stranger.send("POST", path, sealed, headers)
        assert (got, refusal) == (status, None), problem  # a handler's answer, not the door's


async def sessions_of_cookies(cluster: Cluster, client: Any, name: str) -> str:
    cookie = next(c.value for c in client.http.cookie_jar if c.key == name)
    return (await cluster.web.identity.signed_in(cookie)).session_hash


class Echo:
    """Tells which headers a handler sees, and from where the request seems to come."""

    async def echo(self, call: Call) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in call.request.headers.items()}
        return {"headers": headers, "remote": call.remote, "port": call.port}


async def test_a_handler_behind_the_door_sees_signed_headers_only(
    cluster: Cluster, stranger: Stranger, tmp_path: Path
) -> None:
    """So that none of later days can believe what nobody signed."""
    path = "/api/lessons/x/echo"
    route = Route("POST", path, Echo.echo, "echo", dict, access=Access.OPEN)
    logins = ArrivedLogins(cluster.cell.identity)
    face = Face(bind((route,), Echo()), (), logins, RequestMetrics(), {}, door=cluster.door)
    config = cluster.cell.config
    server = HttpServer(
        config, face, make_door_gate(config), lambda: None, lambda: bind_unix(tmp_path / "s")
    )
    await server.start()
    address, cluster.address = cluster.address, CellAddress("cell-1", tmp_path / "s")
    try:
        signed = {"Authorization": "Bearer x", "Content-Type": "text/plain"}
        forged = {
            "Cookie": "tongke_session=x",
            "X-CSRF-Token": "x",
            "X-Tongke-As": "person",
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
            "Forwarded": "for=203.0.113.9",
            "X-Real-IP": "203.0.113.9",
            "Origin": "https://elsewhere.example",
        }
        sealed = stranger.seal("POST", path, None, headers=tuple(signed.items()))
        _, _, seen = await stranger.send("POST", path, sealed, {**signed, **forged})
        assert seen["headers"].keys() - _OF_THE_LINE == {"authorization", "content-type"}
        assert (seen["remote"], seen["port"]) == ("192.0.2.7", 8080)
    finally:
        cluster.address = address
        await server.stop()


async def test_the_cell_asks_the_database_what_a_session_may(
    cluster: Cluster, stranger: Stranger
) -> None:
    path = await start_path(cluster)
    researcher = await session_of(cluster, "jiaoyan")
    sealed = stranger.seal("POST", path, researcher)
    status, _, problem = await stranger.send("POST", path, sealed)
    assert (status, problem["code"]) == (403, "forbidden")
    ended = await session_of(cluster)
    who = await cluster.cell.identity.known_by(ended)
    await cluster.web.identity.logout(who)
    for session in (ended, fingerprint("made up")):
        with pytest.raises(NotSignedIn):
            await cluster.cell.identity.known_by(session)
        sealed = stranger.seal("POST", path, session)
        status, _, problem = await stranger.send("POST", path, sealed)
        assert (status, problem["code"]) == (401, "not_signed_in")


async def test_a_session_that_is_too_old_is_nobodys(cluster: Cluster, stranger: Stranger) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    async with cluster.web.database.write() as rows:
        row = update(SessionRow).where(SessionRow.id_hash == session)
        await rows.execute(row.values(expires_at=cluster.cell.clock.now()))
    status, _, problem = await stranger.send("POST", path, stranger.seal("POST", path, session))
    assert (status, problem["code"]) == (401, "not_signed_in")


async def test_who_must_change_the_password_first_does_so_before_anything_in_a_cell(
    cluster: Cluster, stranger: Stranger
) -> None:
    session, path = await session_of(cluster, "jiaoyan"), await start_path(cluster)
    for due, code in ((True, "password_change_due"), (False, "forbidden")):
        async with cluster.web.database.write() as rows:
            person = update(PersonRow).where(PersonRow.login == "jiaoyan")
            await rows.execute(person.values(must_change_password=due))
        sealed = stranger.seal("POST", path, session)
        status, _, problem = await stranger.send("POST", path, sealed)
        assert (status, problem["code"]) == (403, code)


async def test_a_body_that_is_too_large_is_not_read(cluster: Cluster, stranger: Stranger) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    body = bytes(MAX_BODY_BYTES + 1)
    sealed = stranger.seal("POST", path, session, sent=body)
    status, _, problem = await stranger.send("POST", path, sealed, body=body)
    assert (status, problem["code"]) == (413, "too_large")


async def test_what_is_of_no_lesson_is_not_there(cluster: Cluster, stranger: Stranger) -> None:
    session = await session_of(cluster)
    elsewhere = [r for r in ROUTES if r.at_cell is None]
    asked = ["/", "/index.html", "/metrics", "/healthz", "/api/me", "/api/lessons", "/api/login"]
    assert {route.path for route in elsewhere} >= set(asked[2:])
    for path in asked:
        status, refusal, _ = await stranger.send("GET", path, stranger.seal("GET", path, session))
        assert (status, refusal) == (404, Refusal.NO_ROUTE), path
        status, refusal, _ = await stranger.send("GET", path, None)
        assert (status, refusal) == (401, Refusal.UNSIGNED), path


async def test_a_lesson_of_another_cell_is_not_answered(
    cluster: Cluster, stranger: Stranger
) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    cluster.door._held = StaticShare(cluster.address.cell_id, StaticPlaces(()))
    try:
        sealed = stranger.seal("POST", path, session)
        assert (await stranger.send("POST", path, sealed))[1] == Refusal.NOT_HELD
    finally:
        cluster.door._held = StaticShare(cluster.address.cell_id, StaticPlaces((cluster.address,)))


async def test_a_door_that_cannot_tell_replays_any_more_takes_nothing(
    cluster: Cluster, stranger: Stranger
) -> None:
    session, path = await session_of(cluster), await start_path(cluster)
    nonces = cluster.door._nonces
    nonces._most, former = len(nonces._recent), nonces._most
    try:
        sealed = stranger.seal("POST", path, session)
        assert (await stranger.send("POST", path, sealed))[1] == Refusal.CROWDED
        assert isinstance(cluster.door, DoorKeeper)
        assert cluster.door.refused[Refusal.CROWDED] >= 1
    finally:
        nonces._most = former
