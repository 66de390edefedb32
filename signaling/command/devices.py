"""The `tongke` commands for the terminals of rooms; the server may run meanwhile."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from signaling.access.signing import fingerprint
from signaling.audit.actions import AuditAction
from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.ids import new_secret
from signaling.base.text import is_word
from signaling.command.opened import CommandFailed, opened, say
from signaling.command.words import Word
from signaling.directory.records import RoomRecord
from signaling.directory.store import PeopleStore
from signaling.identity.store import DeviceOrigin, SessionStore


async def issue_device_token(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke issue-device-token`."""
    async with opened(config) as database:
        room = await _known_room(database, arguments.room_id)
        token = new_secret()
        action = AuditAction.DEVICE_TOKEN_ISSUE
        async with AuditLog(database).work(COMMAND, action, room.room_id) as work:
            work.concerns(room.path, room.title)
            await SessionStore(database).add_device(
                work, fingerprint(token), room.room_id, DeviceOrigin.ISSUED, datetime.now(UTC)
            )
    say(token)


async def revoke_device_tokens(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke revoke-device-tokens`."""
    async with opened(config) as database:
        room = await _known_room(database, arguments.room_id)
        action = AuditAction.ROOM_SHUT_OUT
        async with AuditLog(database).work(COMMAND, action, room.room_id) as work:
            work.concerns(room.path, room.title)
            await SessionStore(database).shut_room_out(work, room.room_id)


async def _known_room(database: Database, room_id: str) -> RoomRecord:
    room = await PeopleStore(database).room(room_id) if is_word(room_id) else None
    if room is None:
        raise CommandFailed(Word.NO_ROOM(room_id=room_id))
    return room
