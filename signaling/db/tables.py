"""The tables. Ids are opaque strings; times are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from signaling.core.resources import ClassKind, LessonState, Role

OPEN_LESSON = "state in ('scheduled', 'live')"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: timestamptz in PostgreSQL, naive UTC text in SQLite, always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of this service."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), str: String(200)}  # noqa: RUF012


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


class RoomRow(Base):
    """教室."""

    __tablename__ = "rooms"
    room_id: Mapped[str] = mapped_column(primary_key=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"), index=True)
    name: Mapped[str]


class PersonRow(Base):
    """A person with an account."""

    __tablename__ = "people"
    person_id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(String(300))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.school_id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)


class PersonRoleRow(Base):
    """One role of a person."""

    __tablename__ = "person_roles"
    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[Role] = mapped_column(String(40), primary_key=True)


class SessionRow(Base):
    """A session of a person or a terminal; the cookie holds its id, here is only the hash."""

    __tablename__ = "sessions"
    id_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), index=True
    )
    room_id: Mapped[str | None] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime | None]  # to within `session_store.TOUCH_EVERY`
    device_hash: Mapped[str | None] = mapped_column(index=True)  # the device token it came by


class DeviceTokenRow(Base):
    """A device token of a room's terminal, as its hash."""

    __tablename__ = "device_tokens"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), index=True
    )
    origin: Mapped[str]  # a `session_store.DeviceOrigin`
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    replaces: Mapped[str | None]  # the hash of the token that ends when this one is first used


class LessonRow(Base):
    """一节课."""

    __tablename__ = "lessons"
    __table_args__ = (
        Index(
            "uq_lessons_open_join_code",
            "join_code",
            unique=True,
            sqlite_where=text(OPEN_LESSON),
            postgresql_where=text(OPEN_LESSON),
        ),
    )
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    class_kind: Mapped[ClassKind] = mapped_column(String(40))
    subject: Mapped[str]
    grade: Mapped[str]
    state: Mapped[LessonState] = mapped_column(String(40), index=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    held_from: Mapped[datetime | None]
    held_to: Mapped[datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(String(500))
    lead_teacher_id: Mapped[str] = mapped_column(ForeignKey("people.person_id"), index=True)
    lead_room_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.room_id"), index=True)
    join_code: Mapped[str] = mapped_column(String(8), index=True)
    recording_id: Mapped[str | None]


class LessonRoomRow(Base):
    """An invited receive room."""

    __tablename__ = "lesson_rooms"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.room_id"), primary_key=True, index=True)
    position: Mapped[int]


class LessonRoomStateRow(Base):
    """What of a live room survives a restart: stage, hands, mute."""

    __tablename__ = "lesson_room_state"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[dict[str, Any]] = mapped_column(JSON)


class LinkSampleRow(Base):
    """A participant's link over ten seconds of a lesson; `at_s` is Unix time, to count with.

    Ranks follow `link_history.LIMITS` and `link_state.STATES`, so that the worst is the maximum.
    """

    __tablename__ = "link_samples"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    participant_id: Mapped[str] = mapped_column(primary_key=True)
    at_s: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    carries_min_bps: Mapped[int | None] = mapped_column(BigInteger)
    carries_mean_bps: Mapped[int | None] = mapped_column(BigInteger)
    queue_ms: Mapped[float | None]
    loss: Mapped[float | None]
    rtt_ms: Mapped[float | None]
    limit_rank: Mapped[int] = mapped_column(SmallInteger)
    uplink_rank: Mapped[int | None] = mapped_column(SmallInteger)
    switches: Mapped[int]
    high_s: Mapped[float]
    middle_s: Mapped[float]
    low_s: Mapped[float]
    stills_s: Mapped[float]
    sound_s: Mapped[float]
    good_s: Mapped[float]
    fair_s: Mapped[float]
    poor_s: Mapped[float]
    offline_s: Mapped[float]


class AuditRow(Base):
    """审计日志: who did what to what, from where."""

    __tablename__ = "audit_log"
    audit_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[str | None]
    actor_name: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    target: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)
    remote: Mapped[str]
