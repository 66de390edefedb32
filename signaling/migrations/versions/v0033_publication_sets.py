"""Publications by the sets of harvesters; facets are found by the tokens of the search."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TABLE = "publications"
_SETS = ["subject", "changed_at", "resource_id", "was_public"]
_FACETS = ["subject", "grade", "edition"]


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_publications_sets", _TABLE, _SETS)
    op.drop_index("ix_publications_facets", table_name=_TABLE)


def downgrade() -> None:
    """Take back."""
    op.create_index("ix_publications_facets", _TABLE, _FACETS)
    op.drop_index("ix_publications_sets", table_name=_TABLE)
