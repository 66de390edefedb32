"""Bringing the schema up to date. Each service keeps its own chain in the shared database."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from signaling.base.database import VERSION_TABLE, Database

_UPGRADE_LOCK = 0x544B_4D47  # PostgreSQL advisory lock


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def newest() -> str | None:
    """The newest version of the chain. To find it, all revisions are loaded: once in a process."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection, target: str) -> None:
    if target == "head" and _version(connection) == newest():
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


async def migrate(database: Database, target: str = "head") -> None:
    """Upgrade the schema; does nothing where it is current.

    Of several processes that start at once, one does it, and the others wait.
    """
    writer = database.engine.execution_options(tongke_writes=True)
    async with writer.begin() as connection:
        if not database.is_sqlite:  # SQLite has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        await connection.run_sync(_upgrade, target)


def _version(connection: Connection) -> str | None:
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


async def is_current(database: Database) -> bool:
    """Tell whether the schema is the newest."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_version) == newest()
