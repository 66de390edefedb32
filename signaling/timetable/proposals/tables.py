"""The table of proposals."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.timetable.proposals.wire import ProposalState


class ProposalRow(Base):
    """A proposal of 自动排课. `wish` and `result` are JSON; without a result the search goes on."""

    __tablename__ = "timetable_proposals"
    __table_args__ = (Index("ix_timetable_proposals_place", "county_id", "made_at", "proposal_id"),)
    proposal_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id"))
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.term_id", ondelete="CASCADE"))
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.school_id"))
    begins: Mapped[date]
    state: Mapped[ProposalState] = mapped_column(String(40))
    wish: Mapped[str] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    placed: Mapped[int] = mapped_column(default=0)
    unplaced: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    job_id: Mapped[str]
    made_by: Mapped[str]
    made_by_name: Mapped[str]
    made_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
