"""Tables of reference copies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.library.references.wire import ReferenceScope, ReferenceState
from signaling.library.versions.wire import ReviewLevel, ShareScope, Verdict, WithdrawReason

IS_AT_WORK = "state in ('in_review', 'passed')"
IS_SHOWN = "state = 'published'"


class ReferenceRow(Base):
    """推荐上级: one version of a resource at a node further up, from the recommendation on.

    `from_id` is the node that recommended it. `shared_as` is the scope as consent asks for it.
    `from_below` says that it was taken off because it was withdrawn further down.
    """

    __tablename__ = "reference_copies"
    __table_args__ = (
        Index(
            "uq_reference_copies_working",
            *("resource_id", "node_id"),
            unique=True,
            sqlite_where=text(IS_AT_WORK),
            postgresql_where=text(IS_AT_WORK),
        ),
        Index(
            "uq_reference_copies_published",
            *("resource_id", "node_id"),
            unique=True,
            sqlite_where=text(IS_SHOWN),
            postgresql_where=text(IS_SHOWN),
        ),
        Index("ix_reference_copies_queue", "state", "submitted_at", "reference_id"),
        Index("ix_reference_copies_node", "node_id", "state"),
    )
    reference_id: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    node_id: Mapped[str]
    from_id: Mapped[str]
    state: Mapped[ReferenceState] = mapped_column(String(40))
    level: Mapped[ReviewLevel | None] = mapped_column(String(40))
    levels: Mapped[int]
    revision: Mapped[int]
    note: Mapped[str] = mapped_column(Text)  # why it was recommended
    by_id: Mapped[str]
    by_name: Mapped[str]
    assigned_to: Mapped[str | None]  # a person's id, after 转交; None: whoever may
    assigned_name: Mapped[str | None]
    submitted_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    scope: Mapped[ReferenceScope | None] = mapped_column(String(40))
    shared_as: Mapped[ShareScope | None] = mapped_column(String(40))
    published_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    expired: Mapped[bool]  # its time was noticed to be over
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[WithdrawReason | None] = mapped_column(String(40))
    withdraw_note: Mapped[str] = mapped_column(String(500))
    from_below: Mapped[bool]
    shown_s: Mapped[float]  # how long the shown parts are
    has_cover: Mapped[bool]


class ReferenceReviewRow(Base):
    """One verdict of the upper node on one recommendation."""

    __tablename__ = "reference_reviews"
    reference_id: Mapped[str] = mapped_column(
        ForeignKey("reference_copies.reference_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 0
    at: Mapped[datetime]
    by_id: Mapped[str]
    by_name: Mapped[str]
    level: Mapped[ReviewLevel] = mapped_column(String(40))
    verdict: Mapped[Verdict] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    to_id: Mapped[str | None]  # to whom it was forwarded
    to_name: Mapped[str | None]
