"""The tables of resources, and of what is left of those that were deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.directory.tables import ROOT_NODE
from signaling.library.wire import ResourceKind, ResourceState


class ResourceRow(Base):
    """资源: the decision to keep and show something, such as a recording.

    Title to lead teacher are copies for lists and search. A lesson may be gone while its resource
    stays, so `lesson_id` is no foreign key; it is empty for an upload. `recording_id` names the
    media, which for an upload is the uploaded file. `lead_teacher_id` is the owner.
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
    node_id: Mapped[str] = mapped_column(  # the owner's school, or a node above, as it was then
        default=ROOT_NODE, server_default=ROOT_NODE, index=True
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TombstoneRow(Base):
    """The trace of a deleted resource. It stays for ever, for harvesters and for the audit.

    The row comes with the decision, in the transaction that takes the resource away. `erased_at`
    says since when no file is left. `title` is empty where the rule keeps a hash alone. Scope, node
    and owner are those of the last publication, and say who is told that something was here.
    """

    __tablename__ = "resource_tombstones"
    __table_args__ = (
        Index("ix_resource_tombstones_changed", "changed_at", "resource_id"),
        Index("ix_resource_tombstones_decided", "decided_at", "resource_id"),
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[ResourceKind] = mapped_column(String(40))
    title: Mapped[str]
    title_hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hexadecimal
    node_id: Mapped[str] = mapped_column(index=True)
    owner_id: Mapped[str]
    reason: Mapped[str] = mapped_column(String(40))  # a `DeletionReason`
    rule_node_id: Mapped[str | None]  # whose rule it was; None by hand
    days: Mapped[int | None]  # of the rule
    note: Mapped[str] = mapped_column(Text)  # why, by hand
    by_id: Mapped[str]
    by_name: Mapped[str]
    noticed_at: Mapped[datetime | None]  # the owner was told
    decided_at: Mapped[datetime]
    erased_at: Mapped[datetime | None] = mapped_column(index=True)
    checked_at: Mapped[datetime | None]  # a second look, a day later, found nothing any more
    problem: Mapped[str] = mapped_column(String(60))  # why the last attempt did not finish
    # What others may be told.
    scope: Mapped[str | None] = mapped_column(String(40))  # a `ShareScope`; None: never published
    was_public: Mapped[bool]
    subject: Mapped[str]
    stage: Mapped[str]
    county_id: Mapped[str]
    changed_at: Mapped[datetime]  # the datestamp for harvesters
