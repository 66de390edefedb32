"""Tables: sources of harvests, and the records that came from them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.exchange.core.requests import Prefix
from signaling.exchange.harvests.rules import MAX_IDENTIFIER_CHARS


class HarvestSourceRow(Base):
    """Another library that is harvested for a county, and how far the harvest is.

    A source that was removed stays until its records are deleted, some at a time.
    """

    __tablename__ = "harvest_sources"
    source_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(
        ForeignKey("counties.county_id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    url: Mapped[str]
    set_spec: Mapped[str]
    prefix: Mapped[Prefix] = mapped_column(String(20))
    by_day: Mapped[bool]
    since: Mapped[datetime | None]
    began: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(Text)
    pages: Mapped[int]
    restarts: Mapped[int]
    version: Mapped[int]  # of the place: two workers never write the same page
    job_id: Mapped[str | None]
    problem: Mapped[str] = mapped_column(String(60))
    failures: Mapped[int] = mapped_column(default=0, server_default="0")  # in a row
    due_at: Mapped[datetime] = mapped_column(index=True)
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The order in which readers find the groups of records, smallest first.
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    harvested_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class FederatedRecordRow(Base):
    """A record of another library. A deleted one stays, without its metadata."""

    __tablename__ = "federated_records"
    __table_args__ = (Index("ix_federated_records_newest", "source_id", "datestamp"),)
    source_id: Mapped[str] = mapped_column(
        ForeignKey("harvest_sources.source_id", ondelete="CASCADE"), primary_key=True
    )
    identifier: Mapped[str] = mapped_column(String(MAX_IDENTIFIER_CHARS), primary_key=True)
    datestamp: Mapped[datetime]
    deleted: Mapped[bool]
    words: Mapped[str] = mapped_column(Text)  # what a search looks at, folded
    metadata_json: Mapped[str] = mapped_column(Text)
