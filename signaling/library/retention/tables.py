"""Tables of retention: rules, notices, holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.library.retention.wire import RetentionKind

IS_HELD = "released_at is null"


class RetentionRuleRow(Base):
    """The rule of an org node for a kind of resources. Without days they are kept."""

    __tablename__ = "retention_rules"
    node_id: Mapped[str] = mapped_column(
        ForeignKey("org_nodes.node_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[RetentionKind] = mapped_column(String(40), primary_key=True)
    days: Mapped[int | None]
    keeps_title: Mapped[bool]


class DeletionNoticeRow(Base):
    """The notice to an owner. It counts for this kind and begin of the days alone."""

    __tablename__ = "deletion_notices"
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[RetentionKind] = mapped_column(String(40))
    since: Mapped[datetime]
    noticed_at: Mapped[datetime]


class LegalHoldRow(Base):
    """法定保留 of a resource. Those that were released stay, for the audit."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        Index(
            "uq_legal_holds_standing",
            "resource_id",
            unique=True,
            sqlite_where=text(IS_HELD),
            postgresql_where=text(IS_HELD),
        ),
        Index("ix_legal_holds_placed", "placed_at", "hold_id"),
    )
    hold_id: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str]  # no foreign key: the hold is remembered longer
    node_id: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None]
    by_id: Mapped[str]
    by_name: Mapped[str]
    placed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str]
    release_reason: Mapped[str] = mapped_column(Text)
