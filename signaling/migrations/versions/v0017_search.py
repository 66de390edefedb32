"""Documents of the library's search; the next start writes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "search_documents",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("readings", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("analyser", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Text() if sqlite else ARRAY(sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resources.resource_id"],
            name=op.f("fk_search_documents_resource_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_search_documents")),
        sa.UniqueConstraint("resource_id", name=op.f("uq_search_documents_resource_id")),
    )
    if sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE search_tokens USING fts5("
            "tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
        )
    else:
        op.execute("CREATE INDEX ix_search_documents_tokens ON search_documents USING gin (tokens)")


def downgrade() -> None:
    """Take back; resources stay."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_tokens")
    op.drop_table("search_documents")
