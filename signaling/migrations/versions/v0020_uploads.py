"""Videos and attachments: who checks a file, what came of it, and what uses it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("files", sa.Column("job_id", sa.String(length=200), nullable=True))
    op.add_column("files", sa.Column("problem", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("video", sa.Text(), nullable=True))
    op.create_table(
        "file_uses",
        sa.Column("file_id", sa.String(length=200), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("holder_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["files.file_id"],
            name=op.f("fk_file_uses_file_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", "noun", "holder_id", name=op.f("pk_file_uses")),
    )
    op.create_index("ix_file_uses_holder", "file_uses", ["noun", "holder_id"])


def downgrade() -> None:
    """Take back; files stay."""
    op.drop_index("ix_file_uses_holder", table_name="file_uses")
    op.drop_table("file_uses")
    for column in ("video", "problem", "job_id"):
        op.drop_column("files", column)
