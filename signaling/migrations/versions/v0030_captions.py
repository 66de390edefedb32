"""字幕 of versions, and what org nodes want of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "resource_captions",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=True),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=True),
        sa.Column("ordered_by", sa.String(length=200), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("cues", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            name=op.f("fk_resource_captions_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_resource_captions")),
    )
    for name in ("state", "job_id"):
        op.create_index(op.f(f"ix_resource_captions_{name}"), "resource_captions", [name])
    op.create_table(
        "caption_policies",
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"],
            ["org_nodes.node_id"],
            name=op.f("fk_caption_policies_node_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_caption_policies")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("caption_policies")
    op.drop_table("resource_captions")
