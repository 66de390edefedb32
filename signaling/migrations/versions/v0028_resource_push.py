"""资源推送: the resources that lessons carry, and what rooms played of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_LESSON = "lessons.lesson_id"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "lesson_pushes",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"], [_LESSON], name=op.f("fk_lesson_pushes_lesson_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_lesson_pushes")),
    )
    op.create_table(
        "lesson_resources",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            [_LESSON],
            name=op.f("fk_lesson_resources_lesson_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lesson_id", "resource_id", name=op.f("pk_lesson_resources")),
    )
    op.create_index(
        op.f("ix_lesson_resources_resource_id"), "lesson_resources", ["resource_id"], unique=False
    )
    op.create_table(
        "resource_plays",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.Column("watched_s", sa.Double(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "lesson_id", "room_id", "resource_id", name=op.f("pk_resource_plays")
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("resource_plays")
    op.drop_index(op.f("ix_lesson_resources_resource_id"), table_name="lesson_resources")
    op.drop_table("lesson_resources")
    op.drop_table("lesson_pushes")
