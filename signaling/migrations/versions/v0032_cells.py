"""Cells: which epoch of a lesson is in force, and which cell writes under it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lesson_leases",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.String(length=200), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_lesson_leases")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("lesson_leases")
