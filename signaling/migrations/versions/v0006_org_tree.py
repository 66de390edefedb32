"""The org tree, grants in branches instead of roles everywhere, classes, subjects, pairings.

Every former role is held from now on in the branch of its person: a teacher's in the school, an
admin's in the county where there is only one, else in the whole country, as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ROOT = "cn"
_ROOT_PATH = "/cn/"
_AT_SCHOOL = ("lead_teacher", "assistant")


def upgrade() -> None:
    """Apply."""
    _tables()
    _columns()
    _fill()
    op.drop_table("person_roles")


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=200), nullable=nullable)


def _common() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return (
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _reference(table: str, column: str, target: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), **options)


def _tables() -> None:
    op.create_table(
        "org_nodes",
        _id("node_id"),
        _id("parent_id", nullable=True),
        sa.Column("level", sa.String(length=40), nullable=False),
        _id("name"),
        sa.Column("path", sa.String(length=1000), nullable=False),
        _id("code", nullable=True),
        *_common(),
        _reference("org_nodes", "parent_id", "org_nodes.node_id"),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_org_nodes")),
        sa.UniqueConstraint("path", name=op.f("uq_org_nodes_path")),
    )
    op.create_index(op.f("ix_org_nodes_parent_id"), "org_nodes", ["parent_id"])
    op.create_table(
        "classes",
        _id("class_id"),
        _id("school_id"),
        _id("name"),
        _id("grade"),
        sa.Column("pupils", sa.Integer(), nullable=True),
        *_common(),
        _reference("classes", "school_id", "schools.school_id"),
        sa.PrimaryKeyConstraint("class_id", name=op.f("pk_classes")),
    )
    op.create_index(op.f("ix_classes_school_id"), "classes", ["school_id"])
    op.create_table(
        "subjects",
        _id("subject_id"),
        _id("county_id"),
        _id("name"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_common(),
        _reference("subjects", "county_id", "counties.county_id"),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subjects")),
    )
    op.create_index("uq_subjects_county_id", "subjects", ["county_id", "name"], unique=True)
    _pairings()
    op.create_table(
        "teacher_subjects",
        _id("person_id"),
        _id("subject_id"),
        _reference("teacher_subjects", "person_id", "people.person_id", ondelete="CASCADE"),
        _reference("teacher_subjects", "subject_id", "subjects.subject_id"),
        sa.PrimaryKeyConstraint("person_id", "subject_id", name=op.f("pk_teacher_subjects")),
    )
    op.create_index(op.f("ix_teacher_subjects_subject_id"), "teacher_subjects", ["subject_id"])
    _grants()


def _pairings() -> None:
    op.create_table(
        "pairings",
        _id("pairing_id"),
        _id("center_school_id"),
        _id("point_school_id"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("max_points", sa.Integer(), nullable=True),
        _id("textbook", nullable=True),
        *_common(),
        _reference("pairings", "center_school_id", "schools.school_id"),
        _reference("pairings", "point_school_id", "schools.school_id"),
        sa.PrimaryKeyConstraint("pairing_id", name=op.f("pk_pairings")),
    )
    for column in ("center_school_id", "point_school_id"):
        op.create_index(op.f(f"ix_pairings_{column}"), "pairings", [column])
    op.create_table(
        "pairing_subjects",
        _id("pairing_id"),
        _id("subject_id"),
        _reference("pairing_subjects", "pairing_id", "pairings.pairing_id", ondelete="CASCADE"),
        _reference("pairing_subjects", "subject_id", "subjects.subject_id"),
        sa.PrimaryKeyConstraint("pairing_id", "subject_id", name=op.f("pk_pairing_subjects")),
    )


def _grants() -> None:
    op.create_table(
        "grants",
        _id("grant_id"),
        _id("person_id"),
        sa.Column("role", sa.String(length=40), nullable=False),
        _id("node_id"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        _id("granted_by", nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        _reference("grants", "person_id", "people.person_id", ondelete="CASCADE"),
        _reference("grants", "node_id", "org_nodes.node_id"),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_node_id"), "grants", ["node_id"])
    op.create_index("uq_grants_person_id", "grants", ["person_id", "role", "node_id"], unique=True)


def _columns() -> None:
    for table in ("schools", "rooms"):
        op.add_column(table, _flag("active", "true"))
    for table in ("schools", "rooms", "people"):
        op.add_column(
            table, sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"))
        )
    op.add_column("schools", _id("code", nullable=True))
    op.add_column("schools", sa.Column("uplink_mbps", sa.Double(), nullable=True))
    op.add_column("schools", sa.Column("max_lessons", sa.Integer(), nullable=True))
    op.add_column("rooms", sa.Column("seats", sa.Integer(), nullable=True))
    op.add_column(
        "people",
        sa.Column("node_id", sa.String(length=200), nullable=False, server_default=_ROOT),
    )
    op.create_index(op.f("ix_people_node_id"), "people", ["node_id"])
    op.add_column("people", _id("staff_no", nullable=True))
    op.add_column("people", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", _flag("must_change_password", "false"))


def _flag(name: str, value: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text(value))


def _fill() -> None:
    """Make the tree of what is there, and give everybody a place in it."""
    connection = op.get_bind()
    counties = _rows("SELECT county_id, name FROM counties")
    schools = _rows("SELECT school_id, county_id, name FROM schools")
    only = counties[0].county_id if len(counties) == 1 else _ROOT
    connection.execute(_insert("org_nodes"), list(_nodes(counties, schools)))
    connection.execute(
        sa.text("UPDATE people SET node_id = coalesce(school_id, :only)"), {"only": only}
    )
    grants = [
        {
            "grant_id": f"{row.role}-{row.person_id}"[:200],
            "person_id": row.person_id,
            "role": row.role,
            "node_id": (row.school_id if row.role in _AT_SCHOOL else None) or only,
        }
        for row in _rows(
            "SELECT r.person_id, r.role, p.school_id FROM person_roles r"
            " JOIN people p ON p.person_id = r.person_id"
        )
    ]
    if grants:
        connection.execute(_insert("grants"), grants)


def _nodes(
    counties: Sequence[sa.Row[Any]], schools: Sequence[sa.Row[Any]]
) -> Iterator[dict[str, object]]:
    yield _node(_ROOT, None, "country", "中国", _ROOT_PATH)
    for county in counties:
        path = f"{_ROOT_PATH}{county.county_id}/"
        yield _node(county.county_id, _ROOT, "county", county.name, path)
    for school in schools:
        path = f"{_ROOT_PATH}{school.county_id}/{school.school_id}/"
        yield _node(school.school_id, school.county_id, "school", school.name, path)


def _node(
    node_id: str, parent_id: str | None, level: str, name: str, path: str
) -> dict[str, object]:
    return {
        "node_id": node_id,
        "parent_id": parent_id,
        "level": level,
        "name": name,
        "path": path,
        "active": True,
        "version": 1,
    }


def _rows(query: str) -> Sequence[sa.Row[Any]]:
    return op.get_bind().execute(sa.text(query)).all()


def _insert(table: str) -> sa.Insert:
    return sa.table(table, *(sa.column(name) for name in _COLUMNS[table])).insert()


_COLUMNS = {
    "org_nodes": ("node_id", "parent_id", "level", "name", "path", "active", "version"),
    "grants": ("grant_id", "person_id", "role", "node_id"),
}


def downgrade() -> None:
    """Take back; a role that a person holds in several branches becomes one again."""
    op.create_table(
        "person_roles",
        _id("person_id"),
        sa.Column("role", sa.String(length=40), nullable=False),
        _reference("person_roles", "person_id", "people.person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
    )
    op.execute("INSERT INTO person_roles SELECT DISTINCT person_id, role FROM grants")
    for table in ("grants", "teacher_subjects", "pairing_subjects", "pairings", "subjects"):
        op.drop_table(table)
    op.drop_table("classes")
    op.drop_table("org_nodes")
    op.drop_index(op.f("ix_people_node_id"), table_name="people")
    for column in ("node_id", "staff_no", "left_at", "must_change_password", "version"):
        op.drop_column("people", column)
    for column in ("active", "version", "code", "uplink_mbps", "max_lessons"):
        op.drop_column("schools", column)
    for column in ("active", "version", "seats"):
        op.drop_column("rooms", column)
