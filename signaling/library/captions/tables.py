"""Tables of captions, and of what org nodes want of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base
from signaling.base.problem_codes import ProblemCode
from signaling.library.captions.wire import CaptionOrigin, CaptionState


class CaptionRow(Base):
    """The captions of a version. `cues` is the JSON of `CaptionCue`s in the order of time."""

    __tablename__ = "resource_captions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["resource_id", "number"],
            ["resource_versions.resource_id", "resource_versions.number"],
            ondelete="CASCADE",
        ),
    )
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[CaptionState] = mapped_column(String(40), index=True)
    origin: Mapped[CaptionOrigin | None] = mapped_column(String(40))
    model: Mapped[str]
    revision: Mapped[int]
    job_id: Mapped[str | None] = mapped_column(index=True)
    ordered_by: Mapped[str | None]  # the owner of the job
    problem: Mapped[ProblemCode | None] = mapped_column(String(60))
    cues: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class CaptionPolicyRow(Base):
    """Captions in the branch of an org node. `words` is JSON."""

    __tablename__ = "caption_policies"
    node_id: Mapped[str] = mapped_column(
        ForeignKey("org_nodes.node_id", ondelete="CASCADE"), primary_key=True
    )
    automatic: Mapped[bool | None]
    words: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
