"""Tables of people and places.

Columns that came after the first version have no foreign keys and have defaults in the database:
SQLite adds them to a table that is there (docs/adr/0004).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.access.roles import Role
from signaling.base.columns import Base
from signaling.directory.wire import OrgLevel

ROOT_NODE = "cn"  # the country; `access.roles.ROOT_PATH` is its path

_TRUE = text("true")
_FIRST = text("1")


class OrgNodeRow(Base):
    """区域: a country, province, city, county or school in the org tree.

    `path` holds the ids from the country down, each followed by "/". A county's node has the id of
    its `counties` row, and a school's the id of its `schools` row.
    """

    __tablename__ = "org_nodes"
    node_id: Mapped[str] = mapped_column(primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("org_nodes.node_id"), index=True)
    level: Mapped[OrgLevel] = mapped_column(String(40))
    name: Mapped[str]
    path: Mapped[str] = mapped_column(String(1000), unique=True)
    code: Mapped[str | None]  # 行政区划代码 (GB/T 2260), or 学校标识码
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class CountyRow(Base):
    """区域: a county."""

    __tablename__ = "counties"
    county_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class SchoolRow(Base):
    """学校; kind is center_school, teaching_point or school."""

    __tablename__ = "schools"
    school_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    code: Mapped[str | None]  # 学校标识码: ten digits
    uplink_mbps: Mapped[float | None]  # Mbit/s that lessons may use; None: no bound is known
    max_lessons: Mapped[int | None]  # lessons that the school can lead at once; None: no bound
    active: Mapped[bool] = mapped_column(default=True, server_default=_TRUE)
    version: Mapped[int] = mapped_column(default=1, server_default=_FIRST)


class RoomRow(Base):
    """教室."""

    __tablename__ = "rooms"
    room_id: Mapped[str] = mapped_column(primary_key=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"), index=True)
    name: Mapped[str]
    seats: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True, server_default=_TRUE)
    version: Mapped[int] = mapped_column(default=1, server_default=_FIRST)


class ClassRow(Base):
    """班级."""

    __tablename__ = "classes"
    class_id: Mapped[str] = mapped_column(primary_key=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"), index=True)
    name: Mapped[str]
    grade: Mapped[str]
    pupils: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class SubjectRow(Base):
    """学科 of a county."""

    __tablename__ = "subjects"
    __table_args__ = (Index("uq_subjects_county_id", "county_id", "name", unique=True),)
    subject_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id"))
    name: Mapped[str]
    position: Mapped[int]  # order in lists
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class PairingRow(Base):
    """结对关系: a centre school gives lessons to a teaching point."""

    __tablename__ = "pairings"
    pairing_id: Mapped[str] = mapped_column(primary_key=True)
    center_school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"), index=True)
    point_school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"), index=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]  # the last day; None: until further notice
    max_points: Mapped[int | None]  # teaching points in one lesson; None: no bound
    textbook: Mapped[str | None]  # 教材版本 on which both agreed
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class PairingSubjectRow(Base):
    """One subject of a pairing."""

    __tablename__ = "pairing_subjects"
    pairing_id: Mapped[str] = mapped_column(
        ForeignKey("pairings.pairing_id", ondelete="CASCADE"), primary_key=True
    )
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.subject_id"), primary_key=True)


class PersonRow(Base):
    """A person with an account."""

    __tablename__ = "people"
    person_id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(String(300))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.school_id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    node_id: Mapped[str] = mapped_column(  # where the person belongs: the school, or a node above
        default=ROOT_NODE, server_default=ROOT_NODE, index=True
    )
    staff_no: Mapped[str | None]  # 工号
    left_at: Mapped[datetime | None]  # 离职
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    version: Mapped[int] = mapped_column(default=1, server_default=_FIRST)


class TeacherSubjectRow(Base):
    """One subject that a teacher gives."""

    __tablename__ = "teacher_subjects"
    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), primary_key=True
    )
    subject_id: Mapped[str] = mapped_column(
        ForeignKey("subjects.subject_id"), primary_key=True, index=True
    )


class GrantRow(Base):
    """角色权限: a person holds a role in the branch of a node, maybe until some time."""

    __tablename__ = "grants"
    __table_args__ = (Index("uq_grants_person_id", "person_id", "role", "node_id", unique=True),)
    grant_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.person_id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(String(40))
    node_id: Mapped[str] = mapped_column(ForeignKey("org_nodes.node_id"), index=True)
    until: Mapped[datetime | None]
    granted_by: Mapped[str | None]  # a person's id; None: the command line or the first set-up
    granted_at: Mapped[datetime | None]
