"""Tables of series."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.library.series.wire import SeriesScope


class SeriesRow(Base):
    """专题. `node_id` is the owner's school, or a node above; `county_id` its county, if any."""

    __tablename__ = "series"
    __table_args__ = (Index("ix_series_newest", "updated_at", "series_id"),)
    series_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    introduction: Mapped[str] = mapped_column(Text)
    scope: Mapped[SeriesScope] = mapped_column(String(40))
    node_id: Mapped[str] = mapped_column(index=True)
    county_id: Mapped[str] = mapped_column(index=True)
    owner_id: Mapped[str] = mapped_column(index=True)
    owner_name: Mapped[str]
    cover_id: Mapped[str | None]  # the entry whose picture is shown
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]


class SeriesEntryRow(Base):
    """One entry of a series; it stays while its resource is withdrawn, unseen."""

    __tablename__ = "series_entries"
    series_id: Mapped[str] = mapped_column(
        ForeignKey("series.series_id", ondelete="CASCADE"), primary_key=True
    )
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]  # from 0
