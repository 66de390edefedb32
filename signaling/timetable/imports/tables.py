"""Tables of timetable imports: imports, what their dry runs found, and answers that are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.timetable.imports.wire import ImportState, ImportTopic


class ImportRow(Base):
    """An uploaded timetable on its way. `digest` names what the newest dry run would do."""

    __tablename__ = "timetable_imports"
    __table_args__ = (Index("ix_timetable_imports_place", "county_id", "created_at", "import_id"),)
    import_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id"))
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.term_id", ondelete="CASCADE"))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.school_id"))
    owner_id: Mapped[str]
    owner_name: Mapped[str]
    file_id: Mapped[str]
    file_name: Mapped[str]
    remove_missing: Mapped[bool]
    state: Mapped[ImportState] = mapped_column(String(40))
    job_id: Mapped[str]
    digest: Mapped[str]
    counts: Mapped[str] = mapped_column(Text)  # ImportCounts as JSON
    version: Mapped[int]
    created_at: Mapped[datetime]


class ImportLineRow(Base):
    """One line of a dry run: a finding, question, match, change or clash, as JSON."""

    __tablename__ = "timetable_import_lines"
    import_id: Mapped[str] = mapped_column(
        ForeignKey("timetable_imports.import_id", ondelete="CASCADE"), primary_key=True
    )
    part: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class ImportAnswerRow(Base):
    """Meaning of a text in a county, or within one school: the next file asks no more.

    `targets` are ids, joined by spaces; empty leaves the lessons out. `scope` is a school's id, or
    empty.
    """

    __tablename__ = "timetable_import_answers"
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[ImportTopic] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(primary_key=True)
    targets: Mapped[str] = mapped_column(Text)
    answered_by: Mapped[str]
    answered_at: Mapped[datetime]
