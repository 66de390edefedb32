"""Reasons that were given back, who changed a requirement, and periods that schools forbid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "missed_reasons",
        sa.Column("returns", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_ledger_units_cause", "ledger_units", ["cause", "starts_at"])
    by_name = sa.Column(
        "by_name", sa.String(length=200), nullable=False, server_default=sa.text("''")
    )
    op.add_column("requirements", by_name)
    op.add_column("requirements", sa.Column("at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("unwanted_periods", sa.Column("school_id", sa.String(length=200), nullable=True))
    level = sa.Column("level", sa.String(length=40), nullable=False, server_default="avoid")
    op.add_column("unwanted_periods", level)


def downgrade() -> None:
    """Take back."""
    for table, column in (
        ("unwanted_periods", "level"),
        ("unwanted_periods", "school_id"),
        ("requirements", "at"),
        ("requirements", "by_name"),
    ):
        op.drop_column(table, column)
    op.drop_index("ix_ledger_units_cause", table_name="ledger_units")
    op.drop_column("missed_reasons", "returns")
