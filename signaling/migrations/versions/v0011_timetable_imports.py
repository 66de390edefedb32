"""Imports of timetables, what their dry runs found, and answers that a county keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _imports()
    _lines()
    _answers()


def downgrade() -> None:
    """Take back."""
    for table in ("timetable_import_answers", "timetable_import_lines", "timetable_imports"):
        op.drop_table(table)


def _text(name: str, length: int = 200, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _imports() -> None:
    table = "timetable_imports"
    op.create_table(
        table,
        _text("import_id"),
        _text("county_id"),
        _text("term_id"),
        _text("school_id", nullable=True),
        _text("owner_id"),
        _text("owner_name"),
        _text("file_id"),
        _text("file_name"),
        sa.Column("remove_missing", sa.Boolean(), nullable=False),
        _text("state", 40),
        _text("job_id"),
        _text("digest"),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_id"], ["counties.county_id"], name=op.f(f"fk_{table}_county_id")
        ),
        sa.ForeignKeyConstraint(
            ["term_id"], ["terms.term_id"], name=op.f(f"fk_{table}_term_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.school_id"], name=op.f(f"fk_{table}_school_id")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f(f"pk_{table}")),
    )
    columns = ["county_id", "created_at", "import_id"]
    op.create_index("ix_timetable_imports_place", table, columns)


def _lines() -> None:
    table = "timetable_import_lines"
    op.create_table(
        table,
        _text("import_id"),
        _text("part", 20),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["timetable_imports.import_id"],
            name=op.f(f"fk_{table}_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "part", "position", name=op.f(f"pk_{table}")),
    )


def _answers() -> None:
    table = "timetable_import_answers"
    op.create_table(
        table,
        _text("county_id"),
        _text("scope"),
        _text("topic", 40),
        _text("text"),
        sa.Column("targets", sa.Text(), nullable=False),
        _text("answered_by"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_id"], ["counties.county_id"], name=op.f(f"fk_{table}_county_id")
        ),
        sa.PrimaryKeyConstraint("county_id", "scope", "topic", "text", name=op.f(f"pk_{table}")),
    )
