"""Bringing the schema up to date. Each service keeps its own chain in the shared database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from recorder.migrating import Chain, SchemaTooNew
from signaling.base.database import Database

__all__ = ["CHAIN", "SchemaTooNew", "is_current", "migrate"]

CHAIN = Chain(Path(__file__).parent.parent / "migrations", "signaling")
_UPGRADE_LOCK = 0x544B_4D47  # PostgreSQL advisory lock


async def migrate(database: Database, target: str = "head") -> None:
    """Upgrade the schema; does nothing where it is current, or newer and fit for this version.

    Of several processes that start at once, one does it, and the others wait.

    Raises:
        SchemaTooNew: a newer version has taken out what this one uses.
    """
    writer = database.engine.execution_options(tongke_writes=True)
    async with writer.begin() as connection:
        if not database.is_sqlite:  # SQLite has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
        await connection.run_sync(CHAIN.upgrade, target)


async def is_current(database: Database) -> bool:
    """Tell whether this version has nothing to add to the schema.

    Raises:
        SchemaTooNew: a newer version has taken out what this one uses.
    """
    async with database.engine.connect() as connection:
        return await connection.run_sync(CHAIN.is_current)
