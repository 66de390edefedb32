"""The table of resources."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class ResourceKind(StrEnum):
    """The thing that a resource points at."""

    RECORDING = "recording"


class ResourceState(StrEnum):
    """A resource's way to the public."""

    DRAFT = "draft"  # follows its recording, whatever happens to it


class ResourceRow(Base):
    """资源: the decision to keep and show something, such as a recording.

    Title to lead teacher are copies for lists and search. A lesson may be gone while its resource
    stays, so `lesson_id` is no foreign key.
    """

    __tablename__ = "resources"
    __table_args__ = (Index("ix_resources_newest", "started_at", "recording_id"),)
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[ResourceKind] = mapped_column(String(40))
    state: Mapped[ResourceState] = mapped_column(String(40))
    recording_id: Mapped[str] = mapped_column(unique=True)
    lesson_id: Mapped[str] = mapped_column(index=True)
    lead_teacher_id: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    subject: Mapped[str]
    grade: Mapped[str]
    class_kind: Mapped[str] = mapped_column(String(40))
    lead_teacher: Mapped[str]
    started_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
