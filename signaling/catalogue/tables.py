"""Tables of the textbook catalogue, of each county its own."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.catalogue.wire import CatalogueStage


class BookRow(Base):
    """One textbook by its names."""

    __tablename__ = "catalogue_books"
    __table_args__ = (
        UniqueConstraint(
            "county_id", "stage", "subject", "edition", "grade", "volume",
            name="uq_catalogue_books_names",
        ),
    )  # fmt: skip
    book_id: Mapped[str] = mapped_column(primary_key=True)
    county_id: Mapped[str] = mapped_column(ForeignKey("counties.county_id", ondelete="CASCADE"))
    stage: Mapped[CatalogueStage] = mapped_column(String(40))
    subject: Mapped[str]
    edition: Mapped[str]
    grade: Mapped[str]
    volume: Mapped[str]
    place: Mapped[int]  # in the order in which books came, from 0


class ChapterRow(Base):
    """One chapter of a book. `gone`: no longer offered, kept for what names it."""

    __tablename__ = "catalogue_chapters"
    book_id: Mapped[str] = mapped_column(
        ForeignKey("catalogue_books.book_id", ondelete="CASCADE"), primary_key=True
    )
    section: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]  # in its book, from 0
    gone: Mapped[bool]
