"""Audit belongs to the action: every route that changes something leaves exactly one row."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from load_tests.sdp import LocalIdentity, watch_offer
from signaling import seed
from signaling.core.resources import LessonState
from signaling.db import audit_log
from signaling.db.tables import Base
from signaling.http.app import ROUTES
from signaling.http.routes import Route
from signaling.services import Services
from tests.support.control import until
from tests.support.server import Client
from tests.support.services import served

OFFER = watch_offer(
    LocalIdentity("ufrag", "p" * 24, ":".join(["AB"] * 32)), video_slots=1, audio_slots=1
)
SAFE = {"GET", "HEAD", "OPTIONS"}
# Unsafe methods that change nothing that is kept, each with the reason.
UNAUDITED = {
    ("POST", "/api/terminal/lookup"): "reads",
    ("POST", "/api/lessons/{lesson_id}/media-access"): "makes tokens; watching is audited",
    ("PUT", "/api/lessons/{lesson_id}/stills/{source_id}"): "a moment of the lesson",
    ("POST", "/whip/{lesson_id}/{source_id}"): "a member's part of the lesson, seen by all",
    ("POST", "/whep/{lesson_id}"): "a member's; an observer's is audited (below)",
    ("PATCH", "/whip/sessions/{session_id}"): "media",
    ("PATCH", "/whep/sessions/{session_id}"): "media",
    ("DELETE", "/whip/sessions/{session_id}"): "media",
    ("DELETE", "/whep/sessions/{session_id}"): "media",
}
AUDITED = [route for route in ROUTES if route.audited is not None]


@dataclass
class _County:
    services: Services
    teacher: Client
    admin: Client
    kiosk: Client
    lesson_id: str


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[_County]:
    async with served(tmp_path) as (services, teacher, lesson_id):
        jars = [aiohttp.CookieJar(unsafe=True) for _ in range(2)]
        async with (
            aiohttp.ClientSession(cookie_jar=jars[0]) as first,
            aiohttp.ClientSession(cookie_jar=jars[1]) as second,
        ):
            admin, kiosk = Client(teacher.base, first), Client(teacher.base, second)
            await admin.login("xianguan")
            lesson = await teacher.call("GET", f"/api/lessons/{lesson_id}")
            await kiosk.terminal_login(join_code=lesson["join_code"], room_id=seed.RECEIVE_ROOMS[0])
            yield _County(services, teacher, admin, kiosk, lesson_id)


Act = Callable[[_County], Awaitable[Any]]
ROOM_PATH = f"/api/rooms/{seed.RECEIVE_ROOMS[0]}"


def _on_lesson(deed: str, body: Any = None) -> Act:
    return lambda c: c.teacher.call("POST", f"/api/lessons/{c.lesson_id}/{deed}", body)


async def _again_as_terminal(c: _County) -> None:
    lesson = await c.teacher.call("GET", f"/api/lessons/{c.lesson_id}")
    await c.kiosk.terminal_login(join_code=lesson["join_code"], room_id=seed.RECEIVE_ROOMS[0])


# How each audited action is done.
DONE_BY: dict[str, Act] = {
    "login": lambda c: c.teacher.login("wang"),
    "terminal_login": _again_as_terminal,
    "terminal_resume": lambda c: c.kiosk.call("POST", "/api/terminal/resume"),
    "logout": lambda c: c.kiosk.call("POST", "/api/logout"),
    "device_token_issue": lambda c: c.admin.call("POST", f"{ROOM_PATH}/device-token"),
    "room_shut_out": lambda c: c.admin.call("DELETE", f"{ROOM_PATH}/device-tokens"),
    "lesson_create": lambda c: c.teacher.new_lesson(),
    "lesson_start": _on_lesson("start"),
    "lesson_end": _on_lesson("end"),
    "lesson_cancel": _on_lesson("cancel", {"reason": "停电"}),
    "external_access": _on_lesson("external-access"),
}
NEEDS_LIVE = {"lesson_end", "external_access"}


async def _tables(services: Services) -> dict[str, list[Any]]:
    """Everything that an action could change."""
    kept = {}
    async with services.database.read() as session:
        for name in ("sessions", "device_tokens", "lessons", "audit_log"):
            table = Base.metadata.tables[name]
            rows = (await session.execute(select(table))).all()
            kept[name] = sorted(map(repr, rows))
    return kept


def test_every_route_with_an_unsafe_method_says_what_it_leaves() -> None:
    silent = {(r.method, r.path) for r in ROUTES if r.method not in SAFE and r.audited is None}
    assert silent == set(UNAUDITED)
    assert {route.audited for route in AUDITED} == set(DONE_BY)


@pytest.mark.parametrize("route", AUDITED, ids=lambda route: route.audited)
async def test_a_change_leaves_exactly_one_row(county: _County, route: Route) -> None:
    action = route.audited or ""
    if action in NEEDS_LIVE:
        await _on_lesson("start")(county)
    before = Counter(await county.services.audit.entries())
    await DONE_BY[action](county)
    after = Counter(await county.services.audit.entries())
    (entry,) = (after - before).elements()
    assert (entry.action, bool(entry.actor_name), entry.remote) == (action, True, "127.0.0.1")
    assert entry.target


@pytest.mark.parametrize("route", AUDITED, ids=lambda route: route.audited)
async def test_without_its_audit_row_nothing_is_changed(
    county: _County, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = route.audited or ""
    if action in NEEDS_LIVE:
        await _on_lesson("start")(county)
    for client in (county.teacher, county.admin, county.kiosk):
        await client.call("GET", "/api/me")  # that a login is used is noted before
    before = await _tables(county.services)

    def fails(*_arguments: object) -> None:
        raise RuntimeError("the audit log is broken")

    monkeypatch.setattr(audit_log.AuditLog, "_row", fails)
    with pytest.raises(Exception, match="500"):
        await DONE_BY[action](county)
    assert await _tables(county.services) == before


async def _researcher(county: _County) -> Client:
    await county.admin.login("jiaoyan")
    return county.admin


async def _watch(client: Client, watch: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {watch['token']}", "Content-Type": "application/sdp"}
    async with client.http.post(
        client.base + watch["url"], data=OFFER, headers=headers
    ) as response:
        return response.status


async def test_watching_without_the_control_channel_is_audited(
    county: _County, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _on_lesson("start")(county)
    researcher = await _researcher(county)
    watch = (await researcher.media_access(county.lesson_id))["watch"]
    assert await county.services.audit.entries("observe") == ()
    assert await _watch(researcher, watch) == 201
    (entry,) = await county.services.audit.entries("observe")
    assert (entry.actor_id, entry.actor_name) == ("researcher-chen", "陈教研")
    assert (entry.target, entry.detail, entry.remote) == (county.lesson_id, "media", "127.0.0.1")
    own = (await county.teacher.media_access(county.lesson_id))["watch"]
    assert await _watch(county.teacher, own) == 201
    assert len(await county.services.audit.entries("observe")) == 1

    def fails(*_arguments: object) -> None:
        raise RuntimeError("the audit log is broken")

    open_before = len(county.services.media_sessions)
    monkeypatch.setattr(audit_log.AuditLog, "_row", fails)
    assert await _watch(researcher, watch) == 500
    assert len(county.services.media_sessions) == open_before


async def test_watching_by_the_control_channel_is_audited(
    county: _County, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _on_lesson("start")(county)
    researcher = await _researcher(county)
    async with researcher.channel(county.lesson_id) as ws:
        await until(ws, "snapshot")
    (entry,) = await county.services.audit.entries("observe")
    assert (entry.detail, entry.target) == ("channel", county.lesson_id)
    async with county.teacher.channel(county.lesson_id) as ws:
        await until(ws, "snapshot")
    assert len(await county.services.audit.entries("observe")) == 1


async def test_a_look_at_the_recording_of_a_live_lesson_is_audited(county: _County) -> None:
    await _on_lesson("start")(county)
    researcher = await _researcher(county)
    lesson = await researcher.call("GET", f"/api/lessons/{county.lesson_id}")
    assert lesson["state"] == LessonState.LIVE
    await researcher.call("GET", f"/api/recordings/{lesson['recording_id']}")
    (entry,) = await county.services.audit.entries("observe")
    assert entry.detail == "recording"
    await county.teacher.call("GET", f"/api/recordings/{lesson['recording_id']}")
    assert len(await county.services.audit.entries("observe")) == 1
