"""Alembic's environment: the caller hands in the connection, so no ini file is needed."""

from __future__ import annotations

from alembic import context

from signaling.base.columns import Base
from signaling.base.database import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
