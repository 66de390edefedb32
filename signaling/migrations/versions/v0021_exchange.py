"""Sources of harvests and their records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "harvest_sources",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=False),
        sa.Column("set_spec", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("by_day", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("began", UtcDateTime(), nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("restarts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("harvested_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["county_id"],
            ["counties.county_id"],
            name=op.f("fk_harvest_sources_county_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_harvest_sources")),
    )
    for name in ("county_id", "due_at"):
        op.create_index(op.f(f"ix_harvest_sources_{name}"), "harvest_sources", [name])
    op.create_table(
        "federated_records",
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("identifier", sa.String(length=400), nullable=False),
        sa.Column("datestamp", UtcDateTime(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("metadata_json", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["harvest_sources.source_id"],
            name=op.f("fk_federated_records_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "identifier", name=op.f("pk_federated_records")),
    )
    op.create_index("ix_federated_records_newest", "federated_records", ["source_id", "datestamp"])


def downgrade() -> None:
    """Take back; harvested records come again by a harvest."""
    op.drop_table("federated_records")
    op.drop_table("harvest_sources")
