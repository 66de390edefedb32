"""The REST API's bodies about the terminals of rooms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from signaling.base.text import line, word
from signaling.directory.wire import RoomRef
from signaling.identity.wire import QrCode

BindingCode = Annotated[str, line(32)]


class TerminalCode(msgspec.Struct, frozen=True):
    """A one-time code of a room: a terminal opens the ``url``, or somebody types the code there."""

    code: str
    url: str
    qr: QrCode
    expires_at: datetime


class TerminalRedeem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A terminal redeems a room's code."""

    code: BindingCode


class TerminalAsked(msgspec.Struct, frozen=True):
    """A code that a terminal shows; an admin opens the ``url`` and names the room.

    The terminal keeps the ``secret`` and asks with it whether it is bound.
    """

    code: str
    secret: str
    url: str
    qr: QrCode
    expires_at: datetime


class TerminalClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A terminal asks whether it is bound."""

    secret: Annotated[str, word(64)]


class TerminalAskLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An admin asks which terminal shows a code."""

    code: BindingCode


class TerminalAsk(msgspec.Struct, frozen=True):
    """A terminal that shows a code: from which address, and since when."""

    code: str
    remote: str
    asked_at: datetime


class TerminalConfirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terminal that shows this code stands in the room."""

    code: BindingCode


class Terminal(msgspec.Struct, frozen=True):
    """A terminal of a room. ``origin`` is how its token came to be; ``in_use``: in a lesson now."""

    terminal_id: str
    origin: str
    created_at: datetime
    last_used_at: datetime | None
    bound_by: str | None
    remote: str | None
    in_use: bool


class TerminalList(msgspec.Struct, frozen=True):
    """The terminals of a room, the one used last first."""

    room: RoomRef
    terminals: tuple[Terminal, ...]


class RoomTerminals(msgspec.Struct, frozen=True):
    """A room, how many terminals it has, and when one was used last."""

    room: RoomRef
    terminals: int
    last_used_at: datetime | None


class RoomTerminalsPage(msgspec.Struct, frozen=True):
    """A page of rooms, and the place of the next one."""

    rooms: tuple[RoomTerminals, ...]
    next: str | None
