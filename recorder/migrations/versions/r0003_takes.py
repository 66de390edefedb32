"""Several processes over one table: who took a recording up last, and who finishes it."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a process of the version before knows nothing of them."""
    for column in (
        sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("finisher", sa.String(32)),
        sa.Column("beats", sa.Integer, nullable=False, server_default="0"),
    ):
        op.add_column("recorder_recordings", column)


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("recorder_recordings") as table:
        for name in ("takes", "finisher", "beats"):
            table.drop_column(name)
