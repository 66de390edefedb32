"""转交 of recommendations: to whom one was forwarded, and by which entry of its history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table, names in (
        ("reference_copies", ("assigned_to", "assigned_name")),
        ("reference_reviews", ("to_id", "to_name")),
    ):
        for name in names:
            op.add_column(table, sa.Column(name, sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Take back."""
    for table, names in (
        ("reference_reviews", ("to_name", "to_id")),
        ("reference_copies", ("assigned_name", "assigned_to")),
    ):
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_column(name)
