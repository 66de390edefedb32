"""All routes together."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.base.config import load
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.classroom.api import InTime
from signaling.classroom.hub import RoomHub
from signaling.http_face import ROUTES, _endpoints, _sockets
from signaling.identity.session_cookies import SessionLogins
from signaling.media.sessions import MediaSessions
from signaling.web.metrics import Metrics, RequestMetrics
from signaling.web.routes import Access
from signaling.wiring import Services

# Routes with a lesson in their path that any process answers, each with the reason.
OF_A_LESSON_BUT_ANYWHERE = {
    "GET /api/lessons/{lesson_id}": "a row",
    "GET /api/lessons/{lesson_id}/links": "rows; the cell writes them every 5 s",
    "GET /api/lessons/{lesson_id}/resources": "rows; a push has no live room",
    "PUT /api/lessons/{lesson_id}/resources": "rows",
    "POST /api/lessons/{lesson_id}/plays": "rows",
    "GET /api/timetable/lessons/{lesson_id}": "rows",
    "POST /api/timetable/lessons/{lesson_id}/move": "rows of a lesson that waits",
    "POST /api/timetable/lessons/{lesson_id}/substitute": "likewise",
    "POST /api/timetable/lessons/{lesson_id}/cancel": "likewise",
    "POST /api/timetable/lessons/{lesson_id}/make-up": "likewise",
    "GET /api/ledger/units/{lesson_id}/{room_id}": "rows",
    "POST /api/ledger/units/{lesson_id}/{room_id}/reason": "rows",
    "POST /api/ledger/units/{lesson_id}/{room_id}/confirm": "rows",
    "POST /api/ledger/units/{lesson_id}/{room_id}/headcount": "rows of a lesson that is over",
    "OPTIONS /whip/{lesson_id}/{source_id}": "the same everywhere",
    "OPTIONS /whep/{lesson_id}": "the same everywhere",
    "OPTIONS /whip/{lesson_id}/sessions/{session_id}": "the same everywhere",
    "OPTIONS /whep/{lesson_id}/sessions/{session_id}": "the same everywhere",
}
# Behind these, the rooms of another process are asked (`classroom.api`), or there is everything.
SEAMS = (InTime, Events, Database, Services)
LIVE = (RoomHub, MediaSessions, RelayNode)


def test_what_is_open_to_anybody_is_a_short_and_known_list() -> None:
    assert {route.path for route in ROUTES if route.access is Access.OPEN} == {
        "/api/login",
        "/api/terminal/lookup",
        "/api/terminal/login",
        "/api/terminal/resume",
        "/api/terminal/ask",  # a kiosk shows a code that the admin confirms
        "/api/terminal/claim",
        "/api/terminal/redeem",
        "/api/activation",  # with the code of a slip
        "/api/activation/lookup",
        "/calendar/{secret}.ics",  # the secret is the key
        "/oai",  # what is published to anybody
        "/oai/packages/{resource_id}",  # likewise
        "/api/openapi.json",
        "/healthz",
        "/metrics",
        "/whip/{lesson_id}/{source_id}",
        "/whep/{lesson_id}",
        "/whip/{lesson_id}/sessions/{session_id}",
        "/whep/{lesson_id}/sessions/{session_id}",
    }
    media = [r for r in ROUTES if r.path.startswith(("/whip", "/whep")) and r.method != "OPTIONS"]
    assert media
    assert all(route.access is Access.BEARER for route in media)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    config = load(overrides={"data_dir": str(tmp_path)})
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",), udp_port=0))
    recorder = RecorderService(RecorderConfig(data_dir=tmp_path, database_url=config.database))
    return Services(config, relay, recorder)


def test_a_route_of_a_lesson_says_where_it_is_answered() -> None:
    anywhere = {
        f"{route.method} {route.path}"
        for route in ROUTES
        if "{lesson_id}" in route.path and route.at_cell is None
    }
    assert anywhere == set(OF_A_LESSON_BUT_ANYWHERE)
    for route in ROUTES:
        if route.at_cell is not None:
            assert route.at_cell.lesson({"lesson_id": "a", "source_id": "b"}) == "a"


async def test_who_holds_a_live_room_answers_in_its_cell_only(services: Services) -> None:
    """Found by what the handlers hold, so that a new route need not have a lesson in its path."""
    endpoints = _endpoints(services, Metrics(RequestMetrics(), ()))
    assert len(endpoints) == len(ROUTES)
    holders = {}
    for endpoint in endpoints:
        handlers = endpoint.handlers
        if type(handlers) not in holders:
            holders[type(handlers)] = any(isinstance(one, LIVE) for one in held(handlers))
        route = endpoint.route
        if holders[type(handlers)] and route.method != "OPTIONS":
            assert route.at_cell is not None, f"{route.method} {route.path}"
    assert {kind.__name__ for kind, holds in holders.items() if holds} == {
        "MediaHandlers",
        "StillHandlers",
    }
    logins = SessionLogins(services.identity)
    for sock in _sockets(services, logins):
        assert sock.at_cell is not None
        assert any(isinstance(one, LIVE) for one in held(sock.connect.__self__))  # type: ignore[attr-defined]
    await services.database.close()


def held(root: Any) -> Iterator[Any]:
    """Everything of ours that an object reaches by its attributes, but for what is behind seams."""
    seen, open_ = set(), [root]
    while open_:
        one = open_.pop()
        if id(one) in seen or isinstance(one, SEAMS):
            continue
        seen.add(id(one))
        yield one
        open_ += _parts(one)


def _parts(one: Any) -> Iterator[Any]:
    if isinstance(one, dict):
        yield from one.values()
    elif isinstance(one, list | tuple | set | frozenset):
        yield from one
    elif isinstance(one, types.MethodType):
        yield one.__self__
    elif type(one).__module__.startswith(("signaling", "relay", "recorder")):
        names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
        yield from (getattr(one, name, None) for name in names if isinstance(name, str))
        yield from getattr(one, "__dict__", {}).values()
