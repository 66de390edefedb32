"""The `tongke` commands that work on the database alone; the server may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signaling.config import Config
from signaling.core.resources import Role
from signaling.core.text import BadText, TextKind, clean, is_word
from signaling.core.tokens import fingerprint
from signaling.county_file import MAX_FILE_BYTES, MIN_PASSWORD_CHARS, CountyFileError, read
from signaling.county_import import CountyImport, Imported
from signaling.data_lock import DataInUse, held
from signaling.db.audit_log import Actor, AuditLog
from signaling.db.engine import Database
from signaling.db.migrate import is_current, migrate
from signaling.db.people_store import PeopleStore
from signaling.db.session_store import DeviceOrigin, SessionStore
from signaling.errors import TEXT_WORDS
from signaling.ids import new_secret
from signaling.passwords import Passwords
from signaling.secret_file import rotate

MAX_PASSWORD_CHARS = 256  # as `core.resources.LoginRequest` takes
ACTOR = Actor(None, "命令行")
FIRST_STEP = """\
  还没有任何账号,网页暂时无法登录。请先在服务器上创建县级管理员,
  --config、--data 等选项与本服务器相同:
    tongke create-admin <账号> --name <姓名>
  然后打开上面的网址登录,网页会提示下一步。详见 docs/operations.zh-CN.md。
  Nobody has an account yet: create the first administrator as above.
"""


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
    login = _text("login", arguments.login, TextKind.WORD, 64)
    name = _text("--name", arguments.name or login, TextKind.LINE, 80)
    async with _database(config) as database:
        people = PeopleStore(database)
        if await people.person_by_login(login) is not None:
            raise CommandFailed(f"账号 {login} 已存在")
        password_hash = await Passwords().hash(password)
        async with AuditLog(database).work(ACTOR, "admin_create", login) as work:
            await people.add_person(
                work,
                login=login,
                name=name,
                password_hash=password_hash,
                roles=(Role.COUNTY_ADMIN,),
            )


async def import_county(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke import`."""
    path = Path(arguments.file)
    data = await asyncio.to_thread(_read_file, path)
    try:
        file, source = read(data, config.zone)
        async with _database(config) as database:
            county = CountyImport(
                database,
                AuditLog(database),
                Passwords(),
                file,
                source,
                max_lesson_hours=config.max_lesson_hours,
            )
            done = await county.run(ACTOR, path.name, check_only=arguments.check)
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
        password_hash = await Passwords().hash(password)
        async with AuditLog(database).work(ACTOR, "password_set", person_id) as work:
            await people.set_password(work, person_id, password_hash)


async def person_disable(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke person disable` and `enable`."""
    async with _database(config) as database:
        people = PeopleStore(database)
        person_id = await _person_id(people, arguments.login)
        action = "account_open" if arguments.active else "account_close"
        async with AuditLog(database).work(ACTOR, action, person_id) as work:
            await people.set_active(work, person_id, arguments.active)


async def issue_device_token(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke issue-device-token`."""
    async with _database(config) as database:
        room_id = arguments.room_id
        await _demand_room(PeopleStore(database), room_id)
        token = new_secret()
        async with AuditLog(database).work(ACTOR, "device_token_issue", room_id) as work:
            await SessionStore(database).add_device(
                work, fingerprint(token), room_id, DeviceOrigin.ISSUED, datetime.now(UTC)
            )
    _print(token)


async def revoke_device_tokens(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke revoke-device-tokens`."""
    async with _database(config) as database:
        room_id = arguments.room_id
        await _demand_room(PeopleStore(database), room_id)
        async with AuditLog(database).work(ACTOR, "room_shut_out", room_id) as work:
            await SessionStore(database).shut_room_out(work, room_id)


async def rotate_secret(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke secret rotate`."""
    keep = timedelta(hours=arguments.keep_hours)
    now = datetime.now(UTC).timestamp()
    async with (
        _database(config) as database,
        AuditLog(database).work(ACTOR, "secret_rotate", "secret.key", f"keep {keep}"),
    ):
        await asyncio.to_thread(rotate, config.data, now, keep.total_seconds())
    _print(f"已生成新的密钥,重启服务器后生效;旧密钥再有效 {arguments.keep_hours} 小时")


async def _person_id(people: PeopleStore, login: str) -> str:
    login = _text("login", login, TextKind.LINE, 64)
    person = await people.person_by_login(login)
    if person is None:
        raise CommandFailed(f"没有账号 {login}")
    return person.person_id


async def _demand_room(people: PeopleStore, room_id: str) -> None:
    if not is_word(room_id) or await people.room(room_id) is None:
        raise CommandFailed(f"没有教室 {room_id}")


async def _new_password() -> str:
    password = os.environ.get("TONGKE_NEW_PASSWORD", "")
    if not password:
        password = await asyncio.to_thread(getpass.getpass, "密码: ")
    if len(password) < MIN_PASSWORD_CHARS:
        raise CommandFailed(f"密码至少 {MIN_PASSWORD_CHARS} 个字符")
    return _text("密码", password, TextKind.SECRET, MAX_PASSWORD_CHARS)


def _text(field: str, text: str, kind: TextKind, longest: int) -> str:
    try:
        return clean(text, kind, longest, 1)
    except BadText as error:
        raise CommandFailed(f"{field}: {TEXT_WORDS[error.code]}") from None


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

    secret = commands.add_parser("secret", help="服务器密钥")
    secrets = secret.add_subparsers(dest="secret_command", required=True)
    rotation = secrets.add_parser("rotate", parents=[common], help="换用新的密钥")
    rotation.add_argument(
        "--keep-hours",
        type=int,
        choices=range(24 * 365 + 1),
        metavar="N",
        default=Config().session_hours,
        help="旧密钥再有效的小时数(0: 所有登录立即失效)",
    )
    rotation.set_defaults(deed=rotate_secret)

    for name, words, deed in (
        ("issue-device-token", "为教室终端签发设备令牌", issue_device_token),
        ("revoke-device-tokens", "作废教室的设备令牌与登录", revoke_device_tokens),
    ):
        device = command(name, words)
        device.add_argument("room_id")
        device.set_defaults(deed=deed)
