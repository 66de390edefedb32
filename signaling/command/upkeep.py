"""The `tongke` commands for the server itself: its database and its secret."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime, timedelta

from signaling.access.secret_file import SECRET_FILE, rotate
from signaling.audit.actions import AuditAction
from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.command.opened import opened, say
from signaling.command.words import Word


async def migrate_only(config: Config, _arguments: argparse.Namespace) -> None:
    """`tongke migrate`."""
    async with opened(config):
        pass


async def rotate_secret(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke secret rotate`."""
    keep = timedelta(hours=arguments.keep_hours)
    now = datetime.now(UTC).timestamp()
    action = AuditAction.SECRET_ROTATE
    async with (
        opened(config) as database,
        AuditLog(database).work(COMMAND, action, SECRET_FILE, f"keep {keep}"),
    ):
        await asyncio.to_thread(rotate, config.data, now, keep.total_seconds())
    say(Word.SECRET_ROTATED(hours=arguments.keep_hours))
