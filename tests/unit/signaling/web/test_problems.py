"""Problems: errors as the HTTP answers that say what went wrong."""

import msgspec
import pytest
from aiohttp import web

from relay.api import OfferError, RelayFull, StaleSession
from signaling.identity.wire import LoginRequest, TerminalLookup
from signaling.web.problems import invalid_body, problem_of


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
    ("body", "kind", "field"),
    [
        (b'{"login": 7, "password": "x"}', LoginRequest, "login"),
        (b'{"login": "x"}', LoginRequest, "password"),
        (b'{"login": "x", "password": "y", "z": 1}', LoginRequest, "z"),
        (b'{"join_code": "12a45678"}', TerminalLookup, "join_code"),
        (b"[]", LoginRequest, None),
    ],
)
def test_a_bad_body_names_its_field(body: bytes, kind: type, field: str | None) -> None:
    with pytest.raises(msgspec.MsgspecError) as caught:
        msgspec.json.decode(body, type=kind)
    error = invalid_body(caught.value)
    assert (error.status, error.field) == (422, field)
