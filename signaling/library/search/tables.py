"""The table of documents. The tokens of SQLite are in an FTS5 table beside it, `search_tokens`."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class DocumentRow(Base):
    """Words by which one resource is found. A greater `place` is shown earlier."""

    __tablename__ = "search_documents"
    __table_args__ = (
        Index("ix_search_documents_tokens", "tokens", postgresql_using="gin").ddl_if("postgresql"),
    )
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), unique=True
    )
    title: Mapped[str] = mapped_column(Text)
    people: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    readings: Mapped[str] = mapped_column(Text)  # JSON: of title and people
    keys: Mapped[str] = mapped_column(Text)  # with spaces between them
    analyser: Mapped[int]
    tokens: Mapped[list[str] | None] = mapped_column(ARRAY(Text).with_variant(Text, "sqlite"))
