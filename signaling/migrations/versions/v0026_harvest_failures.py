"""Failures of a harvest in a row, after which it waits for an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "harvest_sources", sa.Column("failures", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    """Take back; all sources are harvested again."""
    op.drop_column("harvest_sources", "failures")
