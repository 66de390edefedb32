"""The kinds of messages on the control channel, each the base of its structs."""

from __future__ import annotations

import msgspec


class ClientMessage(msgspec.Struct, frozen=True):
    """A message from a page."""


class Command(ClientMessage, frozen=True):
    """A message that asks for a change; the answer carries the same `id`."""

    id: int


class ServerMessage(msgspec.Struct, frozen=True):
    """A message to a page."""


class Event(ServerMessage, frozen=True):
    """A numbered change of the room's state. Applying an event twice does no harm."""

    seq: int
