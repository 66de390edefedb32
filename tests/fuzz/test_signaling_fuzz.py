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

from signaling.config import Config
from signaling.core import messages as m
from signaling.core.calendar import parse_day, parse_week
from signaling.core.resources import LessonState
from signaling.core.room_state import CommandRefused, RoomLimits, RoomState, split_source
from signaling.core.tokens import (
    InvalidToken,
    Keyring,
    MediaAction,
    MediaGrant,
    open_media,
    seal_media,
)
from signaling.errors import Invalid, Malformed
from signaling.http.app import ROUTES
from signaling.http.media import _accepts, if_match
from signaling.http.origin import client_address, is_own_origin, networks
from signaling.http.problems import invalid_body
from signaling.http.ws import _decode
from signaling.lessons import cursor_of, read_cursor
from tests.unit.signaling.rooms import AT, lesson, room, seat

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


# --- any order of commands -----------------------------------------------------------------------

WHO = st.sampled_from(["lead", "a", "b", "c", "researcher", "assistant"])
PARTICIPANT = st.sampled_from(["lead", "room-a", "room-b", "room-c", "room-z", "", "person-zhu"])
SOURCE = PARTICIPANT.map(lambda p: f"{p}.camera") | st.text(max_size=10)
COMMAND = st.one_of(
    st.tuples(st.just("raise_hand"), WHO),
    st.tuples(st.just("lower_hand"), WHO, st.none() | PARTICIPANT),
    st.tuples(st.just("invite_to_stage"), WHO, PARTICIPANT),
    st.tuples(st.just("remove_from_stage"), WHO, PARTICIPANT),
    st.tuples(st.just("mute_all"), WHO, st.booleans()),
    st.tuples(st.just("leave"), PARTICIPANT, st.floats(0, 1000)),
    st.tuples(st.just("expire"), st.floats(0, 2000)),
    st.tuples(st.just("check_view"), st.lists(st.tuples(st.integers(-2, 20), SOURCE))),
    st.tuples(st.just("put_source"), SOURCE),
    st.tuples(st.just("remove_source"), SOURCE),
    st.tuples(st.just("set_lesson"), st.sampled_from(LessonState)),
)


def _carry_out(state: RoomState, command: tuple[Any, ...]) -> None:
    name, *rest = command
    match name:
        case "raise_hand":
            state.raise_hand(seat(rest[0]), AT)
        case "lower_hand" | "invite_to_stage" | "remove_from_stage" | "mute_all":
            getattr(state, name)(seat(rest[0]), rest[1])
        case "check_view":
            state.check_view([m.SlotView(slot, source) for slot, source in rest[0]])
        case "put_source":
            who = rest[0].rpartition(".")[0]
            state.put_source(m.Source(rest[0], who, m.SourceKind.CAMERA, True, True, ("h",)))
        case "set_lesson":
            state.set_lesson(lesson(rest[0]))
        case _:
            getattr(state, name)(*rest)


class _Page:
    """What a page believes: a snapshot, then events."""

    def __init__(self, snapshot: m.Snapshot) -> None:
        self.seq = snapshot.seq
        self.lesson = snapshot.lesson
        self.people = {p.participant_id: p for p in snapshot.participants}
        self.hands, self.on_stage = snapshot.hands, snapshot.on_stage
        self.muted_all, self.recording = snapshot.muted_all, snapshot.recording
        self.sources = {s.source_id: s for s in snapshot.sources}

    def apply(self, event: m.Event) -> None:
        assert event.seq == self.seq + 1
        self.seq = event.seq
        match event:
            case m.LessonChanged(lesson=changed):
                self.lesson = changed
            case m.ParticipantChanged(participant=person):
                self.people[person.participant_id] = person
            case m.HandsChanged(hands=hands):
                self.hands = hands
            case m.StageChanged(on_stage=on_stage):
                self.on_stage = on_stage
            case m.MuteChanged(muted_all=muted):
                self.muted_all = muted
            case m.SourceChanged(source=source):
                self.sources[source.source_id] = source
            case m.SourceRemoved(source_id=source_id):
                del self.sources[source_id]
            case m.RecordingChanged(recording=recording):
                self.recording = recording


@given(st.lists(COMMAND, max_size=40))
def test_after_any_commands_a_page_that_followed_knows_what_a_new_one_is_told(
    commands: list[tuple[Any, ...]],
) -> None:
    state = room(limits=RoomLimits(max_on_stage=2, hand_grace_s=100))
    page = _Page(state.snapshot("lead", AT))
    seen = state.seq
    for command in commands:
        before = state.seq
        try:
            _carry_out(state, command)
        except CommandRefused:
            assert state.seq == before  # a refusal changes nothing
        for event in state.take_events():
            page.apply(event)
        assert len(state.on_stage) == len(set(state.on_stage)) <= 2
        raised = {hand.participant_id for hand in state.hands}
        assert not raised & set(state.on_stage)
        stage = set() if state.muted_all else {f"{p}.camera" for p in state.on_stage}
        assert set(state.audible()) == {"lead.camera", "lead.courseware"} | stage
    assert vars(page) == vars(_Page(state.snapshot("lead", AT)))
    missed = state.missed("i1", seen)
    assert missed is not None
    assert len(missed) == state.seq - seen


# --- small readers -------------------------------------------------------------------------------


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,20}\.[a-z]{1,4}"))
def test_dates_and_source_ids(text: str) -> None:
    for read in (parse_day, parse_week, split_source):
        with contextlib.suppress(ValueError):
            read(text)
    with contextlib.suppress(Invalid):
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
