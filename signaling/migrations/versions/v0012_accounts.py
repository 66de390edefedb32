"""Activation codes, terminals bound by a code, and the branch that each audit row concerns.

An audit row of before concerns the county of its actor: a person's, or a terminal's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None

_COUNTY = "CASE node.level WHEN 'school' THEN above.path WHEN 'county' THEN node.path ELSE '' END"
_ABOVE = "LEFT JOIN org_nodes above ON above.node_id = node.parent_id"
_FILL = f"""
UPDATE audit_log SET path = COALESCE(
  (SELECT {_COUNTY} FROM people JOIN org_nodes node ON node.node_id = people.node_id {_ABOVE}
   WHERE people.person_id = audit_log.actor_id),
  (SELECT {_COUNTY} FROM rooms JOIN org_nodes node ON node.node_id = rooms.school_id {_ABOVE}
   WHERE rooms.room_id = audit_log.actor_id),
  '')
"""  # noqa: S608 - made of constants


def upgrade() -> None:
    """Apply."""
    _activation_codes()
    _terminal_codes()
    for name in ("bound_by", "remote"):
        op.add_column("device_tokens", sa.Column(name, sa.String(length=200), nullable=True))
    _audit_log()


def _activation_codes() -> None:
    op.create_table(
        "activation_codes",
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_activation_codes_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_activation_codes")),
        sa.UniqueConstraint("person_id", name=op.f("uq_activation_codes_person_id")),
    )


def _terminal_codes() -> None:
    op.create_table(
        "terminal_codes",
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=200), nullable=True),
        sa.Column("secret_hash", sa.String(length=200), nullable=True),
        sa.Column("remote", sa.String(length=200), nullable=False),
        sa.Column("bound_by", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["rooms.room_id"],
            name=op.f("fk_terminal_codes_room_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_terminal_codes")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_terminal_codes_secret_hash")),
    )
    for name in ("room_id", "remote", "expires_at"):
        op.create_index(op.f(f"ix_terminal_codes_{name}"), "terminal_codes", [name], unique=False)


def _audit_log() -> None:
    for name, length in (("path", 1000), ("target_name", 200)):
        column = sa.Column(
            name, sa.String(length=length), nullable=False, server_default=sa.text("''")
        )
        op.add_column("audit_log", column)
    op.execute(_FILL)
    op.drop_index(op.f("ix_audit_log_at"), table_name="audit_log")
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at", "audit_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_audit_log_at"), table_name="audit_log")
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"], unique=False)
    for name in ("path", "target_name"):
        op.drop_column("audit_log", name)
    for name in ("bound_by", "remote"):
        op.drop_column("device_tokens", name)
    op.drop_table("terminal_codes")
    op.drop_table("activation_codes")
