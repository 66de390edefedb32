"""Terms, bells, days off, plans, and what of a lesson is planned."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _settings()
    _plans()
    _lessons()
    op.add_column("lessons", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    for column, index in (("lead_teacher_id", "teacher"), ("lead_room_id", "room")):
        op.drop_index(op.f(f"ix_lessons_{column}"), table_name="lessons")
        op.create_index(f"ix_lessons_{index}_time", "lessons", [column, "starts_at"])


def _text(name: str, length: int = 200, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _reference(table: str, column: str, target: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), **options)


def _settings() -> None:
    op.create_table(
        "terms",
        _text("term_id"),
        _text("county_id"),
        _text("name"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _reference("terms", "county_id", "counties.county_id"),
        sa.PrimaryKeyConstraint("term_id", name=op.f("pk_terms")),
    )
    op.create_index(op.f("ix_terms_county_id"), "terms", ["county_id"])
    op.create_table(
        "bell_schedules",
        _text("schedule_id"),
        _text("county_id"),
        _text("school_id", nullable=True),
        _text("name"),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _reference("bell_schedules", "county_id", "counties.county_id"),
        _reference("bell_schedules", "school_id", "schools.school_id"),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_bell_schedules")),
    )
    op.create_index(op.f("ix_bell_schedules_county_id"), "bell_schedules", ["county_id"])
    op.create_index(op.f("ix_bell_schedules_school_id"), "bell_schedules", ["school_id"])
    op.create_table(
        "bell_periods",
        _text("schedule_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        _text("name"),
        _reference("bell_periods", "schedule_id", "bell_schedules.schedule_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("schedule_id", "number", name=op.f("pk_bell_periods")),
    )
    op.create_table(
        "calendar_days",
        _text("day_id"),
        _text("county_id"),
        _text("owner_id"),
        _text("layer", 40),
        sa.Column("on_date", sa.Date(), nullable=False),
        _text("kind", 40),
        _text("name"),
        sa.Column("teaches", sa.Date(), nullable=True),
        sa.Column("teaches_weekday", sa.Integer(), nullable=True),
        sa.Column("notice_year", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _reference("calendar_days", "county_id", "counties.county_id"),
        sa.PrimaryKeyConstraint("day_id", name=op.f("pk_calendar_days")),
    )
    op.create_index(op.f("ix_calendar_days_county_id"), "calendar_days", ["county_id"])
    op.create_index(
        "uq_calendar_days_owner_id", "calendar_days", ["owner_id", "layer", "on_date"], unique=True
    )
    op.create_table(
        "unwanted_periods",
        _text("wish_id"),
        _text("county_id"),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        _text("subject_id", nullable=True),
        _text("teacher_id", nullable=True),
        _reference("unwanted_periods", "county_id", "counties.county_id"),
        _reference("unwanted_periods", "subject_id", "subjects.subject_id"),
        _reference("unwanted_periods", "teacher_id", "people.person_id"),
        sa.PrimaryKeyConstraint("wish_id", name=op.f("pk_unwanted_periods")),
    )
    op.create_index(op.f("ix_unwanted_periods_county_id"), "unwanted_periods", ["county_id"])


def _plans() -> None:
    op.create_table(
        "lesson_plans",
        _text("plan_id"),
        _text("county_id"),
        _text("term_id", nullable=True),
        _text("kind", 40),
        _text("class_kind", 40),
        _text("delivery_mode", 40),
        _text("subject_id"),
        _text("title"),
        _text("grade"),
        _text("lead_teacher_id"),
        _text("lead_room_id", nullable=True),
        _text("lead_class_id", nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("weeks", sa.Integer(), nullable=False),
        _text("dates", 1000),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("period_count", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        _text("textbook_volume", nullable=True),
        _text("textbook_section", nullable=True),
        _text("waiver", 500, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _reference("lesson_plans", "county_id", "counties.county_id"),
        _reference("lesson_plans", "lead_class_id", "classes.class_id"),
        _reference("lesson_plans", "lead_room_id", "rooms.room_id"),
        _reference("lesson_plans", "lead_teacher_id", "people.person_id"),
        _reference("lesson_plans", "subject_id", "subjects.subject_id"),
        _reference("lesson_plans", "term_id", "terms.term_id"),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_lesson_plans")),
    )
    op.create_index(op.f("ix_lesson_plans_lead_teacher_id"), "lesson_plans", ["lead_teacher_id"])
    op.create_index("ix_lesson_plans_place", "lesson_plans", ["county_id", "created_at", "plan_id"])
    op.create_index(op.f("ix_lesson_plans_stale"), "lesson_plans", ["stale"])
    op.create_index(op.f("ix_lesson_plans_term_id"), "lesson_plans", ["term_id"])
    op.create_table(
        "plan_rooms",
        _text("plan_id"),
        _text("room_id"),
        _text("class_id", nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        _reference("plan_rooms", "class_id", "classes.class_id"),
        _reference("plan_rooms", "plan_id", "lesson_plans.plan_id", ondelete="CASCADE"),
        _reference("plan_rooms", "room_id", "rooms.room_id"),
        sa.PrimaryKeyConstraint("plan_id", "room_id", name=op.f("pk_plan_rooms")),
    )
    op.create_index(op.f("ix_plan_rooms_room_id"), "plan_rooms", ["room_id"])


def _lessons() -> None:
    op.create_table(
        "planned_lessons",
        _text("lesson_id"),
        _text("plan_id", nullable=True),
        _text("county_id"),
        _text("term_id", nullable=True),
        sa.Column("source", sa.Date(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=True),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("period_count", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("parts", sa.String(length=100), server_default="", nullable=False),
        _text("change", 40, nullable=True),
        _text("reason", 40, nullable=True),
        _text("note", 500, nullable=True),
        _text("waiver", 500, nullable=True),
        _text("make_up_of", nullable=True),
        _reference("planned_lessons", "county_id", "counties.county_id"),
        _reference("planned_lessons", "lesson_id", "lessons.lesson_id", ondelete="CASCADE"),
        _reference("planned_lessons", "make_up_of", "lessons.lesson_id"),
        _reference("planned_lessons", "plan_id", "lesson_plans.plan_id"),
        _reference("planned_lessons", "term_id", "terms.term_id"),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_planned_lessons")),
    )
    op.create_index(op.f("ix_planned_lessons_county_id"), "planned_lessons", ["county_id"])
    op.create_index(op.f("ix_planned_lessons_make_up_of"), "planned_lessons", ["make_up_of"])
    op.create_index("ix_planned_lessons_plan_id", "planned_lessons", ["plan_id", "source"])
    op.create_index(op.f("ix_planned_lessons_term_id"), "planned_lessons", ["term_id"])
    op.create_table(
        "lesson_changes",
        _text("change_id"),
        _text("lesson_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("kind", 40),
        _text("parts", 100),
        _text("reason", 40, nullable=True),
        _text("note", 500, nullable=True),
        _text("waiver", 500, nullable=True),
        _text("by_id", nullable=True),
        _text("by_name"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        _reference("lesson_changes", "lesson_id", "lessons.lesson_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_lesson_changes")),
    )
    op.create_index("ix_lesson_changes_lesson_id", "lesson_changes", ["lesson_id", "version"])


def downgrade() -> None:
    """Take back; the lessons stay."""
    for column, index in (("lead_teacher_id", "teacher"), ("lead_room_id", "room")):
        op.drop_index(f"ix_lessons_{index}_time", table_name="lessons")
        op.create_index(op.f(f"ix_lessons_{column}"), "lessons", [column])
    op.drop_column("lessons", "withdrawn_at")
    for table in (
        "lesson_changes",
        "planned_lessons",
        "plan_rooms",
        "lesson_plans",
        "unwanted_periods",
        "calendar_days",
        "bell_periods",
        "bell_schedules",
        "terms",
    ):
        op.drop_table(table)
