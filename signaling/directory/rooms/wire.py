"""Bodies of rooms."""

from __future__ import annotations

import msgspec

from signaling.base.fields import Name
from signaling.base.text import Word
from signaling.directory.entries.wire import Count, Version


class RoomForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Fields that may be set of a room."""

    name: Name
    seats: Count | None = None


class RoomCreate(RoomForm, frozen=True, kw_only=True):
    """新建教室."""

    school_id: Word


class RoomChange(RoomForm, frozen=True, kw_only=True):
    """修改教室."""

    version: Version


class RoomEntry(msgspec.Struct, frozen=True):
    """A room of the directory. A room of a disabled school cannot be used."""

    room_id: str
    name: str
    seats: int | None
    school_id: str
    school: str
    school_active: bool
    active: bool
    version: int


class RoomPage(msgspec.Struct, frozen=True):
    """A page of rooms by school and name; ``total`` counts all that match."""

    entries: tuple[RoomEntry, ...]
    total: int
    next: str | None
