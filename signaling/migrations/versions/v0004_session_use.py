"""A session knows when it was last used, and which device token it came by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    last_seen_at = sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("sessions", last_seen_at)
    op.add_column("sessions", sa.Column("device_hash", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_sessions_device_hash"), "sessions", ["device_hash"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_sessions_device_hash"), table_name="sessions")
    op.drop_column("sessions", "device_hash")
    op.drop_column("sessions", "last_seen_at")
