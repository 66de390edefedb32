"""Jobs, and files that are uploaded or made by jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "jobs",
        _id("job_id"),
        sa.Column("kind", sa.String(length=40), nullable=False),
        _id("owner_id"),
        _id("owner_name"),
        _id("remote"),
        sa.Column("branch", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("progress_done", "progress_total", "tries")
        ),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        _id("supervisor", nullable=True),
        _id("run_id", nullable=True),
        _time("due_at"),
        _time("created_at"),
        _time("started_at", nullable=True),
        _time("beat_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_due", "jobs", ["state", "due_at"])
    op.create_index("ix_jobs_owner", "jobs", ["owner_id", "created_at", "job_id"])
    op.create_index("ix_jobs_newest", "jobs", ["created_at", "job_id"])
    op.create_index(op.f("ix_jobs_ended_at"), "jobs", ["ended_at"])
    op.create_table(
        "files",
        _id("file_id"),
        _id("owner_id"),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        _id("name"),
        _id("media_type", nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        _id("sha256", nullable=True),
        _time("created_at"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_files")),
    )
    op.create_index("ix_files_owner", "files", ["owner_id", "created_at", "file_id"])
    op.create_index(op.f("ix_files_expires_at"), "files", ["expires_at"])


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=200), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def downgrade() -> None:
    """Take back; the folder of files stays."""
    op.drop_table("files")
    op.drop_table("jobs")
