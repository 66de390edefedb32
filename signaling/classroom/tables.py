"""The table of live rooms."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class LessonRoomStateRow(Base):
    """State of a live room that survives a restart: one JSON object over all parts."""

    __tablename__ = "lesson_room_state"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
