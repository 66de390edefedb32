"""The `tongke` commands that work on the database alone; the server may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from signaling.config import Config
from signaling.core.resources import Role
from signaling.core.tokens import fingerprint
from signaling.county_file import MAX_FILE_BYTES, MIN_PASSWORD_CHARS, CountyFileError, read
from signaling.county_import import CountyImport, Imported
from signaling.data_lock import DataInUse, held
from signaling.db.engine import Database
from signaling.db.migrate import is_current, migrate
from signaling.db.people_store import AuditEntry, PeopleStore
from signaling.ids import new_secret
from signaling.passwords import Passwords

ACTOR = "命令行"


class CommandFailed(Exception):
    """What the person at the terminal is told, in one line."""


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[Database]:
    """The database, up to date. A running server keeps the schema that it knows.

    Raises:
        CommandFailed: the schema is older, and a server runs on it.
    """
    database = Database(config.database)
    try:
        if not await is_current(database):
            config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with held(config.data):
                    await migrate(database)
            except DataInUse as error:
                raise CommandFailed(f"{error}; 数据库需要升级,请先停止它") from None
        yield database
    finally:
        await database.close()


async def migrate_only(config: Config, _arguments: argparse.Namespace) -> None:
    """`tongke migrate`."""
    async with _database(config):
        pass


async def create_admin(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke create-admin`."""
    password = await _new_password()
    async with _database(config) as database:
        people = PeopleStore(database)
        if await people.person_by_login(arguments.login) is not None:
            raise CommandFailed(f"账号 {arguments.login} 已存在")
        await people.add_person(
            login=arguments.login,
            name=arguments.name or arguments.login,
            password_hash=await Passwords().hash(password),
            roles=(Role.COUNTY_ADMIN,),
        )
        await _audit(people, "admin_create", arguments.login)


async def import_county(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke import`."""
    path = Path(arguments.file)
    data = await asyncio.to_thread(_read_file, path)
    try:
        file, source = read(data, config.zone)
        async with _database(config) as database:
            work = CountyImport(
                database, Passwords(), file, source, max_lesson_hours=config.max_lesson_hours
            )
            done = await work.run(check_only=arguments.check)
            if not arguments.check:
                await _audit(PeopleStore(database), "import", path.name)
    except CountyFileError as error:
        raise CommandFailed(f"{path}: {error}; 未写入任何内容") from None
    _report(done, checked=arguments.check)


def _read_file(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)


def _report(done: Imported, *, checked: bool) -> None:
    verb = "检查通过" if checked else "已导入"
    known = f"(另有 {done.lessons_known} 节早已存在)" if done.lessons_known else ""
    _print(
        f"{verb}: 学校 {done.schools},教室 {done.rooms},人员 {done.people},"
        f"新课程 {done.lessons}{known}"
    )
    if done.accounts:
        _print("初始密码(只显示这一次):")
        for login, name, password in done.accounts:
            _print(f"  {login}\t{name}\t{password}")


async def person_password(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person password`."""
    password = await _new_password()
    async with _database(config) as database:
        people = PeopleStore(database)
        person_id = await _person_id(people, arguments.login)
        await people.set_password(person_id, await Passwords().hash(password))
        await _audit(people, "password_set", person_id)


async def person_disable(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person disable` and `enable`."""
    async with _database(config) as database:
        people = PeopleStore(database)
        person_id = await _person_id(people, arguments.login)
        await people.set_active(person_id, arguments.active)
        await _audit(people, "account_open" if arguments.active else "account_close", person_id)


async def issue_device_token(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke issue-device-token`."""
    async with _database(config) as database:
        people = PeopleStore(database)
        await _demand_room(people, arguments.room_id)
        token = new_secret()
        await people.add_device(fingerprint(token), arguments.room_id, "issued", datetime.now(UTC))
        await _audit(people, "device_token_issue", arguments.room_id)
    _print(token)


async def revoke_device_tokens(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke revoke-device-tokens`."""
    async with _database(config) as database:
        people = PeopleStore(database)
        await _demand_room(people, arguments.room_id)
        await people.shut_room_out(arguments.room_id)
        await _audit(people, "room_shut_out", arguments.room_id)


async def _person_id(people: PeopleStore, login: str) -> str:
    person = await people.person_by_login(login)
    if person is None:
        raise CommandFailed(f"没有账号 {login}")
    return person.person_id


async def _demand_room(people: PeopleStore, room_id: str) -> None:
    if await people.room(room_id) is None:
        raise CommandFailed(f"没有教室 {room_id}")


async def _new_password() -> str:
    password = os.environ.get("TONGKE_NEW_PASSWORD", "")
    if not password:
        password = await asyncio.to_thread(getpass.getpass, "密码: ")
    if len(password) < MIN_PASSWORD_CHARS:
        raise CommandFailed(f"密码至少 {MIN_PASSWORD_CHARS} 个字符")
    return password


async def _audit(people: PeopleStore, action: str, target: str) -> None:
    await people.audit(AuditEntry(datetime.now(UTC), None, ACTOR, action, target))


def _print(line: str) -> None:
    print(line, file=sys.stdout)  # noqa: T201


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """Declare the commands; each sets `deed`."""

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=words)

    command("migrate", "升级数据库").set_defaults(deed=migrate_only)
    admin = command("create-admin", "创建县级管理员")
    admin.add_argument("login")
    admin.add_argument("--name")
    admin.set_defaults(deed=create_admin)

    county = command("import", "从 TOML 文件导入学校、教室、人员与课程")
    county.add_argument("file")
    county.add_argument("--check", action="store_true", help="只检查,不写入")
    county.set_defaults(deed=import_county)

    person = commands.add_parser("person", help="账号:改密码、停用、启用")
    deeds = person.add_subparsers(dest="person_command", required=True)
    for name, words, deed, active in (
        ("password", "设置新密码,原有登录全部失效", person_password, None),
        ("disable", "停用账号,立即退出", person_disable, False),
        ("enable", "重新启用账号", person_disable, True),
    ):
        made = deeds.add_parser(name, parents=[common], help=words)
        made.add_argument("login")
        made.set_defaults(deed=deed, active=active)

    for name, words, deed in (
        ("issue-device-token", "为教室终端签发设备令牌", issue_device_token),
        ("revoke-device-tokens", "作废教室的设备令牌与登录", revoke_device_tokens),
    ):
        device = command(name, words)
        device.add_argument("room_id")
        device.set_defaults(deed=deed)
