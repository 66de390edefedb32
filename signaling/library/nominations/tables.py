"""The table of nominations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base

COUNTS = "revoked_at is null"


class NominationRow(Base):
    """优课 of a school year, named by the year in which it begins."""

    __tablename__ = "nominations"
    __table_args__ = (
        Index(
            "uq_nominations_year",
            *("resource_id", "school_year"),
            unique=True,
            sqlite_where=text(COUNTS),
            postgresql_where=text(COUNTS),
        ),
    )
    nomination_id: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), index=True
    )
    school_year: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoke_reason: Mapped[str] = mapped_column(Text)
