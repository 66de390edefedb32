"""Editions of published versions, resources of uploads, and attachments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Upkeep orders the editions of what is published already."""
    op.create_table(
        "resource_editions",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recording_id", sa.String(length=200), nullable=False),
        sa.Column("edition_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("cover", sa.String(length=200), nullable=True),
        sa.Column("media_s", sa.Double(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            name=op.f("fk_resource_editions_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_resource_editions")),
    )
    op.create_index(op.f("ix_resource_editions_job_id"), "resource_editions", ["job_id"])
    op.create_index("ix_resource_editions_due", "resource_editions", ["state", "changed_at"])
    op.create_index(
        "ix_resource_editions_files", "resource_editions", ["recording_id", "edition_id"]
    )
    op.create_table(
        "resource_uploads",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("file_id", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_resource_uploads_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_resource_uploads")),
        sa.UniqueConstraint("file_id", name=op.f("uq_resource_uploads_file_id")),
    )
    for name in ("state", "job_id"):
        op.create_index(op.f(f"ix_resource_uploads_{name}"), "resource_uploads", [name])
    op.create_table(
        "resource_attachments",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            name=op.f("fk_resource_attachments_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "resource_id", "number", "file_id", name=op.f("pk_resource_attachments")
        ),
    )
    op.create_index(op.f("ix_resource_attachments_file_id"), "resource_attachments", ["file_id"])
    op.add_column("resource_versions", sa.Column("people", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back; editions are made again, uploads and attachments are lost to resources."""
    op.drop_column("resource_versions", "people")
    for name in ("resource_attachments", "resource_uploads", "resource_editions"):
        op.drop_table(name)
