"""No request holds the loop, which forwards media, for long: every route, every role."""

import asyncio
import contextlib
import http.client
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from signaling.command import seed
from signaling.http_face import ROUTES
from signaling.identity.login_throttle import Caller as LoginCaller
from signaling.identity.service import LoginRequest
from signaling.identity.session_cookies import PERSON_COOKIE
from signaling.media.routes import MAX_SDP_BYTES
from signaling.web.app import MAX_BODY_BYTES
from signaling.web.routes import Content, Route
from signaling.wiring import Services
from tests.support.loop_time import watched_loop
from tests.support.resources import shelve
from tests.support.services import ADMIN, served

BUDGET_MS = 2.5  # of one step; half of DESIGN's 5 ms, for machines half as fast
LESSONS = 600  # of one day
RENEWED = {"lessons": ("lesson_id", "join_code"), "lesson_rooms": ("lesson_id",)}


@dataclass(frozen=True)
class Caller:
    """A role, with its cookie; nobody without."""

    name: str
    cookie: str = ""
    csrf: str = ""


def request(port: int, route: Route, path: str, caller: Caller, body: bytes | None = None) -> None:
    """One exchange, in a thread of its own."""
    headers = {"Cookie": f"{PERSON_COOKIE}={caller.cookie}", "X-CSRF-Token": caller.csrf}
    headers |= {"If-Match": "*", "Authorization": "Bearer none", "Accept-Encoding": "gzip"}
    if body is not None:
        kind = route.body.media_type if isinstance(route.body, Content) else "application/json"
        headers["Content-Type"] = {"image/*": "image/webp"}.get(kind, kind)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request(route.method, path, body, headers)
        connection.getresponse().read()


def largest_bodies(route: Route) -> Iterator[bytes | None]:
    """The worst that a client may send."""
    if route.body is None:
        yield None
    elif isinstance(route.body, Content):
        yield b"v=0\r\n" + b"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" * (MAX_SDP_BYTES // 45)
    else:
        deep = b"[" * (MAX_BODY_BYTES // 2) + b"]" * (MAX_BODY_BYTES // 2)
        yield deep
        yield b'{"x":' + deep[100:-100] + b"}"
        yield b'{"title":"' + b"\\u4e00" * (MAX_BODY_BYTES // 7) + b'"}'
        many = b",".join(b'{"a":1}' for _ in range(MAX_BODY_BYTES // 9))
        yield b'{"receive_room_ids":[' + many + b"]}"


async def callers(services: Services) -> list[Caller]:
    """Everyone who may call."""
    found = [Caller("nobody"), Caller("forged", "a.b.c")]
    for login in ("wang", "xianguan", "ziyuan", "jiaoyan"):
        new = await services.identity.login(
            LoginRequest(login, seed.DEMO_PASSWORD), LoginCaller(login)
        )
        csrf = (await services.identity.identity(new.signed_in)).csrf_token
        found.append(Caller(login, new.cookie, csrf))
    device = await services.terminals.issue_device(ADMIN, seed.RECEIVE_ROOMS[0])
    new = await services.terminals.resume(device, LoginCaller("room"))
    csrf = (await services.identity.identity(new.signed_in)).csrf_token
    found.append(Caller("room", new.cookie, csrf))
    return found


def many_lessons(database: Path, lesson_id: str) -> None:
    """A full day: copies of one lesson."""
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        for table, renewed in RENEWED.items():
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            kept = ",".join(name for name in columns if name not in renewed)
            marks = ",".join("?" for _ in renewed)
            fresh = [(f"copy-{n}", f"{n:08}")[: len(renewed)] for n in range(LESSONS)]
            db.executemany(
                f"INSERT INTO {table} ({','.join(renewed)},{kept})"
                f" SELECT {marks},{kept} FROM {table} WHERE lesson_id=?",
                [(*values, lesson_id) for values in fresh],
            )


async def test_no_route_holds_the_loop_whoever_calls_it(tmp_path: Path) -> None:
    too_long = []
    async with served(tmp_path) as (services, client, lesson_id):
        everyone = await callers(services)
        await asyncio.to_thread(many_lessons, tmp_path / "tongke.db", lesson_id)
        resource_id = await shelve(
            services, "shelved", teacher=seed.LEAD_TEACHER, room=seed.RECEIVE_ROOMS[0]
        )
        port = int(client.base.rpartition(":")[2])
        with watched_loop() as seen:
            for caller, route in itertools.product(everyone, ROUTES):
                if route.path in {"/api/logout", "/api/login"} and caller.cookie:
                    continue
                path = route.path.replace("{lesson_id}", lesson_id)
                path = path.replace("{room_id}", "yunling1").replace("{source_id}", "lead.camera")
                path = path.replace("{session_id}", "x").replace("{recording_id}", "x")
                path = path.replace("{file}", "x.webm").replace("{resource_id}", resource_id)
                path = path.replace("{version}", "1")
                if path == "/api/timetable/changes":
                    path += "?since=elsewhere"  # else it waits for a change
                for body in largest_bodies(route):
                    call = partial(request, port, route, path, caller, body)
                    longest = await seen.longest(call, BUDGET_MS)
                    if longest.ms > BUDGET_MS:
                        too_long.append((longest, caller.name, route.method, path))
    assert not too_long, "\n".join(map(str, too_long))
