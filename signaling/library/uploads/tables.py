"""The table of uploads that became resources."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.base.problem_codes import ProblemCode
from signaling.library.wire import UploadState


class ResourceUploadRow(Base):
    """The upload behind a resource, until it is kept like a recording; then the file is gone."""

    __tablename__ = "resource_uploads"
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    file_id: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str]
    state: Mapped[UploadState] = mapped_column(String(40), index=True)
    job_id: Mapped[str | None] = mapped_column(index=True)
    problem: Mapped[ProblemCode | None] = mapped_column(String(60))
    changed_at: Mapped[datetime]
