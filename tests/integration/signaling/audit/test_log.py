"""Audit belongs to the action: every route that changes something leaves exactly one row."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from load_tests.sdp import LocalIdentity, watch_offer
from signaling.audit import log as audit_log
from signaling.base.columns import Base
from signaling.command import seed
from signaling.directory.tables import OrgNodeRow, RoomRow
from signaling.http_face import ROUTES
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import DeliveryMode, LessonState
from signaling.wiring import Services
from tests.integration.signaling.audit import (
    account_acts,
    consent_acts,
    exchange_acts,
    import_acts,
    ledger_acts,
    node_acts,
    proposal_acts,
    resource_acts,
    timetable_acts,
)
from tests.integration.signaling.jobs.kinds import ASK, Wish
from tests.support.control import until
from tests.support.server import Client
from tests.support.services import lead_teacher, served
from tests.support.uploads import beginning

OFFER = watch_offer(
    LocalIdentity("ufrag", "p" * 24, ":".join(["AB"] * 32)), video_slots=1, audio_slots=1
)
SAFE = {"GET", "HEAD", "OPTIONS"}
# Unsafe methods that change nothing that is kept, each with the reason.
UNAUDITED = {
    ("POST", "/api/terminal/lookup"): "reads",
    ("POST", "/api/lessons/{lesson_id}/media-access"): "makes tokens; watching is audited",
    ("PUT", "/api/lessons/{lesson_id}/stills/{source_id}"): "a moment of the lesson",
    ("POST", "/api/lessons/{lesson_id}/plays"): "what a room has watched; the ledger shows it",
    ("PATCH", "/api/files/{file_id}"): "the next bytes of an upload whose begin is audited",
    ("POST", "/whip/{lesson_id}/{source_id}"): "a member's part of the lesson, seen by all",
    ("POST", "/whep/{lesson_id}"): "a member's; an observer's is audited (below)",
    ("PATCH", "/whip/{lesson_id}/sessions/{session_id}"): "media",
    ("PATCH", "/whep/{lesson_id}/sessions/{session_id}"): "media",
    ("DELETE", "/whip/{lesson_id}/sessions/{session_id}"): "media",
    ("DELETE", "/whep/{lesson_id}/sessions/{session_id}"): "media",
    ("POST", "/oai"): "reads",
    **account_acts.UNAUDITED,
    **timetable_acts.UNAUDITED,
    **resource_acts.UNAUDITED,
}
AUDITED = sorted({route.audited for route in ROUTES if route.audited is not None})


@dataclass
class _County:
    services: Services
    teacher: Client
    admin: Client
    kiosk: Client
    lesson_id: str
    job_id: str
    file_id: str
    kept: dict[str, Any] = field(default_factory=dict)  # what was prepared for an action


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
            owner = await lead_teacher(services)
            job = await services.jobs.submit(owner, ASK, Wish("write"))
            await admin.call("POST", "/api/files", headers=beginning(9, "课表.csv"))
            (file,) = (await admin.call("GET", "/api/files"))["files"]
            yield _County(services, teacher, admin, kiosk, lesson_id, job.job_id, file["file_id"])


Act = Callable[[_County], Awaitable[Any]]
ROOM_PATH = f"/api/rooms/{seed.RECEIVE_ROOMS[0]}"


def _on_lesson(deed: str, body: Any = None) -> Act:
    return lambda c: c.teacher.call("POST", f"/api/lessons/{c.lesson_id}/{deed}", body)


async def _again_as_terminal(c: _County) -> None:
    lesson = await c.teacher.call("GET", f"/api/lessons/{c.lesson_id}")
    await c.kiosk.terminal_login(join_code=lesson["join_code"], room_id=seed.RECEIVE_ROOMS[0])


async def _choose_nothing(c: _County) -> None:
    body = {"revision": 0, "resource_ids": []}
    await c.teacher.call("PUT", f"/api/lessons/{c.lesson_id}/resources", body)


ROOM_ENTRY = f"/api/directory/rooms/{seed.RECEIVE_ROOMS[1]}"


# How each audited action is done.
DONE_BY: dict[str, Act] = {
    "login": lambda c: c.teacher.login("wang"),
    "terminal_login": _again_as_terminal,
    "terminal_resume": lambda c: c.kiosk.call("POST", "/api/terminal/resume"),
    "logout": lambda c: c.kiosk.call("POST", "/api/logout"),
    "device_token_issue": lambda c: c.admin.call("POST", f"{ROOM_PATH}/device-token"),
    "room_shut_out": lambda c: c.admin.call("DELETE", f"{ROOM_PATH}/device-tokens"),
    "job_submit": lambda c: c.admin.call(
        "POST", "/api/directory/exports", {"noun": "rooms", "node_id": seed.COUNTY[0]}
    ),
    "directory_create": lambda c: c.admin.call(
        "POST", "/api/directory/rooms", {"name": "新教室", "school_id": seed.CENTER_SCHOOL}
    ),
    "directory_change": lambda c: c.admin.call("PUT", ROOM_ENTRY, {"name": "改名", "version": 1}),
    "directory_disable": lambda c: c.admin.call(
        "POST", f"{ROOM_ENTRY}/disable", {"version": 1, "confirmed": True}
    ),
    "directory_enable": lambda c: c.admin.call("POST", f"{ROOM_ENTRY}/enable", {"version": 1}),
    "lesson_create": lambda c: c.teacher.new_lesson(),
    "lesson_start": _on_lesson("start"),
    "lesson_end": _on_lesson("end"),
    "lesson_cancel": _on_lesson("cancel", {"reason": "停电"}),
    "lesson_resources": _choose_nothing,
    "external_access": _on_lesson("external-access"),
    "job_cancel": lambda c: c.teacher.call("POST", f"/api/jobs/{c.job_id}/cancel"),
    "file_upload": lambda c: c.admin.call("POST", "/api/files", headers=beginning(5, "人员.csv")),
    "file_delete": lambda c: c.admin.call(
        "DELETE", f"/api/files/{c.file_id}", headers=beginning(0, "")
    ),
    **account_acts.ACTS,
    **ledger_acts.ACTS,
    **timetable_acts.ACTS,
    **proposal_acts.ACTS,
    **import_acts.ACTS,
    **consent_acts.ACTS,
    **exchange_acts.ACTS,
    **node_acts.ACTS,
    **resource_acts.ACTS,
}
TABLES = (
    *("sessions", "device_tokens", "lessons", "rooms", "jobs", "files", "audit_log"),
    "lesson_pushes",
    *account_acts.TABLES,
    *ledger_acts.TABLES,
    *timetable_acts.TABLES,
    *proposal_acts.TABLES,
    *import_acts.TABLES,
    *consent_acts.TABLES,
    *exchange_acts.TABLES,
    *resource_acts.TABLES,
)


async def _disable_a_room(county: _County) -> None:
    async with county.services.database.write() as session:
        (await session.get_one(RoomRow, seed.RECEIVE_ROOMS[1])).active = False


async def _push(county: _County) -> None:
    async with county.services.database.write() as session:
        lesson = await session.get_one(LessonRow, county.lesson_id)
        lesson.delivery_mode = DeliveryMode.RESOURCE_PUSH


# What has to be there before an action.
PREPARED_BY: dict[str, Act] = {
    "lesson_end": _on_lesson("start"),
    "lesson_resources": _push,
    "external_access": _on_lesson("start"),
    "directory_enable": _disable_a_room,
    **account_acts.PREPARED_BY,
    **ledger_acts.PREPARED_BY,
    **timetable_acts.PREPARED_BY,
    **proposal_acts.PREPARED_BY,
    **import_acts.PREPARED_BY,
    **consent_acts.PREPARED_BY,
    **exchange_acts.PREPARED_BY,
    **node_acts.PREPARED_BY,
    **resource_acts.PREPARED_BY,
}


# The org node in whose branch the audit row of an action is found: an act without one is refused.
_SHANQUAN = seed.SCHOOLS[1].school_id
BRANCHES = {
    "login": seed.CENTER_SCHOOL,
    "terminal_login": _SHANQUAN,
    "terminal_resume": _SHANQUAN,
    "logout": _SHANQUAN,
    "device_token_issue": _SHANQUAN,
    "room_shut_out": _SHANQUAN,
    "job_submit": seed.COUNTY[0],
    "directory_create": seed.CENTER_SCHOOL,
    "directory_change": seed.SCHOOLS[2].school_id,
    "directory_disable": seed.SCHOOLS[2].school_id,
    "directory_enable": seed.SCHOOLS[2].school_id,
    "lesson_create": seed.CENTER_SCHOOL,
    "lesson_start": seed.CENTER_SCHOOL,
    "lesson_end": seed.CENTER_SCHOOL,
    "lesson_cancel": seed.CENTER_SCHOOL,
    "lesson_resources": seed.CENTER_SCHOOL,
    "external_access": seed.CENTER_SCHOOL,
    "job_cancel": seed.CENTER_SCHOOL,
    "file_upload": seed.COUNTY[0],
    "file_delete": seed.COUNTY[0],
    **account_acts.BRANCHES,
    **ledger_acts.BRANCHES,
    **timetable_acts.BRANCHES,
    **proposal_acts.BRANCHES,
    **import_acts.BRANCHES,
    **consent_acts.BRANCHES,
    **exchange_acts.BRANCHES,
    **node_acts.BRANCHES,
    **resource_acts.BRANCHES,
}


async def _path(services: Services, node_id: str) -> str:
    async with services.database.read() as session:
        return (await session.get_one(OrgNodeRow, node_id)).path


async def _prepare(county: _County, action: str) -> None:
    if action in PREPARED_BY:
        await PREPARED_BY[action](county)


async def _tables(services: Services) -> dict[str, list[Any]]:
    """Everything that an action could change."""
    kept = {}
    async with services.database.read() as session:
        for name in TABLES:
            table = Base.metadata.tables[name]
            rows = (await session.execute(select(table))).all()
            kept[name] = sorted(map(repr, rows))
    return kept


def test_every_route_with_an_unsafe_method_says_what_it_leaves() -> None:
    silent = {(r.method, r.path) for r in ROUTES if r.method not in SAFE and r.audited is None}
    assert silent == set(UNAUDITED)
    assert set(AUDITED) == set(DONE_BY) == set(BRANCHES)


@pytest.mark.parametrize("action", AUDITED)
async def test_a_change_leaves_exactly_one_row_without_which_nothing_is_changed(
    county: _County, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _prepare(county, action)
    for client in (county.teacher, county.admin, county.kiosk):
        await client.call("GET", "/api/me")  # that a login is used is noted before
    unchanged = await _tables(county.services)
    with monkeypatch.context() as broken:
        broken.setattr(audit_log.AuditLog, "_row", _fails)
        with pytest.raises(Exception, match="500"):
            await DONE_BY[action](county)
    assert await _tables(county.services) == unchanged

    before = Counter(await county.services.audit.entries())
    await DONE_BY[action](county)
    after = Counter(await county.services.audit.entries())
    (entry,) = (after - before).elements()
    assert (entry.action, bool(entry.actor_name), entry.remote) == (action, True, "127.0.0.1")
    assert entry.target
    assert entry.path == await _path(county.services, BRANCHES[action])


def _fails(*_arguments: object) -> None:
    raise RuntimeError("the audit log is broken")


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
