"""Taking a database back to an earlier schema."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection

from signaling.base.database import Database
from signaling.base.migrate import CHAIN


async def take_back(database: Database, target: str) -> None:
    """Leave of a database what an earlier schema had."""

    def downgrade(connection: Connection) -> None:
        command.downgrade(CHAIN.config(connection), target)

    async with database.engine.execution_options(tongke_writes=True).begin() as connection:
        await connection.run_sync(downgrade)
