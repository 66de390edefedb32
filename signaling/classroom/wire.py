"""The control channel's messages: typed JSON over one WebSocket per participant.

Every message is an object whose ``type`` names its struct. The client's first message is `Hello`;
the server answers with `Snapshot` or `Resumed`. Events carry ``seq``, counted per lesson room; each
replaces a whole piece of the state (the full hand queue, the full stage), so applying one twice
does no harm. Commands carry a client-chosen ``id`` and are answered by `Ack` or `CommandError` with
the same id.

Each part of the classroom declares its own commands, events and piece of the snapshot; here stands
the rest. `web_client/src/core/base/wire.ts` is generated from all of them.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from signaling.base.text import Word
from signaling.classroom.messages import ClientMessage, Command, ServerMessage
from signaling.classroom.registry import PARTS

PROTOCOL_VERSION = 1
MAX_MESSAGE_BYTES = 16 * 1024  # a client's message; nothing a page sends comes near it
MAX_SLOTS = 16


class RefusalReason(StrEnum):
    """Reason why the relay ended a source: its device has to be set up otherwise."""

    B_FRAMES = "b_frames"  # pictures that are not sent in the order in which they are shown


class ByeReason(StrEnum):
    """Reason of the end of a channel. Only MOVED, SHUTDOWN and TOO_SLOW are worth a reconnect."""

    REPLACED = "replaced"  # the same participant connected from elsewhere
    LESSON_OVER = "lesson_over"
    FORBIDDEN = "forbidden"
    TOO_SLOW = "too_slow"  # the outgoing queue overflowed
    FLOODING = "flooding"
    SHUTDOWN = "shutdown"
    MOVED = "moved"  # another process has the lesson already: come back at once


# --- a viewer's slots -----------------------------------------------------------------------------


class SlotView(msgspec.Struct, frozen=True):
    """One slot of a `View`: whose picture, and how large at most."""

    slot: int
    source_id: Word | None = None
    max_layer: Word | None = None  # h, m, l
    max_height: int | None = None  # device pixels


class SlotNow(msgspec.Struct, frozen=True):
    """Contents of one of the viewer's slots now (``kind`` video or audio).

    ``ideal`` is the layer that a link without bounds would bring. With ``layer`` None and ``ideal``
    set that picture is left out, and ``hold`` says why: ``checking`` (the link is being looked at),
    ``link`` (it does not carry the picture) or ``source`` (the picture takes more than is sent to
    anybody). ``thinned``: fewer pictures a second. ``codec_missing``: the picture comes in no codec
    that this viewer's browser decodes.
    """

    slot: int
    kind: str
    source_id: str | None
    layer: str | None
    ideal: str | None = None
    thinned: bool = False
    codec_missing: bool = False
    hold: str | None = None


# --- client → server ------------------------------------------------------------------------------


class Hello(ClientMessage, frozen=True, tag="hello"):
    """The first message. `instance` and `seq` of the last event seen ask for a resume."""

    version: int = PROTOCOL_VERSION
    instance: Word | None = None
    seq: int | None = None


class Ping(ClientMessage, frozen=True, tag="ping"):
    """Answered by `Pong`, so that a page learns of a dead link within one heartbeat."""

    sent_at: float


class View(Command, frozen=True, tag="view"):
    """Wishes for the video slots; all others become empty. A view outlives media sessions."""

    slots: tuple[SlotView, ...]


# --- server → client: the state and its events ----------------------------------------------------


class SnapshotHead(ServerMessage, frozen=True):
    """The fields of a snapshot that belong to no part."""

    seq: int
    instance: str
    you: str
    server_time: datetime


# A piece of each part follows: msgspec makes one struct of all of them.
_composed: Any = msgspec.defstruct(
    "Snapshot",
    [(field.name, field.type) for part in PARTS for field in msgspec.structs.fields(part.piece)],
    bases=(SnapshotHead,),
    module=__name__,
    namespace={
        "__doc__": "The whole state. With a changed `instance` the server restarted, "
        "and media are gone too."
    },
    tag="snapshot",
    frozen=True,
)
Snapshot: type[SnapshotHead] = _composed


class Resumed(ServerMessage, frozen=True, tag="resumed"):
    """The events after `Hello.seq` follow; the client's state stays."""

    seq: int


# --- server → client: to this participant only, without a number ----------------------------------


class Pong(ServerMessage, frozen=True, tag="pong"):
    """The answer to `Ping`."""

    sent_at: float


class Ack(ServerMessage, frozen=True, tag="ack"):
    """The command was carried out."""

    id: int


class CommandError(ServerMessage, frozen=True, tag="error"):
    """The command or message was refused. `id` is None where the message could not be read."""

    id: int | None
    code: str
    detail: str
    field: str | None = None


class Slots(ServerMessage, frozen=True, tag="slots"):
    """Contents of this viewer's slots now."""

    slots: tuple[SlotNow, ...]


class Reopen(ServerMessage, frozen=True, tag="reopen"):
    """The process that carried this viewer is gone, or goes: open another viewing session now."""


class LayersWanted(ServerMessage, frozen=True, tag="layers_wanted"):
    """Layers and sound that anybody takes of a source; the rest need not be sent."""

    source_id: str
    layers: tuple[str, ...]  # of h, m, l; none: nobody takes any
    sound: bool = True


class CodecLacking(ServerMessage, frozen=True, tag="codec_lacking"):
    """Publish this source in VP8: somebody who wants it does not decode the codec it comes in."""

    source_id: str


class SourceRefused(ServerMessage, frozen=True, tag="source_refused"):
    """A source was ended for what it sent. Told to whom it belongs and to the lead teacher."""

    source_id: str
    reason: RefusalReason


class Still(ServerMessage, frozen=True, tag="still"):
    """Part of a page of courseware as a picture, for a viewer whose link does not carry its video.

    The parts of one still (same ``source_id`` and ``taken_at``) come in order, from 0 on; their
    ``image`` strings in a row are its base64. A still whose part 0 follows an unfinished one takes
    its place. They come slowly: a page of 48 KiB takes some ten seconds at 100 kbit/s.
    """

    source_id: str
    taken_at: datetime
    mime: str  # image/webp or image/jpeg
    image: str
    part: int = 0
    parts: int = 1


class Bye(ServerMessage, frozen=True, tag="bye"):
    """The server closes the channel."""

    reason: ByeReason


# --- all of them ----------------------------------------------------------------------------------

_Types = tuple[type[msgspec.Struct], ...]
COMMANDS: _Types = (*(rule.command for part in PARTS for rule in part.rules), View)
EVENTS: _Types = tuple(event for part in PARTS for event in part.events)
CLIENT_MESSAGES: _Types = (Hello, Ping, *COMMANDS)
SERVER_MESSAGES: _Types = (
    Snapshot,
    Resumed,
    *EVENTS,
    Pong,
    Ack,
    CommandError,
    Slots,
    Reopen,
    LayersWanted,
    CodecLacking,
    SourceRefused,
    Still,
    Bye,
)


def any_of(messages: Iterable[type[msgspec.Struct]]) -> Any:
    """Return the union of messages, as a type that msgspec decodes."""
    return functools.reduce(operator.or_, messages)
