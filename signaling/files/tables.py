"""The table of files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.files.wire import FilePurpose, FileState


class FileRow(Base):
    """A file that was uploaded or made by a job. Its bytes lie in the storage under its id.

    The row comes before the bytes and goes after them, so no bytes are without a row.
    """

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_owner", "owner_id", "created_at", "file_id"),)
    file_id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    purpose: Mapped[FilePurpose] = mapped_column(String(40))
    state: Mapped[FileState] = mapped_column(String(40))
    name: Mapped[str]
    media_type: Mapped[str | None]  # by its bytes
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    job_id: Mapped[str | None]  # that checks it
    problem: Mapped[str | None] = mapped_column(Text)  # JSON, of a file that was refused
    video: Mapped[str | None] = mapped_column(Text)  # JSON, facts of a video that was taken


class FileUseRow(Base):
    """Something that uses a file, which is therefore not deleted."""

    __tablename__ = "file_uses"
    __table_args__ = (Index("ix_file_uses_holder", "noun", "holder_id"),)
    file_id: Mapped[str] = mapped_column(
        ForeignKey("files.file_id", ondelete="CASCADE"), primary_key=True
    )
    noun: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
