"""The table of leases: which epoch of a lesson is in force."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class LessonLeaseRow(Base):
    """The epoch of a lesson, which only grows, and the cell that writes under it.

    A lesson's row stays when the lesson is given back or deleted: an epoch never comes again. So
    `lesson_id` is no foreign key.
    """

    __tablename__ = "lesson_leases"
    lesson_id: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger)
    cell_id: Mapped[str | None]  # None: nobody has the lesson
    since: Mapped[datetime]  # when it was claimed or given back last
