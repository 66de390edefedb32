"""The table of calendar feeds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class CalendarFeedRow(Base):
    """The one feed of a person or a room. The URL holds the secret, here is only its hash."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (room_id IS NULL)", name="ck_calendar_feeds_owner"),
    )
    secret_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.person_id", ondelete="CASCADE"), unique=True
    )
    room_id: Mapped[str | None] = mapped_column(
        ForeignKey("rooms.room_id", ondelete="CASCADE"), unique=True
    )
    made_at: Mapped[datetime]
    made_by: Mapped[str]
