"""The table of editions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.base.problem_codes import ProblemCode
from signaling.library.wire import EditionState


class EditionRow(Base):
    """The edition of one version. Versions with the same edits share its files.

    `edition_id` names the files, made or not. `media_s` are the seconds of all sources.
    """

    __tablename__ = "resource_editions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            ondelete="CASCADE",
        ),
        Index("ix_resource_editions_due", "state", "changed_at"),
        Index("ix_resource_editions_files", "recording_id", "edition_id"),
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recording_id: Mapped[str]
    edition_id: Mapped[str]
    state: Mapped[EditionState] = mapped_column(String(40))
    job_id: Mapped[str | None] = mapped_column(index=True)
    problem: Mapped[ProblemCode | None] = mapped_column(String(60))
    cover: Mapped[str | None]
    media_s: Mapped[float]
    changed_at: Mapped[datetime]
