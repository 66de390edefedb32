"""`tongke import`: a county file into the database; the server may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.command.county_file import MAX_FILE_BYTES, CountyFileError, read
from signaling.command.county_import import CountyImport, Imported
from signaling.command.opened import CommandFailed, opened, say
from signaling.command.words import Word
from signaling.identity.passwords import Passwords


async def import_county(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke import`."""
    path = Path(arguments.file)
    data = await asyncio.to_thread(_read_file, path)
    try:
        file, source = read(data, config.zone)
        async with opened(config) as database:
            county = CountyImport(
                database,
                AuditLog(database),
                Passwords(),
                file,
                source,
                max_lesson_hours=config.max_lesson_hours,
            )
            done = await county.run(COMMAND, path.name, check_only=arguments.check)
    except CountyFileError as error:
        raise CommandFailed(Word.NOTHING_WRITTEN(file=path, error=error)) from None
    _report(done, checked=arguments.check)


def _read_file(path: Path) -> bytes:
    with path.open("rb") as opened_file:
        return opened_file.read(MAX_FILE_BYTES + 1)


def _report(done: Imported, *, checked: bool) -> None:
    known = Word.LESSONS_KNOWN(count=done.lessons_known) if done.lessons_known else ""
    word = Word.CHECKED if checked else Word.IMPORTED
    say(
        word(
            schools=done.schools,
            rooms=done.rooms,
            people=done.people,
            lessons=done.lessons,
            known=known,
        )
    )
    if done.accounts:
        say(Word.FIRST_PASSWORDS())
        for login, name, password in done.accounts:
            say(f"  {login}\t{name}\t{password}")
