"""授权同意 of classes, with their scanned pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.String(length=200)
_CODE = sa.String(length=40)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "consents",
        sa.Column("consent_id", _ID, nullable=False),
        sa.Column("class_id", _ID, nullable=False),
        sa.Column("term_id", _ID, nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("purposes", _ID, nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("remedy", _CODE, nullable=True),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", _ID, nullable=False),
        sa.Column("by_name", _ID, nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", _CODE, nullable=True),
        sa.Column("withdrawn_note", sa.String(length=500), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", _ID, nullable=False),
        sa.Column("over_told", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_from", sa.Date(), nullable=True),
        sa.Column("ended_to", sa.Date(), nullable=True),
        sa.Column("ended_cause", _CODE, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["classes.class_id"], name=op.f("fk_consents_class_id")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consents")),
    )
    op.create_index(
        "uq_consents_newest",
        "consents",
        ["class_id", "term_id"],
        unique=True,
        sqlite_where=sa.text("newest"),
        postgresql_where=sa.text("newest"),
    )
    op.create_index("ix_consents_class_id", "consents", ["class_id", "covers_from"])
    op.create_index(op.f("ix_consents_term_id"), "consents", ["term_id"])
    op.create_index("ix_consents_over", "consents", ["over_told", "until"])
    op.create_index("ix_consents_ended", "consents", ["ended_at", "consent_id"])
    op.create_table(
        "consent_files",
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("consent_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", _ID, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"],
            ["consents.consent_id"],
            name=op.f("fk_consent_files_consent_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_consent_files")),
    )
    op.create_index(op.f("ix_consent_files_consent_id"), "consent_files", ["consent_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("consent_files")
    op.drop_table("consents")
