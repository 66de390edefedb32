"""The `tongke` commands for accounts; the server may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os

from signaling.access.roles import ROOT_PATH, Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.base.text import TextKind
from signaling.command.county_file import MIN_PASSWORD_CHARS
from signaling.command.opened import CommandFailed, checked_text, opened
from signaling.command.words import Word
from signaling.directory.records import PersonRecord
from signaling.directory.store import PeopleStore
from signaling.identity.accounts.changes import set_active, set_password
from signaling.identity.passwords import Passwords

MAX_PASSWORD_CHARS = 256  # as `identity.wire.LoginRequest` takes
PASSWORD_VARIABLE = "TONGKE_NEW_PASSWORD"  # noqa: S105 - environment: the password, for scripts


async def create_admin(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke create-admin`."""
    password = await _new_password()
    login = checked_text("login", arguments.login, TextKind.WORD, 64)
    name = checked_text("--name", arguments.name or login, TextKind.LINE, 80)
    async with opened(config) as database:
        people = PeopleStore(database)
        if await people.person_by_login(login) is not None:
            raise CommandFailed(Word.ACCOUNT_EXISTS(login=login))
        password_hash = await Passwords().hash(password)
        async with AuditLog(database).work(COMMAND, AuditAction.ADMIN_CREATE, login) as work:
            work.concerns(ROOT_PATH, name)
            await people.add_person(
                work,
                login=login,
                name=name,
                password_hash=password_hash,
                roles=(Role.COUNTY_ADMIN,),
            )


async def person_password(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person password`."""
    password = await _new_password()
    async with opened(config) as database:
        person = await _person(PeopleStore(database), arguments.login)
        person_id = person.person_id
        password_hash = await Passwords().hash(password)
        async with AuditLog(database).work(COMMAND, AuditAction.PASSWORD_SET, person_id) as work:
            work.concerns(person.path, person.name)
            await set_password(work, person_id, password_hash)


async def person_disable(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person disable` and `enable`."""
    action = AuditAction.ACCOUNT_OPEN if arguments.active else AuditAction.ACCOUNT_CLOSE
    async with opened(config) as database:
        person = await _person(PeopleStore(database), arguments.login)
        async with AuditLog(database).work(COMMAND, action, person.person_id) as work:
            work.concerns(person.path, person.name)
            await set_active(work, person.person_id, arguments.active)


async def _person(people: PeopleStore, login: str) -> PersonRecord:
    login = checked_text("login", login, TextKind.LINE, 64)
    person = await people.person_by_login(login)
    if person is None:
        raise CommandFailed(Word.NO_ACCOUNT(login=login))
    return person


async def _new_password() -> str:
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        password = await asyncio.to_thread(getpass.getpass, Word.ASK_PASSWORD())
    if len(password) < MIN_PASSWORD_CHARS:
        raise CommandFailed(Word.PASSWORD_SHORT(least=MIN_PASSWORD_CHARS))
    return checked_text(Word.PASSWORD(), password, TextKind.SECRET, MAX_PASSWORD_CHARS)
