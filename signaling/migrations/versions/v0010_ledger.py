"""Facts of lessons as rows: presence, headcounts, reception; and the ledger over them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROWS = 500  # of one statement


def upgrade() -> None:
    """Apply."""
    _facts()
    _keep_former_attendance()
    _keep_former_reception()
    _units()
    _days()
    _requirements()
    _months()


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=200), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _facts() -> None:
    op.create_table(
        "presence_spells",
        _id("lesson_id"),
        _id("participant_id"),
        _time("joined_at"),
        _time("left_at", nullable=True),
        _time("seen_at"),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "lesson_id", "participant_id", "joined_at", name=op.f("pk_presence_spells")
        ),
    )
    op.create_table(
        "headcounts",
        _id("lesson_id"),
        _id("participant_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pupils", sa.Integer(), nullable=False),
        sa.Column("former", sa.Integer(), nullable=True),
        _id("by_id"),
        _id("by_name"),
        _time("at"),
        sa.PrimaryKeyConstraint(
            "lesson_id", "participant_id", "number", name=op.f("pk_headcounts")
        ),
    )
    op.create_table(
        "reception_facts",
        _id("lesson_id"),
        _id("participant_id"),
        sa.Column("seen_s", sa.Double(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", "participant_id", name=op.f("pk_reception_facts")),
    )
    op.create_table(
        "fact_marks",
        _id("lesson_id"),
        _time("kept_at"),
        sa.PrimaryKeyConstraint("lesson_id", name=op.f("pk_fact_marks")),
    )
    op.create_index(op.f("ix_fact_marks_kept_at"), "fact_marks", ["kept_at"], unique=False)


def _keep_former_attendance() -> None:
    """Make spells of what live rooms remembered: that somebody came, not from when to when."""
    connection = op.get_bind()
    lessons = sa.table(
        "lessons",
        sa.column("lesson_id", sa.String()),
        sa.column("starts_at", sa.DateTime(timezone=True)),
        sa.column("held_from", sa.DateTime(timezone=True)),
        sa.column("held_to", sa.DateTime(timezone=True)),
    )
    states = sa.table(
        "lesson_room_state", sa.column("lesson_id", sa.String()), sa.column("state", sa.JSON())
    )
    spells = sa.table(
        "presence_spells",
        sa.column("lesson_id", sa.String()),
        sa.column("participant_id", sa.String()),
        sa.column("joined_at", sa.DateTime(timezone=True)),
        sa.column("left_at", sa.DateTime(timezone=True)),
        sa.column("seen_at", sa.DateTime(timezone=True)),
        sa.column("exact", sa.Boolean()),
    )
    query = sa.select(lessons, states.c.state).join_from(
        lessons, states, states.c.lesson_id == lessons.c.lesson_id
    )
    rows = [row for lesson in connection.execute(query) for row in _former_spells(lesson)]
    for first in range(0, len(rows), _ROWS):
        connection.execute(sa.insert(spells), rows[first : first + _ROWS])


def _former_spells(lesson: sa.Row[Any]) -> list[dict[str, Any]]:
    state = json.loads(lesson.state) if isinstance(lesson.state, str) else lesson.state
    began = lesson.held_from or lesson.starts_at
    ended = lesson.held_to or began
    return [
        {
            "lesson_id": lesson.lesson_id,
            "participant_id": participant_id,
            "joined_at": began,
            "left_at": ended,
            "seen_at": ended,
            "exact": False,
        }
        for participant_id in dict.fromkeys((state or {}).get("attended", ()))
    ]


def _keep_former_reception() -> None:
    """Sum up the samples of links that are still kept. They do not tell of sound."""
    op.execute(
        sa.text(
            "INSERT INTO reception_facts (lesson_id, participant_id, seen_s, exact) "
            "SELECT lesson_id, participant_id, sum(high_s + middle_s + low_s + stills_s), :exact "
            "FROM link_samples GROUP BY lesson_id, participant_id"
        ).bindparams(sa.bindparam("exact", False, sa.Boolean()))
    )


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _word(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=40), nullable=nullable)


def _path(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=1000), nullable=False)


def _units() -> None:
    """Units: one class at one receive room in one lesson; and why they were missed."""
    op.create_table(
        "ledger_units",
        *(_id(name) for name in ("lesson_id", "room_id", "county_id")),
        _path("path"),
        *(_id(name) for name in ("school_id", "school", "room", "class_id", "class_name")),
        *(_id(name) for name in ("grade", "subject", "lead_school_id", "lead_school")),
        _path("lead_path"),
        *(_id(name) for name in ("lead_teacher_id", "lead_teacher", "title")),
        _word("class_kind"),
        _word("delivery_mode"),
        sa.Column("day", sa.Date(), nullable=False),
        _time("starts_at"),
        _time("ends_at"),
        _word("state"),
        _number("lesson_version"),
        _word("origin"),
        _flag("by_plan"),
        _word("outcome"),
        _flag("valid"),
        _number("present_s"),
        _number("seen_s"),
        _flag("exact"),
        _number("headcount", nullable=True),
        _word("cause", nullable=True),
        _word("reason", nullable=True),
        _flag("confirmed"),
        _number("formula"),
        _time("counted_at"),
        _number("version"),
        sa.PrimaryKeyConstraint("lesson_id", "room_id", name=op.f("pk_ledger_units")),
    )
    for name in ("county_id", "room_id", "school_id", "lead_teacher_id"):
        op.create_index(f"ix_ledger_units_{name}", "ledger_units", [name, "day"])
    cell = ["day", "room_id", "class_id", "subject"]
    op.create_index("ix_ledger_units_cell", "ledger_units", cell)
    op.create_table(
        "missed_reasons",
        _id("lesson_id"),
        _id("room_id"),
        _number("number"),
        _word("reason"),
        sa.Column("note", sa.Text(), nullable=False),
        _id("by_id"),
        _id("by_name"),
        _flag("confirms"),
        _time("at"),
        sa.PrimaryKeyConstraint("lesson_id", "room_id", "number", name=op.f("pk_missed_reasons")),
    )


_SUMS = (
    *("planned", "due", "free_due", "held", "valid", "extra", "excused", "unexcused", "awaiting"),
    *("present_s", "seen_s", "counted", "pupils"),
)


def _days() -> None:
    """The daily sums, and what requirements asked for."""
    op.create_table(
        "ledger_days",
        sa.Column("day", sa.Date(), nullable=False),
        *(_id(name) for name in ("room_id", "class_id", "subject", "lead_school_id", "county_id")),
        _path("path"),
        *(_id(name) for name in ("school_id", "school", "room", "class_name", "lead_school")),
        _path("lead_path"),
        *(_number(name) for name in _SUMS),
        sa.PrimaryKeyConstraint(
            *("day", "room_id", "class_id", "subject", "lead_school_id"),
            name=op.f("pk_ledger_days"),
        ),
    )
    op.create_index("ix_ledger_days_county_id", "ledger_days", ["county_id", "day"])
    op.create_table(
        "ledger_duties",
        sa.Column("day", sa.Date(), nullable=False),
        *(_id(name) for name in ("class_id", "subject", "county_id")),
        _path("path"),
        *(_id(name) for name in ("school_id", "school", "class_name", "grade")),
        _number("periods"),
        _id("requirement_id"),
        sa.PrimaryKeyConstraint("day", "class_id", "subject", name=op.f("pk_ledger_duties")),
    )
    op.create_index("ix_ledger_duties_county_id", "ledger_duties", ["county_id", "day"])
    op.create_table(
        "ledger_marks",
        _id("county_id"),
        sa.Column("duties_to", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("county_id", name=op.f("pk_ledger_marks")),
    )


def _requirements() -> None:
    op.create_table(
        "requirements",
        *(_id(name) for name in ("requirement_id", "node_id", "grade", "subject")),
        _number("periods"),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=True),
        _number("version"),
        sa.PrimaryKeyConstraint("requirement_id", name=op.f("pk_requirements")),
    )
    op.create_index("ix_requirements_node_id", "requirements", ["node_id", "grade", "subject"])


def _months() -> None:
    """Reported months, and what changed after."""
    op.create_table(
        "ledger_months",
        _id("county_id"),
        sa.Column("month", sa.String(length=7), nullable=False),
        _number("formula"),
        _number("valid_minutes"),
        _time("frozen_at"),
        _id("frozen_by"),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("county_id", "month", name=op.f("pk_ledger_months")),
    )
    op.create_table(
        "corrections",
        _id("correction_id"),
        _id("county_id"),
        sa.Column("month", sa.String(length=7), nullable=False),
        _time("at"),
        *(_id(name) for name in ("by_name", "lesson_id", "room_id")),
        _path("path"),
        sa.Column("day", sa.Date(), nullable=False),
        *(_id(name) for name in ("school", "class_name", "subject")),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_lesson_id"), "corrections", ["lesson_id"])
    op.create_index("ix_corrections_county_id", "corrections", ["county_id", "month"])


_TABLES = (
    *("corrections", "ledger_months", "requirements", "ledger_marks", "ledger_duties"),
    *("ledger_days", "missed_reasons", "ledger_units"),
    *("fact_marks", "reception_facts", "headcounts", "presence_spells"),
)


def downgrade() -> None:
    """Take back. The states of rooms still have the attendance of former versions."""
    for table in _TABLES:
        op.drop_table(table)
