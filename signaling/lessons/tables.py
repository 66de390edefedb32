"""Tables of lessons."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState

OPEN_LESSON = "state in ('scheduled', 'live')"


class LessonRow(Base):
    """One lesson."""

    __tablename__ = "lessons"
    __table_args__ = (
        Index(
            "uq_lessons_open_join_code",
            "join_code",
            unique=True,
            sqlite_where=text(OPEN_LESSON),
            postgresql_where=text(OPEN_LESSON),
        ),
        Index("ix_lessons_teacher_time", "lead_teacher_id", "starts_at"),
        Index("ix_lessons_room_time", "lead_room_id", "starts_at"),
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
    lead_teacher_id: Mapped[str] = mapped_column(ForeignKey("people.person_id"))
    lead_room_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.room_id"))
    join_code: Mapped[str] = mapped_column(String(8), index=True)
    recording_id: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # changes so far
    changed_at: Mapped[datetime | None]  # None: since its creation never
    delivery_mode: Mapped[DeliveryMode] = mapped_column(
        String(40),
        default=DeliveryMode.LEAD_WITH_PUPILS,
        server_default=DeliveryMode.LEAD_WITH_PUPILS,
    )
    subject_id: Mapped[str | None]  # of the directory; `subject` keeps the name as it was taught
    lead_class_id: Mapped[str | None]  # the class in the lead room
    textbook_volume: Mapped[str | None]
    textbook_section: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]  # taken out of the timetable: lists leave it out


class PresenceSpellRow(Base):
    """A stretch of a live lesson during which a participant's page was there.

    Facts have no foreign keys: they outlive whatever they are about. `seen_at` is the last moment
    at which the page was known to be there; it ends a spell that a crash left open. `exact` is
    false where a former version kept only that somebody came.
    """

    __tablename__ = "presence_spells"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(primary_key=True)
    left_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    exact: Mapped[bool] = mapped_column(default=True)


class HeadcountRow(Base):
    """One entry of 到课人数; the last one of a room holds, the others are its trace."""

    __tablename__ = "headcounts"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0, in the order of entering
    pupils: Mapped[int]
    former: Mapped[int | None]
    by_id: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]


class ReceptionRow(Base):
    """Seconds of a lesson in which a participant had picture or page, and sound (看得到的)."""

    __tablename__ = "reception_facts"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[str] = mapped_column(primary_key=True)
    seen_s: Mapped[float]
    exact: Mapped[bool] = mapped_column(default=True)


class FactMarkRow(Base):
    """The moment at which the facts of a lesson that is over were written, for who counts them."""

    __tablename__ = "fact_marks"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    kept_at: Mapped[datetime] = mapped_column(index=True)


class LessonRoomRow(Base):
    """The invitation of one receive room to one lesson."""

    __tablename__ = "lesson_rooms"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.room_id"), primary_key=True, index=True)
    position: Mapped[int]  # in the order of inviting
    class_id: Mapped[str | None] = mapped_column(index=True)  # the class taught in this room
