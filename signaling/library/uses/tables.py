"""The table of use."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class ResourceUseRow(Base):
    """Use of a resource on one day of the county. Nobody's identity is in it."""

    __tablename__ = "resource_uses"
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    plays: Mapped[int]
    seconds: Mapped[int]  # of viewers' time
    downloads: Mapped[int]
