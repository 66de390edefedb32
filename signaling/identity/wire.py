"""The REST API's bodies about logins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.base.fields import JoinCode
from signaling.base.text import Word, line, secret, word
from signaling.directory.wire import CountyRef, RoomRef


class QrCode(msgspec.Struct, frozen=True):
    """A QR code: the modules of one side, and an SVG path with the dark ones."""

    size: int
    path: str


class LoginRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """本地账号登录."""

    login: Annotated[str, line(64)]
    password: Annotated[str, secret(256)]


class TerminalLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """教室终端登录, first step: which rooms does this 课程码 invite?"""

    join_code: JoinCode


class TerminalLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """教室终端登录: by 课程码 and room, or by a device token that an admin issued.

    ``remember`` (记住本机) sets a long-lived, http-only device cookie.
    """

    join_code: JoinCode | None = None
    room_id: Word | None = None
    device_token: Annotated[str, word(256, shortest=0)] | None = None
    remember: bool = True


class TerminalRooms(msgspec.Struct, frozen=True):
    """The answer to `TerminalLookup`."""

    lesson_title: str
    rooms: tuple[RoomRef, ...]


class Identity(msgspec.Struct, frozen=True):
    """The one who is signed in: a person, or a room's terminal (``room`` set).

    ``may`` is what the actor may do without a lesson in question. The page reckons with the
    county's ``time_zone`` (IANA) and ``server_time``, whatever its computer believes. ``counties``
    are those of the own branches. While ``must_change_password`` is set, nothing else is answered.
    """

    subject_id: str
    name: str
    roles: tuple[Role, ...]
    school: str | None
    room: RoomRef | None
    csrf_token: str
    may: tuple[Action, ...]
    time_zone: str
    server_time: datetime
    must_change_password: bool
    counties: tuple[CountyRef, ...]


class DeviceTokenIssued(msgspec.Struct, frozen=True):
    """A new device token for a room; shown once."""

    device_token: str
