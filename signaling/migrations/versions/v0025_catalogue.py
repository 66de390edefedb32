"""The section of what is published, the textbook catalogue, and sources that are paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_SECTION = {
    "sqlite": "json_extract(v.meta, '$.section')",
    "postgresql": "v.meta::json ->> 'section'",
}


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("publications") as table:
        table.add_column(
            sa.Column("section", sa.String(length=200), nullable=False, server_default="")
        )
    section = _SECTION[op.get_bind().dialect.name]
    op.execute(
        f"UPDATE publications SET section = COALESCE((SELECT {section} FROM resource_versions v"  # noqa: S608
        " WHERE v.resource_id = publications.resource_id AND v.number = publications.version), '')"
    )
    with op.batch_alter_table("harvest_sources") as table:
        table.add_column(
            sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "catalogue_books",
        sa.Column("book_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.String(length=200), nullable=False),
        sa.Column("grade", sa.String(length=200), nullable=False),
        sa.Column("volume", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_id"],
            ["counties.county_id"],
            name=op.f("fk_catalogue_books_county_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("book_id", name=op.f("pk_catalogue_books")),
        sa.UniqueConstraint(
            *("county_id", "stage", "subject", "edition", "grade", "volume"),
            name="uq_catalogue_books_names",
        ),
    )
    op.create_table(
        "catalogue_chapters",
        sa.Column("book_id", sa.String(length=200), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id"],
            ["catalogue_books.book_id"],
            name=op.f("fk_catalogue_chapters_book_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("book_id", "section", name=op.f("pk_catalogue_chapters")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("catalogue_chapters")
    op.drop_table("catalogue_books")
    with op.batch_alter_table("harvest_sources") as table:
        table.drop_column("place")
        table.drop_column("paused")
    with op.batch_alter_table("publications") as table:
        table.drop_column("section")
