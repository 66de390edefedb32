"""What the HTTP face decides without a socket: problems, the OpenAPI document, origins."""

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.api import OfferError, RelayFull, StaleSession
from signaling.config import Config
from signaling.core import resources as r
from signaling.errors import Malformed, SignalingError
from signaling.http.app import ROUTES
from signaling.http.media import if_match
from signaling.http.openapi import document
from signaling.http.origin import client_address, is_own_origin, limiter_key, networks
from signaling.http.problems import invalid_body, problem_of
from signaling.http.routes import Access


def _errors(kind: type[SignalingError]) -> list[type[SignalingError]]:
    return [kind, *(e for sub in kind.__subclasses__() for e in _errors(sub))]


def test_each_error_has_a_code_of_its_own_and_a_title_for_people() -> None:
    kinds = _errors(SignalingError)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(any(c >= "\u4e00" for c in kind.title) or "If-Match" in kind.title for kind in kinds)


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (OfferError("a=fingerprint", "missing"), 400, "bad_offer", "a=fingerprint"),
        (StaleSession(), 412, "stale_session", None),
        (RelayFull(), 503, "relay_full", None),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method_not_allowed", None),
        (web.HTTPNotFound(), 404, "not_found", None),
        (RuntimeError("secret path /root"), 500, "internal", None),
    ],
)
def test_problems(error: Exception, status: int, code: str, field: str | None) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.field) == (status, code, field)
    assert "secret" not in problem.detail


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("*", None),
        (" * ", None),
        ('"a"', ("a",)),
        ('"a", "b" ,"c,d"', ("a", "b", "c,d")),
        ('W/"a"', ()),
        ('W/"a", "b"', ("b",)),
        (', "a",,', ("a",)),
        ('""', ("",)),
        (", ".join(f'"{n}"' for n in range(1000)), tuple(map(str, range(16)))),
    ],
)
def test_if_match_is_a_list_whose_weak_tags_match_nothing(
    header: str, tags: tuple[str, ...] | None
) -> None:
    assert if_match(header) == tags


@pytest.mark.parametrize(
    "header", ["a", '"a', 'w/"a"', '"a" "b"', '*, "a"', '"a b"', "W/", '"a";q=1']
)
def test_what_is_no_list_of_entity_tags_is_malformed(header: str) -> None:
    with pytest.raises(Malformed) as refused:
        if_match(header)
    assert refused.value.field == "If-Match"


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        (b'{"login": 7, "password": "x"}', r.LoginRequest, "login"),
        (b'{"login": "x"}', r.LoginRequest, "password"),
        (b'{"login": "x", "password": "y", "z": 1}', r.LoginRequest, "z"),
        (b'{"join_code": "12a45678"}', r.TerminalLookup, "join_code"),
        (b"[]", r.LoginRequest, None),
    ],
)
def test_a_bad_body_names_its_field(body: bytes, kind: type, field: str | None) -> None:
    with pytest.raises(msgspec.MsgspecError) as caught:
        msgspec.json.decode(body, type=kind)
    error = invalid_body(caught.value)
    assert (error.status, error.field) == (422, field)


def test_the_openapi_document_holds_every_route_and_only_them() -> None:
    paths = document(ROUTES, "0")["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}
    assert described == {(route.method, route.path) for route in ROUTES}


def test_the_openapi_documents_references_all_resolve() -> None:
    text = msgspec.json.encode(document(ROUTES, "0")).decode()
    schemas = document(ROUTES, "0")["components"]["schemas"]
    used = {part.split('"', 1)[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= set(schemas)
    assert {"Lesson", "Problem", "MediaAccess", "RecordingDetail"} <= used


def test_operation_ids_are_unique() -> None:
    paths = document(ROUTES, "0")["paths"]
    ids = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(set(ids)) == len(ids)


def test_what_is_open_to_anybody_is_a_short_and_known_list() -> None:
    assert {route.path for route in ROUTES if route.access is Access.OPEN} == {
        "/api/login",
        "/api/terminal/lookup",
        "/api/terminal/login",
        "/api/terminal/resume",
        "/api/openapi.json",
        "/healthz",
        "/metrics",
        "/whip/{lesson_id}/{source_id}",
        "/whep/{lesson_id}",
        "/whip/sessions/{session_id}",
        "/whep/sessions/{session_id}",
    }
    media = [r for r in ROUTES if r.path.startswith(("/whip", "/whep")) and r.method != "OPTIONS"]
    assert media
    assert all(route.access is Access.BEARER for route in media)


def _request(headers: dict[str, str], peer: str = "127.0.0.1") -> web.Request:
    class _Transport:
        def get_extra_info(self, name: str, default: object = None) -> object:
            return (peer, 4711) if name == "peername" else default

    transport = _Transport()
    return make_mocked_request("POST", "/api/login", headers=headers, transport=transport)


@pytest.mark.parametrize(
    ("headers", "public_url", "own"),
    [
        ({"Host": "tongke.cn"}, None, True),
        ({"Host": "tongke.cn", "Origin": "https://tongke.cn"}, None, True),
        ({"Host": "tongke.cn:8080", "Origin": "http://tongke.cn"}, None, False),
        ({"Host": "tongke.cn", "Origin": "https://evil.cn"}, None, False),
        ({"Host": "tongke.cn", "Origin": "null"}, None, False),
        ({"Host": "inner:8080", "Origin": "https://tongke.cn"}, "https://tongke.cn/", True),
    ],
)
def test_own_origin(headers: dict[str, str], public_url: str | None, own: bool) -> None:
    assert is_own_origin(_request(headers), Config(public_url=public_url)) is own


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the first hop is a claim
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("203.0.113.1", "1.2.3.4", "203.0.113.1"),  # no proxy of ours
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, expected: str) -> None:
    request = _request({"Host": "h", "X-Forwarded-For": forwarded}, peer)
    assert client_address(request, networks(("10.0.0.0/8",))) == expected


def test_limits_count_an_ipv6_customer_once() -> None:
    assert limiter_key("2001:db8::1") == limiter_key("2001:db8::ffff:1")
    assert limiter_key("192.0.2.1") != limiter_key("192.0.2.2")
