"""Hostile input to signaling: tokens, bodies, messages, headers; and any order of commands.

Everything is either accepted as what it says or refused by its own error; nothing else comes out.
"""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.access.signing import InvalidToken, Keyring
from signaling.base.calendar import parse_day, parse_week
from signaling.base.config import Config
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Malformed
from signaling.classroom import wire as m
from signaling.classroom.parts.part import CommandRefused
from signaling.classroom.socket import _decode
from signaling.classroom.views import check_view
from signaling.http_face import ROUTES
from signaling.lessons.sources import split_source
from signaling.media.routes import _accepts, if_match
from signaling.media.tokens import MediaAction, MediaGrant, open_media, seal_media
from signaling.web.origin import client_address, is_own_origin, networks
from signaling.web.problems import invalid_body
from tests.unit.signaling.classroom.rooms import room

SECRET = Keyring(b"k" * 32)
TOKEN = seal_media(
    SECRET, MediaGrant("l1", "lead", MediaAction.PUBLISH, "lead.camera", False, 1, "n")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
BODIES = [route.body for route in ROUTES if isinstance(route.body, type)]


# --- tokens --------------------------------------------------------------------------------------


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_no_text_passes_for_a_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        open_media(SECRET, text)


@given(st.integers(0, len(TOKEN)), st.integers(0, len(TOKEN)), st.text(max_size=8))
def test_no_splice_of_a_token_grants_anything_else(start: int, end: int, insert: str) -> None:
    spliced = TOKEN[: min(start, end)] + insert + TOKEN[max(start, end) :]
    try:
        grant = open_media(SECRET, spliced)
    except InvalidToken:
        return
    assert grant == open_media(SECRET, TOKEN)


# --- REST bodies ---------------------------------------------------------------------------------


def _accept_or_refuse(body: bytes, kind: type) -> None:
    try:
        msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        assert invalid_body(error).status in {400, 422}
    except (UnicodeDecodeError, RecursionError):
        pass  # the dispatcher's Malformed


@given(st.sampled_from(BODIES), st.binary(max_size=400))
def test_any_bytes_as_a_body(kind: type, body: bytes) -> None:
    _accept_or_refuse(body, kind)


@given(st.sampled_from(BODIES), st.data())
def test_any_value_in_any_field(kind: Any, data: st.DataObject) -> None:
    fields = [field.encode_name for field in msgspec.structs.fields(kind)]
    body = {name: data.draw(JSON) for name in fields if data.draw(st.booleans())}
    _accept_or_refuse(json.dumps(body).encode(), kind)


@given(st.integers(1, 100_000), st.sampled_from(["[", '{"a":', '{"device_token":[']))
def test_deep_nesting(depth: int, opening: str) -> None:
    for kind in BODIES:
        _accept_or_refuse((opening * depth).encode(), kind)


# --- control messages ----------------------------------------------------------------------------

TAGS = [
    "hello",
    "ping",
    "set_devices",
    "raise_hand",
    "lower_hand",
    "stage_invite",
    "stage_remove",
    "mute_all",
    "view",
]


@given(st.text(max_size=300))
def test_any_text_as_a_message(text: str) -> None:
    decoded, error = _decode(text)
    assert (decoded is None) != (error is None)


@given(st.sampled_from([*TAGS, "snapshot", ""]), JSON, JSON, JSON, JSON)
def test_any_value_in_any_message(tag: str, number: Any, who: Any, slots: Any, extra: Any) -> None:
    message = {
        "type": tag,
        "id": number,
        "participant_id": who,
        "slots": slots,
        "muted": extra,
        "devices": slots,
        "sent_at": number,
        "instance": who,
        "seq": number,
    }
    decoded, error = _decode(json.dumps(message))
    assert (decoded is None) != (error is None)
    if error is not None and isinstance(number, int) and not isinstance(number, bool):
        assert error.id in {number, None}


# --- views ---------------------------------------------------------------------------------------

PARTICIPANT = st.sampled_from(["lead", "room-a", "room-b", "room-c", "room-z", "", "person-zhu"])
SOURCE = PARTICIPANT.map(lambda p: f"{p}.camera") | st.text(max_size=10)


@given(st.lists(st.builds(m.SlotView, st.integers(-2, 20), SOURCE), max_size=20))
def test_a_view_is_taken_or_refused_by_its_field(slots: list[m.SlotView]) -> None:
    try:
        check_view(room(), slots)
    except CommandRefused as refused:
        assert refused.field is not None
        assert refused.field.startswith("slots")
    else:
        assert len({slot.slot for slot in slots}) == len(slots) <= m.MAX_SLOTS


# --- small readers -------------------------------------------------------------------------------


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,20}\.[a-z]{1,4}"))
def test_dates_and_source_ids(text: str) -> None:
    for read in (parse_day, parse_week, split_source):
        with contextlib.suppress(ValueError):
            read(text)
    with contextlib.suppress(BadPlace):
        assert cursor_of(read_cursor(text)).partition(".")[2] == text.partition(".")[2]


HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)


@example("http://[", "h", "")
@example("null", "", "")
@given(HEADER, HEADER, HEADER)
def test_headers_about_who_asks(origin: str, host: str, forwarded: str) -> None:
    headers = {"Origin": origin, "Host": host, "X-Forwarded-For": forwarded}
    request: web.Request = make_mocked_request("POST", "/api/login", headers=headers)
    client_address(request, networks(("0.0.0.0/0",)))
    own = is_own_origin(request, Config())
    if own:
        assert origin.lower().split("://", 1)[-1].startswith(host.lower())
    _accepts(forwarded, "application/sdp")
    with contextlib.suppress(Malformed):
        if_match(forwarded)
