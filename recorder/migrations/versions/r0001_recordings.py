"""The recordings table."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "recorder_recordings",
        sa.Column("recording_id", sa.String(64), primary_key=True),
        sa.Column("lesson_id", sa.String(64), nullable=False, index=True),
        sa.Column("lead_teacher_id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("grade", sa.String(100), nullable=False),
        sa.Column("class_kind", sa.String(32), nullable=False),
        sa.Column("lead_teacher", sa.String(100), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("failure", sa.String(500)),
        sa.Column("has_thumbnail", sa.Boolean, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
    )
    op.create_index(
        "ix_recorder_recordings_newest", "recorder_recordings", ["started_at_ms", "recording_id"]
    )


def downgrade() -> None:
    """Drop it; the archives and manifests on disk stay."""
    op.drop_table("recorder_recordings")
