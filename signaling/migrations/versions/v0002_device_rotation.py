"""A device token knows which one it takes the place of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("device_tokens", sa.Column("replaces", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("device_tokens", "replaces")
