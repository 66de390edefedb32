"""The first schema: places, people, lessons, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _places()
    _people()
    _lessons()
    _audit()


def _places() -> None:
    """Counties, schools, rooms."""
    op.create_table(
        "counties",
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("county_id", name=op.f("pk_counties")),
    )
    op.create_table(
        "schools",
        sa.Column("school_id", sa.String(length=200), nullable=False),
        sa.Column("county_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["county_id"], ["counties.county_id"], name=op.f("fk_schools_county_id")
        ),
        sa.PrimaryKeyConstraint("school_id", name=op.f("pk_schools")),
    )
    op.create_index(op.f("ix_schools_county_id"), "schools", ["county_id"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("room_id", sa.String(length=200), nullable=False),
        sa.Column("school_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.school_id"], name=op.f("fk_rooms_school_id")
        ),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_rooms")),
    )
    op.create_index(op.f("ix_rooms_school_id"), "rooms", ["school_id"], unique=False)


def _people() -> None:
    """People, their roles, sessions and device tokens."""
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("school_id", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.school_id"], name=op.f("fk_people_school_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_index(op.f("ix_people_school_id"), "people", ["school_id"], unique=False)
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_person_roles_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.Column("room_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_sessions_person_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.room_id"], name=op.f("fk_sessions_room_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_index(op.f("ix_sessions_room_id"), "sessions", ["room_id"], unique=False)
    op.create_table(
        "device_tokens",
        sa.Column("token_hash", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["rooms.room_id"],
            name=op.f("fk_device_tokens_room_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_device_tokens")),
    )
    op.create_index(op.f("ix_device_tokens_room_id"), "device_tokens", ["room_id"], unique=False)


def _lessons() -> None:
    """Lessons, invited rooms, live state."""
    op.create_table(
        "lessons",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("class_kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("grade", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(length=500), nullable=True),
        sa.Column("lead_teacher_id", sa.String(length=200), nullable=False),
        sa.Column("lead_room_id", sa.String(length=200), nullable=True),
        sa.Column("join_code", sa.String(length=8), nullable=False),
        sa.Column("recording_id", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["lead_room_id"], ["rooms.room_id"], name=op.f("fk_lessons_lead_room_id")
        ),
        sa.ForeignKeyConstraint(
            ["lead_teacher_id"], ["people.person_id"], name=op.f("fk_lessons_lead_teacher_id")
        ),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_lessons")),
    )
    op.create_index(op.f("ix_lessons_join_code"), "lessons", ["join_code"], unique=False)
    op.create_index(op.f("ix_lessons_lead_room_id"), "lessons", ["lead_room_id"], unique=False)
    op.create_index(
        op.f("ix_lessons_lead_teacher_id"), "lessons", ["lead_teacher_id"], unique=False
    )
    op.create_index(op.f("ix_lessons_starts_at"), "lessons", ["starts_at"], unique=False)
    op.create_index(op.f("ix_lessons_state"), "lessons", ["state"], unique=False)
    op.create_index(
        "uq_lessons_open_join_code",
        "lessons",
        ["join_code"],
        unique=True,
        sqlite_where=sa.text("state in ('scheduled', 'live')"),
        postgresql_where=sa.text("state in ('scheduled', 'live')"),
    )
    op.create_table(
        "lesson_rooms",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.lesson_id"],
            name=op.f("fk_lesson_rooms_lesson_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.room_id"], name=op.f("fk_lesson_rooms_room_id")
        ),
        sa.PrimaryKeyConstraint("lesson_id", "room_id", name=op.f("pk_lesson_rooms")),
    )
    op.create_index(op.f("ix_lesson_rooms_room_id"), "lesson_rooms", ["room_id"], unique=False)
    op.create_table(
        "lesson_room_state",
        sa.Column("lesson_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lesson_id"],
            ["lessons.lesson_id"],
            name=op.f("fk_lesson_room_state_lesson_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_lesson_room_state")),
    )


def _audit() -> None:
    """The audit log."""
    op.create_table(
        "audit_log",
        sa.Column("audit_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.String(length=200), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("remote", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_action"), "audit_log", ["action"], unique=False)
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"], unique=False)


def downgrade() -> None:
    """Undo."""
    for table in (
        "audit_log",
        "lesson_room_state",
        "lesson_rooms",
        "lessons",
        "device_tokens",
        "sessions",
        "person_roles",
        "people",
        "rooms",
        "schools",
        "counties",
    ):
        op.drop_table(table)
