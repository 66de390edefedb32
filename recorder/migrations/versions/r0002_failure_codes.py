"""Failures are codes: the sentences of version 0.1 become a code and whether it is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

_TRIED_AGAIN = ",将自动重试"  # what version 0.1 appended
_CODES = {
    "没有收到任何画面和声音": "nothing_recorded",
    "磁盘空间不足,尚未整理,原始录像已保留": "disk_full",
    "整理失败,原始录像已保留": "finishing_failed",
}
_OTHER = "finishing_failed"

_recordings = sa.table(
    "recorder_recordings",
    sa.column("failure", sa.String),
    sa.column("retrying", sa.Boolean),
)


def upgrade() -> None:
    """Add the column and replace the sentences."""
    op.add_column(
        "recorder_recordings",
        sa.Column("retrying", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    failure = _recordings.c.failure
    op.execute(
        sa.update(_recordings).where(failure.like(f"%{_TRIED_AGAIN}")).values(retrying=sa.true())
    )
    code = sa.case(
        *((failure.in_((text, text + _TRIED_AGAIN)), code) for text, code in _CODES.items()),
        else_=_OTHER,
    )
    op.execute(sa.update(_recordings).where(failure.is_not(None)).values(failure=code))


def downgrade() -> None:
    """Bring the sentences back, which version 0.1 compares."""
    failure, retrying = _recordings.c.failure, _recordings.c.retrying
    for text, code in _CODES.items():
        again = sa.case((retrying, text + _TRIED_AGAIN), else_=text)
        op.execute(sa.update(_recordings).where(failure == code).values(failure=again))
    with op.batch_alter_table("recorder_recordings") as table:
        table.drop_column("retrying")
