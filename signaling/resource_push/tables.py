"""Tables of pushed resources."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class LessonPushRow(Base):
    """The list of a lesson as a whole: how often it was changed, by whom last."""

    __tablename__ = "lesson_pushes"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class LessonResourceRow(Base):
    """One resource of a lesson's list. Title and length are copies: a resource may be deleted.

    `position` is None where it was taken off the list; a kiosk that was cut off meanwhile may
    still report what it played of it.
    """

    __tablename__ = "lesson_resources"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int | None]
    title: Mapped[str]
    length_s: Mapped[float]


class ResourcePlayRow(Base):
    """Seconds that a room watched of a resource in a lesson.

    Facts have no foreign keys: they outlive whatever they are about. `length_s` is that of the
    resource, and `last_at` the latest moment that was claimed for it.
    """

    __tablename__ = "resource_plays"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    length_s: Mapped[float]
    watched_s: Mapped[float]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    told_at: Mapped[datetime]
