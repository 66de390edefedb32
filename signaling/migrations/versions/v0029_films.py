"""电影模式: films of versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "resource_films",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("film_id", sa.String(length=200), nullable=False),
        sa.Column("recording_id", sa.String(length=200), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=False),
        sa.Column("media_s", sa.Double(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_resource_films_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", "film_id", name=op.f("pk_resource_films")),
    )
    op.create_index(op.f("ix_resource_films_job_id"), "resource_films", ["job_id"])
    op.create_index(op.f("ix_resource_films_expires_at"), "resource_films", ["expires_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("resource_films")
