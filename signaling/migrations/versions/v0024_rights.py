"""保存期限, 法定保留, tombstones of deleted resources; links that share a resource."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signaling.base.columns import UtcDateTime

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None

_STANDING = "released_at is null"


def upgrade() -> None:
    """Apply."""
    _tombstones()
    op.create_table(
        "retention_rules",
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("keeps_title", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"],
            ["org_nodes.node_id"],
            name=op.f("fk_retention_rules_node_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("node_id", "kind", name=op.f("pk_retention_rules")),
    )
    op.create_table(
        "deletion_notices",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("noticed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_deletion_notices_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_deletion_notices")),
    )
    _holds()
    _links()


def _tombstones() -> None:
    op.create_table(
        "resource_tombstones",
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("recording_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("title_hash", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("rule_node_id", sa.String(length=200), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("noticed_at", UtcDateTime(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=True),
        sa.Column("was_public", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("stage", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_resource_tombstones")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_resource_tombstones_recording_id")),
    )
    for name, columns in (
        ("ix_resource_tombstones_changed", ["changed_at", "resource_id"]),
        ("ix_resource_tombstones_decided", ["decided_at", "resource_id"]),
        (op.f("ix_resource_tombstones_node_id"), ["node_id"]),
        (op.f("ix_resource_tombstones_erased_at"), ["erased_at"]),
    ):
        op.create_index(name, "resource_tombstones", columns)


def _holds() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("hold_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("node_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.Column("release_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_node_id"), "legal_holds", ["node_id"])
    op.create_index("ix_legal_holds_placed", "legal_holds", ["placed_at", "hold_id"])
    op.create_index(
        "uq_legal_holds_standing",
        "legal_holds",
        ["resource_id"],
        unique=True,
        sqlite_where=sa.text(_STANDING),
        postgresql_where=sa.text(_STANDING),
    )


def _links() -> None:
    op.create_table(
        "share_links",
        sa.Column("link_id", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.String(length=200), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.String(length=200), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_share_links_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_share_links_token_hash")),
    )
    op.create_index(
        "ix_share_links_of_resource", "share_links", ["resource_id", "created_at", "link_id"]
    )


def downgrade() -> None:
    """Take back; tombstones and holds are lost with it."""
    for table in (
        *("share_links", "legal_holds", "deletion_notices"),
        *("retention_rules", "resource_tombstones"),
    ):
        op.drop_table(table)
