"""The table of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class AuditRow(Base):
    """审计日志: who did what to what, from where.

    `path` is the branch of the org tree that the action concerns: readers of that branch and of
    those above find the row. It is empty where no branch is known, and then only readers of the
    whole country find it.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "at", "audit_id"),)
    audit_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[str | None]
    actor_name: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    target: Mapped[str]
    detail: Mapped[str] = mapped_column(Text)
    remote: Mapped[str]
    path: Mapped[str] = mapped_column(String(1000), default="", server_default=text("''"))
    target_name: Mapped[str] = mapped_column(default="", server_default=text("''"))
