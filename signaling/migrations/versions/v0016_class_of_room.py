"""An index by which the week of a class is found among all lessons."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(op.f("ix_lesson_rooms_class_id"), "lesson_rooms", ["class_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_lesson_rooms_class_id"), table_name="lesson_rooms")
