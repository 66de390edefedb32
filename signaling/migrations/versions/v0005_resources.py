"""Resources: one draft for each recording, made at the next start (docs/adr/0008)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "resources",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("recording_id", sa.String(length=200), nullable=False),
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("lead_teacher_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("grade", sa.String(length=200), nullable=False),
        sa.Column("class_kind", sa.String(length=40), nullable=False),
        sa.Column("lead_teacher", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_resources")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_resources_recording_id")),
    )
    op.create_index(op.f("ix_resources_lesson_id"), "resources", ["lesson_id"])
    op.create_index(op.f("ix_resources_lead_teacher_id"), "resources", ["lead_teacher_id"])
    op.create_index("ix_resources_newest", "resources", ["started_at", "recording_id"])


def downgrade() -> None:
    """Take back; recordings are the recorder's and stay."""
    op.drop_table("resources")
