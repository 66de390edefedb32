"""Links over time: one row for each participant and ten seconds of a lesson."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SECONDS = (
    "high_s",
    "middle_s",
    "low_s",
    "stills_s",
    "sound_s",
    "good_s",
    "fair_s",
    "poor_s",
    "offline_s",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "link_samples",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.Column("carries_min_bps", sa.BigInteger(), nullable=True),
        sa.Column("carries_mean_bps", sa.BigInteger(), nullable=True),
        sa.Column("queue_ms", sa.Double(), nullable=True),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("rtt_ms", sa.Double(), nullable=True),
        sa.Column("limit_rank", sa.SmallInteger(), nullable=False),
        sa.Column("uplink_rank", sa.SmallInteger(), nullable=True),
        sa.Column("switches", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in _SECONDS),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.lesson_id"],
            name=op.f("fk_link_samples_lesson_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "lesson_id", "participant_id", "at_s", name=op.f("pk_link_samples")
        ),
    )
    op.create_index(op.f("ix_link_samples_at_s"), "link_samples", ["at_s"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_link_samples_at_s"), table_name="link_samples")
    op.drop_table("link_samples")
