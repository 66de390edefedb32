"""Proposals of timetables, and calendar feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_feeds",
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.Column("room_id", sa.String(length=200), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (room_id IS NULL)", name="ck_calendar_feeds_owner"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_calendar_feeds_person_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["rooms.room_id"],
            name=op.f("fk_calendar_feeds_room_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("person_id", name=op.f("uq_calendar_feeds_person_id")),
        sa.UniqueConstraint("room_id", name=op.f("uq_calendar_feeds_room_id")),
    )

    op.create_table(
        "timetable_proposals",
        sa.Column("proposal_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("term_id", sa.String(length=200), nullable=False),
        sa.Column("school_id", sa.String(length=200), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("unplaced", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_by_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_by_name", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_id"], ["counties.county_id"], name=op.f("fk_timetable_proposals_county_id")
        ),
        sa.ForeignKeyConstraint(
            ["term_id"],
            ["terms.term_id"],
            name=op.f("fk_timetable_proposals_term_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.school_id"], name=op.f("fk_timetable_proposals_school_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_timetable_proposals")),
    )
    op.create_index(
        "ix_timetable_proposals_place",
        "timetable_proposals",
        ["county_id", "made_at", "proposal_id"],
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("timetable_proposals")
    op.drop_table("calendar_feeds")
