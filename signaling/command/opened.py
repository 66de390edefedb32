"""The common part of commands on the database: the database itself, and their failures."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling.base.config import Config
from signaling.base.data_lock import DataInUse, held
from signaling.base.database import Database
from signaling.base.migrate import is_current, migrate
from signaling.base.text import BadText, TextKind, clean
from signaling.command.words import Word, text_words


class CommandFailed(Exception):
    """A command failed; the message is one line for the person at the terminal."""


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Database]:
    """Open the database, up to date.

    The schema grows beside processes that were started by their roles, for they are upgraded one
    after another. A server that is alone keeps the schema that it knows.

    Raises:
        CommandFailed: the schema is older, and a server that is alone runs on it.
        SchemaTooNew: a newer version has taken out what this one uses.
    """
    database = Database(config.database)
    try:
        if not await is_current(database):
            config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with held(config.data, shared=True):
                    await migrate(database)
            except DataInUse as error:
                words = Word.DATA_IN_USE(data=error.data, owner=error.owner)
                raise CommandFailed(Word.STOP_FIRST(error=words)) from None
        yield database
    finally:
        await database.close()


def checked_text(field: str, text: str, kind: TextKind, longest: int) -> str:
    """Return a text as it is kept. Raises CommandFailed."""
    try:
        return clean(text, kind, longest, 1)
    except BadText as error:
        raise CommandFailed(f"{field}: {text_words(error.code)}") from None


def say(line: str) -> None:
    """Print a line for the person at the terminal, or for a pipe."""
    print(line, file=sys.stdout)  # noqa: T201
