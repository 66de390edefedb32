"""The table of link quality over time."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from signaling.base.columns import Base


class LinkSampleRow(Base):
    """A participant's link over ten seconds of a lesson; `at_s` is Unix time, to count with.

    Ranks follow `link_history.LIMITS` and `link_state.STATES`, so that the worst is the maximum.
    """

    __tablename__ = "link_samples"
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.lesson_id", ondelete="CASCADE"), primary_key=True
    )
    participant_id: Mapped[str] = mapped_column(primary_key=True)
    at_s: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    carries_min_bps: Mapped[int | None] = mapped_column(BigInteger)
    carries_mean_bps: Mapped[int | None] = mapped_column(BigInteger)
    queue_ms: Mapped[float | None]
    loss: Mapped[float | None]
    rtt_ms: Mapped[float | None]
    limit_rank: Mapped[int] = mapped_column(SmallInteger)
    uplink_rank: Mapped[int | None] = mapped_column(SmallInteger)
    switches: Mapped[int]
    high_s: Mapped[float]
    middle_s: Mapped[float]
    low_s: Mapped[float]
    stills_s: Mapped[float]
    sound_s: Mapped[float]
    good_s: Mapped[float]
    fair_s: Mapped[float]
    poor_s: Mapped[float]
    offline_s: Mapped[float]
