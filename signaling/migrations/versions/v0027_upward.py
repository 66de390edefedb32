"""Reference copies of resources at nodes further up, series, nominations and use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_AT_WORK = "state in ('in_review', 'passed')"
_SHOWN = "state = 'published'"
_COUNTS = "revoked_at is null"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "publications",
        sa.Column("referred", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    _references()
    _reviews()
    _series()
    _nominations()
    _uses()


def _references() -> None:
    op.create_table(
        "reference_copies",
        sa.Column("reference_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("from_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=True),
        sa.Column("shared_as", sa.String(length=40), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("expired", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdraw_reason", sa.String(length=40), nullable=True),
        sa.Column("withdraw_note", sa.String(length=500), nullable=False),
        sa.Column("from_below", sa.Boolean(), nullable=False),
        sa.Column("shown_s", sa.Double(), nullable=False),
        sa.Column("has_cover", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_reference_copies_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference_id", name=op.f("pk_reference_copies")),
    )
    for name, where in (("working", _AT_WORK), ("published", _SHOWN)):
        op.create_index(
            f"uq_reference_copies_{name}",
            "reference_copies",
            ["resource_id", "node_id"],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    for name, columns in (
        ("resource_id", ["resource_id"]),
        ("expires_at", ["expires_at"]),
        ("queue", ["state", "submitted_at", "reference_id"]),
        ("node", ["node_id", "state"]),
    ):
        op.create_index(f"ix_reference_copies_{name}", "reference_copies", columns)


def _reviews() -> None:
    op.create_table(
        "reference_reviews",
        sa.Column("reference_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["reference_copies.reference_id"],
            name=op.f("fk_reference_reviews_reference_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("reference_id", "position", name=op.f("pk_reference_reviews")),
    )


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("series_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("cover_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_series")),
    )
    op.create_index("ix_series_newest", "series", ["updated_at", "series_id"])
    for name in ("node_id", "county_id", "owner_id"):
        op.create_index(f"ix_series_{name}", "series", [name])
    op.create_table(
        "series_entries",
        sa.Column("series_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["series.series_id"],
            name=op.f("fk_series_entries_series_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_series_entries_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "resource_id", name=op.f("pk_series_entries")),
    )
    op.create_index("ix_series_entries_resource_id", "series_entries", ["resource_id"])


def _nominations() -> None:
    op.create_table(
        "nominations",
        sa.Column("nomination_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_nominations_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("nomination_id", name=op.f("pk_nominations")),
    )
    op.create_index("ix_nominations_resource_id", "nominations", ["resource_id"])
    op.create_index("ix_nominations_school_year", "nominations", ["school_year"])
    op.create_index(
        "uq_nominations_year",
        "nominations",
        ["resource_id", "school_year"],
        unique=True,
        sqlite_where=sa.text(_COUNTS),
        postgresql_where=sa.text(_COUNTS),
    )


def _uses() -> None:
    op.create_table(
        "resource_uses",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_resource_uses_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", "day", name=op.f("pk_resource_uses")),
    )
    op.create_index("ix_resource_uses_day", "resource_uses", ["day"])


def downgrade() -> None:
    """Take back; what the school published stays."""
    op.drop_table("resource_uses")
    op.drop_table("nominations")
    op.drop_table("series_entries")
    op.drop_table("series")
    op.drop_table("reference_reviews")
    op.drop_table("reference_copies")
    op.drop_column("publications", "referred")
