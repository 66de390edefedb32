"""The table of links that share a resource."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class ShareLinkRow(Base):
    """A link. Its token is known to whoever holds the link; only a hash is kept."""

    __tablename__ = "share_links"
    __table_args__ = (Index("ix_share_links_of_resource", "resource_id", "created_at", "link_id"),)
    link_id: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(
        ForeignKey("resources.resource_id", ondelete="CASCADE")
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    at_s: Mapped[float]  # of viewer's time, at which it opens
    note: Mapped[str]  # for whom
    by_id: Mapped[str]
    by_name: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]
    uses: Mapped[int]
    used_at: Mapped[datetime | None]
