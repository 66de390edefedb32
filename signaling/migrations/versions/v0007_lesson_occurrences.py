"""A lesson knows its version, way of giving, subject, classes and place in the textbook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = ("subject_id", "lead_class_id", "textbook_volume", "textbook_section")


def upgrade() -> None:
    """Apply."""
    version = sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("0"))
    op.add_column("lessons", version)
    changed_at = sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("lessons", changed_at)
    mode = sa.Column(
        "delivery_mode",
        sa.String(length=40),
        nullable=False,
        server_default="lead_with_pupils",
    )
    op.add_column("lessons", mode)
    for name in _TEXTS:
        op.add_column("lessons", sa.Column(name, sa.String(length=200), nullable=True))
    op.add_column("lesson_rooms", sa.Column("class_id", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("lesson_rooms", "class_id")
    for name in ("version", "changed_at", "delivery_mode", *_TEXTS):
        op.drop_column("lessons", name)
