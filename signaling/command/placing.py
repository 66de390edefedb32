"""The `tongke person` commands for teachers who belong to no county, as after an upgrade."""

from __future__ import annotations

import argparse

import structlog
from sqlalchemy import select

from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.text import TextKind
from signaling.command.opened import CommandFailed, checked_text, opened, say
from signaling.command.words import Word
from signaling.directory.tables import OrgNodeRow, PersonRow
from signaling.directory.teachers.placing import move, unplaced
from signaling.directory.wire import OrgLevel

log = structlog.get_logger(__name__)

_TOLD = 5  # logins in one line of the log


async def warn_of_unplaced(database: Database) -> None:
    """Tell the operator, in the log, of teachers who belong to no county."""
    async with database.read() as session:
        found = await unplaced(session)
    if found:
        logins = " ".join(one.login for one in found[:_TOLD])
        log.warning("teachers_without_county", people=len(found), logins=logins)


async def person_unplaced(config: Config, _arguments: argparse.Namespace) -> None:
    """`tongke person unplaced`."""
    async with opened(config) as database, database.read() as session:
        found = await unplaced(session)
    for one in found:
        say(f"{one.login}\t{one.name}")
    if not found:
        say(Word.ALL_PLACED())


async def person_place(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person place`."""
    login = checked_text("login", arguments.login, TextKind.LINE, 64)
    node_id = checked_text("node", arguments.node, TextKind.LINE, 200)
    async with (
        opened(config) as database,
        AuditLog(database).work(COMMAND, AuditAction.DIRECTORY_CHANGE) as work,
    ):
        session = work.session
        row = await session.scalar(select(PersonRow).where(PersonRow.login == login))
        if row is None:
            raise CommandFailed(Word.NO_ACCOUNT(login=login))
        node = await session.get(OrgNodeRow, node_id)
        levels = (OrgLevel.COUNTY, OrgLevel.SCHOOL)
        if node is None or not node.active or OrgLevel(node.level) not in levels:
            raise CommandFailed(Word.NO_NODE(node=node_id))
        work.target = row.person_id
        work.concerns(node.path, row.name)
        work.detail = detail_of(noun="teachers", node=node.name)
        await move(session, row, node_id)
        row.school_id = node_id if OrgLevel(node.level) is OrgLevel.SCHOOL else None
        row.version += 1
        placed = Word.PLACED(login=login, node=node.name)
    say(placed)
