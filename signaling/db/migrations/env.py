"""Alembic's environment: the caller hands in the connection, so no ini file is needed."""

from __future__ import annotations

from alembic import context

from signaling.db.engine import VERSION_TABLE
from signaling.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
