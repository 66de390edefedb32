"""Tables of the aggregate below `resources`: versions, reviews, publications, policies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

import signaling.library.tables  # noqa: F401 - foreign keys below refer to it
from signaling.base.columns import Base
from signaling.library.versions.wire import (
    AttachmentKind,
    ReviewLevel,
    ShareScope,
    Stage,
    Verdict,
    VersionState,
    WithdrawReason,
)

IS_WORKING = "state in ('draft', 'in_review', 'passed')"
IS_PUBLISHED = "state = 'published'"


class ResourceVersionRow(Base):
    """One version of a resource. A resource without any has its first one as proposed.

    `meta` and `edits` are the JSON of `ResourceMetadata` and `ResourceEdits`. `submission` counts
    how often the version was submitted; a review belongs to one of them.
    """

    __tablename__ = "resource_versions"
    __table_args__ = (
        Index(
            "uq_resource_versions_working",
            "resource_id",
            unique=True,
            sqlite_where=text(IS_WORKING),
            postgresql_where=text(IS_WORKING),
        ),
        Index(
            "uq_resource_versions_published",
            "resource_id",
            unique=True,
            sqlite_where=text(IS_PUBLISHED),
            postgresql_where=text(IS_PUBLISHED),
        ),
        Index("ix_resource_versions_queue", "state", "submitted_at", "resource_id"),
    )
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[VersionState] = mapped_column(String(40))
    level: Mapped[ReviewLevel | None] = mapped_column(String(40))
    levels: Mapped[int]  # of the submission under way, or of the last one
    revision: Mapped[int]
    meta: Mapped[str] = mapped_column(Text)
    edits: Mapped[str] = mapped_column(Text)
    pledged: Mapped[bool]  # 原创承诺
    people: Mapped[str | None] = mapped_column(Text)  # JSON of `ShownPeople`, of an upload
    submission: Mapped[int]
    submitted_at: Mapped[datetime | None]
    assigned_to: Mapped[str | None]  # a person's id; None: whoever may
    assigned_name: Mapped[str | None]
    rejected: Mapped[bool]  # came back from the last submission
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AttachmentRow(Base):
    """教案, 课件, 习题: a file beside a version."""

    __tablename__ = "resource_attachments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            ondelete="CASCADE",
        ),
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    file_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int]
    kind: Mapped[AttachmentKind] = mapped_column(String(40))
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)


class ResourceReviewRow(Base):
    """One verdict on one submission of a version. `marks` is JSON."""

    __tablename__ = "resource_reviews"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            ondelete="CASCADE",
        ),
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 0
    submission: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[str]
    by_name: Mapped[str]
    level: Mapped[ReviewLevel] = mapped_column(String(40))
    verdict: Mapped[Verdict] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    marks: Mapped[str] = mapped_column(Text)
    to_id: Mapped[str | None]
    to_name: Mapped[str | None]


class PublicationRow(Base):
    """Audience of a published version, with what lists and facets need of it.

    The row stays when the resource is withdrawn: harvesters must hear that it is gone.
    `changed_at` is their datestamp. `node_id` and `county_id` are the school's and its county's.
    """

    __tablename__ = "publications"
    __table_args__ = (
        Index("ix_publications_newest", "published_at", "resource_id"),
        Index("ix_publications_changed", "changed_at", "resource_id"),
        Index(  # of harvesters: the sets, and the records of one in the order of their changes
            "ix_publications_sets", "subject", "changed_at", "resource_id", "was_public"
        ),
    )
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int]
    scope: Mapped[ShareScope] = mapped_column(String(40))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    published_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    expired: Mapped[bool]  # its time was noticed to be over
    changed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[WithdrawReason | None] = mapped_column(String(40))
    withdraw_note: Mapped[str] = mapped_column(String(500))
    was_public: Mapped[bool]  # at any time since it was first published
    node_id: Mapped[str] = mapped_column(index=True)
    county_id: Mapped[str] = mapped_column(index=True)
    owner_id: Mapped[str] = mapped_column(index=True)
    shown_s: Mapped[float]  # how long the shown parts are
    has_cover: Mapped[bool]  # the recording's picture may be shown
    title: Mapped[str]
    subject: Mapped[str]
    stage: Mapped[Stage | None] = mapped_column(String(40))
    grade: Mapped[str]
    edition: Mapped[str]
    volume: Mapped[str]
    section: Mapped[str] = mapped_column(default="", server_default="")
    school_name: Mapped[str]
    referred: Mapped[bool] = mapped_column(  # a node further up has shown it at some time
        default=False, server_default=text("false")
    )


class ReviewPolicyRow(Base):
    """The number of levels in the branch of an org node."""

    __tablename__ = "review_policies"
    node_id: Mapped[str] = mapped_column(
        ForeignKey("org_nodes.node_id", ondelete="CASCADE"), primary_key=True
    )
    levels: Mapped[int]
    version: Mapped[int]
