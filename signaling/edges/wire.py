"""Messages between a lesson's owner and an edge, over one WebSocket for both.

Both ends are cells of one installation, let in by a signature. Yet each message is checked, since
the two may be of different versions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from relay.api import (
    Answer,
    CloseReason,
    Demand,
    Patched,
    PipedSource,
    PipeEnd,
    SessionStats,
    SlotState,
    SlotWish,
)

VERSION = 1
MAX_MESSAGE_BYTES = 256 * 1024  # an offer has 64 KiB at most, and 64 sources some 60
MAX_SOURCES = 64  # in one list, as many as a relay takes in a room
MAX_SLOTS = 64  # of one viewer

Id = Annotated[str, msgspec.Meta(max_length=200)]
Sdp = Annotated[str, msgspec.Meta(max_length=64 * 1024)]
Sources = Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_SOURCES)]


class Refusal(StrEnum):
    """Why an edge does not do what it is asked for."""

    OWN_LESSON = "own_lesson"  # the edge has the lesson itself: there would be a loop
    NOT_NOW = "not_now"  # it drains, stops, or speaks another version
    FULL = "full"
    BAD_OFFER = "bad_offer"
    NO_SESSION = "no_session"
    STALE = "stale"


class _Message(msgspec.Struct, frozen=True, tag_field="type"):
    """A message of either end."""


class Beat(_Message, frozen=True, tag="beat"):
    """A sign of life, where there is nothing else to say."""


class Bye(_Message, frozen=True, tag="bye"):
    """The last message: the sender is done with the lesson."""


# --- from the owner ------------------------------------------------------------------------------


class Open(_Message, frozen=True, tag="open"):
    """The first message: where and how the edge sends to the owner."""

    version: int
    lesson_id: Id
    pipe: PipeEnd


class Offered(_Message, frozen=True, tag="sources"):
    """All sources that can be piped now."""

    sources: Annotated[tuple[PipedSource, ...], msgspec.Meta(max_length=MAX_SOURCES)]


class Steer(_Message, frozen=True, tag="steer"):
    """The sources that are heard, and the programme."""

    audible: Sources
    programme: Sources


class Watch(_Message, frozen=True, tag="watch"):
    """Open a viewing session. With `measured`, its figures are told each second."""

    call: int
    offer: Sdp
    viewer_id: Id
    own_sources: Sources
    programme: bool
    measured: bool


class Change(_Message, frozen=True, tag="patch"):
    """Trickle or restart ICE."""

    call: int
    session_id: Id
    fragment: Sdp
    etag: Id | None


class Close(_Message, frozen=True, tag="close"):
    """End a session."""

    session_id: Id
    reason: CloseReason


class View(_Message, frozen=True, tag="view"):
    """Replace a viewer's wishes."""

    session_id: Id
    wishes: Annotated[tuple[SlotWish, ...], msgspec.Meta(max_length=MAX_SLOTS)]


FromOwner = Open | Offered | Steer | Watch | Change | Close | View | Beat | Bye

# --- from the edge -------------------------------------------------------------------------------


class Ready(_Message, frozen=True, tag="ready"):
    """The answer to `Open`: where and how the owner sends to the edge."""

    pipe: PipeEnd


class Wanted(_Message, frozen=True, tag="demand"):
    """All that anybody at the edge takes."""

    demand: Annotated[tuple[Demand, ...], msgspec.Meta(max_length=MAX_SOURCES)]


class Opened(_Message, frozen=True, tag="opened"):
    """The answer to `Watch`."""

    call: int
    answer: Answer
    video_slots: int


class Changed(_Message, frozen=True, tag="patched"):
    """The answer to `Change`."""

    call: int
    patched: Patched


class Refused(_Message, frozen=True, tag="refused"):
    """The answer to a call that cannot be done, or to `Open`, which has call 0."""

    call: int
    refusal: Refusal
    field: str = ""
    detail: str = ""


class Up(_Message, frozen=True, tag="up"):
    """Media of a session may flow."""

    session_id: Id


class Down(_Message, frozen=True, tag="down"):
    """A session has ended."""

    session_id: Id
    reason: CloseReason


class Slots(_Message, frozen=True, tag="slots"):
    """The slots of a session changed."""

    session_id: Id
    slots: tuple[SlotState, ...]


class Figures(_Message, frozen=True, tag="figures"):
    """Figures of some sessions."""

    sessions: tuple[SessionStats, ...]


class Leaving(_Message, frozen=True, tag="leaving"):
    """The edge will carry nobody soon: viewers are to go elsewhere meanwhile."""


FromEdge = (
    Ready | Wanted | Opened | Changed | Refused | Up | Down | Slots | Figures | Leaving | Beat | Bye
)
