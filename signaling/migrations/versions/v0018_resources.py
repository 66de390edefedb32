"""Versions, reviews and publications of resources; levels of review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_WORKING = "state in ('draft', 'in_review', 'passed')"
_PUBLISHED = "state = 'published'"
# A draft is of the school of its teacher. Its first version is made when somebody saves it.
_PLACE = """
UPDATE resources SET node_id = (
    SELECT people.node_id FROM people WHERE people.person_id = resources.lead_teacher_id
) WHERE lead_teacher_id IN (SELECT person_id FROM people)
"""


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "resources",
        sa.Column("node_id", sa.String(length=200), nullable=False, server_default="cn"),
    )
    op.create_index("ix_resources_node_id", "resources", ["node_id"])
    op.execute(_PLACE)
    _versions()
    _reviews()
    _publications()
    op.create_table(
        "review_policies",
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"],
            ["org_nodes.node_id"],
            name=op.f("fk_review_policies_node_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_review_policies")),
    )


def _versions() -> None:
    op.create_table(
        "resource_versions",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("edits", sa.Text(), nullable=False),
        sa.Column("pledged", sa.Boolean(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("submitted_at", _TIME, nullable=True),
        sa.Column("assigned_to", sa.String(length=200), nullable=True),
        sa.Column("assigned_name", sa.String(length=200), nullable=True),
        sa.Column("rejected", sa.Boolean(), nullable=False),
        sa.Column("published_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_resource_versions_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_resource_versions")),
    )
    for name, where in (("working", _WORKING), ("published", _PUBLISHED)):
        op.create_index(
            f"uq_resource_versions_{name}",
            "resource_versions",
            ["resource_id"],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_index(
        "ix_resource_versions_queue",
        "resource_versions",
        ["state", "submitted_at", "resource_id"],
    )


def _reviews() -> None:
    op.create_table(
        "resource_reviews",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("to_id", sa.String(length=200), nullable=True),
        sa.Column("to_name", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            name=op.f("fk_resource_reviews_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "resource_id", "number", "position", name=op.f("pk_resource_reviews")
        ),
    )


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("expired", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("withdrawn_at", _TIME, nullable=True),
        sa.Column("withdraw_reason", sa.String(length=40), nullable=True),
        sa.Column("withdraw_note", sa.String(length=500), nullable=False),
        sa.Column("was_public", sa.Boolean(), nullable=False),
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("shown_s", sa.Double(), nullable=False),
        sa.Column("has_cover", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=True),
        sa.Column("grade", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.String(length=200), nullable=False),
        sa.Column("volume", sa.String(length=200), nullable=False),
        sa.Column("school_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_publications_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_publications")),
    )
    for name, columns in (
        ("newest", ["published_at", "resource_id"]),
        ("changed", ["changed_at", "resource_id"]),
        ("facets", ["subject", "grade", "edition"]),
        ("expires_at", ["expires_at"]),
        ("node_id", ["node_id"]),
        ("county_id", ["county_id"]),
        ("owner_id", ["owner_id"]),
    ):
        op.create_index(f"ix_publications_{name}", "publications", columns)


def downgrade() -> None:
    """Take back; resources stay, as drafts."""
    for table in ("review_policies", "publications", "resource_reviews", "resource_versions"):
        op.drop_table(table)
    op.drop_index("ix_resources_node_id", "resources")
    op.drop_column("resources", "node_id")
    op.execute("UPDATE resources SET state = 'draft'")
