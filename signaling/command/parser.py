"""The `tongke` command line: its commands and options.

Each command on the database sets `job`; the others set `run`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from signaling.base.config import Config
from signaling.command.accounts import create_admin, person_disable, person_password
from signaling.command.catalogue_command import import_catalogue
from signaling.command.devices import issue_device_token, revoke_device_tokens
from signaling.command.import_command import import_county
from signaling.command.placing import person_place, person_unplaced
from signaling.command.upkeep import migrate_only, rotate_secret
from signaling.command.words import Word

Run = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]
# Values of --seed-demo: with a term and its history, or only with lessons of today.
DEMO_COUNTY, DEMO_LESSONS = "county", "lessons"
MAX_KEEP_HOURS = 24 * 365  # a year: longer than the longest session


def command_line(version: str, *, serve: Run, openapi: Run) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Args:
        version: the program's.
        serve: runs `tongke serve`.
        openapi: runs `tongke openapi`.
    """
    parser = argparse.ArgumentParser("tongke", description=Word.PROGRAM())
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", help=Word.CONFIG())
    common.add_argument("--data", help=Word.DATA())
    common.add_argument("--database-url", help=Word.DATABASE_URL())

    def command(name: str, word: Word) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=word())

    _serve_options(command("serve", Word.SERVE), serve)
    command("migrate", Word.MIGRATE).set_defaults(job=migrate_only)
    admin = command("create-admin", Word.CREATE_ADMIN)
    admin.add_argument("login")
    admin.add_argument("--name")
    admin.set_defaults(job=create_admin)

    county = command("import", Word.IMPORT)
    county.add_argument("file")
    county.add_argument("--check", action="store_true", help=Word.CHECK_ONLY())
    county.set_defaults(job=import_county)

    catalogue = commands.add_parser("catalogue", help=Word.CATALOGUE())
    actions = catalogue.add_subparsers(dest="action", required=True)
    chapters = actions.add_parser("import", parents=[common], help=Word.CATALOGUE_IMPORT())
    chapters.add_argument("file")
    chapters.add_argument("--county", help=Word.COUNTY_ID())
    chapters.add_argument("--check", action="store_true", help=Word.CHECK_ONLY())
    chapters.set_defaults(job=import_catalogue)

    _person_commands(commands.add_parser("person", help=Word.PERSON()), common)
    _secret_commands(commands.add_parser("secret", help=Word.SECRET()), common)
    for name, word, job in (
        ("issue-device-token", Word.ISSUE_DEVICE, issue_device_token),
        ("revoke-device-tokens", Word.REVOKE_DEVICES, revoke_device_tokens),
    ):
        device = command(name, word)
        device.add_argument("room_id")
        device.set_defaults(job=job)
    command("openapi", Word.OPENAPI).set_defaults(run=openapi)
    commands.add_parser("demo", add_help=False, help=Word.DEMO())
    return parser


def _serve_options(serve: argparse.ArgumentParser, run: Run) -> None:
    serve.add_argument("--http-host", action="append", help=Word.HTTP_HOST())
    serve.add_argument("--http-port", type=int, help=Word.ANY_PORT())
    serve.add_argument("--tls-cert", help=Word.TLS_CERT())
    serve.add_argument("--tls-key", help=Word.TLS_KEY())
    serve.add_argument("--udp-host", action="append", help=Word.UDP_HOST())
    serve.add_argument("--udp-port", type=int, help=Word.ANY_PORT())
    serve.add_argument("--announce", action="append", help=Word.ANNOUNCE())
    serve.add_argument("--cells", type=int, metavar="N", help=Word.CELLS())
    serve.add_argument("--roles", help=Word.ROLES())
    serve.add_argument("--redis-url", help=Word.REDIS_URL())
    serve.add_argument("--node-id", help=Word.NODE_ID())
    serve.add_argument("--door", help=Word.DOOR())
    serve.add_argument("--log-level", choices=("debug", "info", "warning", "error"))
    serve.add_argument(
        "--seed-demo",
        nargs="?",
        const=DEMO_COUNTY,
        choices=(DEMO_COUNTY, DEMO_LESSONS),
        help=Word.SEED_DEMO(),
    )
    serve.add_argument("--life-fd", type=int, help=Word.LIFE_FD())
    serve.add_argument("--lock-fd", type=int, help=Word.LOCK_FD())
    serve.add_argument("--ready-fd", type=int, help=Word.READY_FD())
    serve.add_argument("--ready-file", help=Word.READY_FILE())
    serve.set_defaults(run=run)


def _person_commands(person: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    commands = person.add_subparsers(dest="person_command", required=True)
    for name, word, job, active in (
        ("password", Word.PERSON_PASSWORD, person_password, None),
        ("disable", Word.PERSON_DISABLE, person_disable, False),
        ("enable", Word.PERSON_ENABLE, person_disable, True),
    ):
        made = commands.add_parser(name, parents=[common], help=word())
        made.add_argument("login")
        made.set_defaults(job=job, active=active)
    alone = commands.add_parser("unplaced", parents=[common], help=Word.PERSON_UNPLACED())
    alone.set_defaults(job=person_unplaced)
    place = commands.add_parser("place", parents=[common], help=Word.PERSON_PLACE())
    place.add_argument("login")
    place.add_argument("node", help=Word.NODE())
    place.set_defaults(job=person_place)


def _secret_commands(secret: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    commands = secret.add_subparsers(dest="secret_command", required=True)
    rotation = commands.add_parser("rotate", parents=[common], help=Word.SECRET_ROTATE())
    rotation.add_argument(
        "--keep-hours",
        type=int,
        choices=range(MAX_KEEP_HOURS + 1),
        metavar="N",
        default=Config().session_hours,
        help=Word.KEEP_HOURS(),
    )
    rotation.set_defaults(job=rotate_secret)
